//! A server that speaks as much of S3 as is used: objects of one bucket in memory. Whoever does not sign is refused.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::dev::ServerHandle;
use actix_web::http::header::{AUTHORIZATION, ETAG, LAST_MODIFIED};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};

/// The bucket's name.
pub(crate) const NAME: &str = "files";
/// The id of the key to it.
pub(crate) const KEY_ID: &str = "the-id-of-the-key";

/// What every part but the last must have.
const LEAST_PART: usize = 5 * 1024 * 1024;

const TAG: &str = "\"tag\"";

/// What is in the bucket, and how it is asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Bytes>,
    /// Parts of uploads that did not end.
    pub(crate) uploads: HashMap<String, BTreeMap<u32, Bytes>>,
    /// Methods and sizes of the bodies of all requests.
    pub(crate) requests: Vec<(Method, usize)>,
    /// What every request is answered with.
    pub(crate) refusal: Option<(StatusCode, &'static str)>,
    /// How many uploads began.
    begun: u32,
}

/// A server that runs as long as this lives.
pub(crate) struct Bucket {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    handle: ServerHandle,
}

impl Bucket {
    pub(crate) fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let data = Data::from(Arc::clone(&state));
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(data.clone())
                        .app_data(PayloadConfig::new(64 * 1024 * 1024))
                        .default_service(web::to(answer))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("somebody waits for it");
                server.await.expect("a server");
            });
        });
        let (address, handle) = receiver.recv().expect("a server");
        Self { address, state, handle }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // The stop is sent when it is asked for; nobody has to wait for it.
        drop(self.handle.stop(false));
    }
}

async fn answer(request: HttpRequest, body: Bytes, state: Data<Mutex<State>>) -> HttpResponse {
    let mut state = state.lock().expect("nobody panics while holding it");
    state.requests.push((request.method().clone(), body.len()));
    if let Some((status, code)) = state.refusal {
        return problem(status, code);
    }
    let signature = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")) {
        return problem(StatusCode::FORBIDDEN, "AccessDenied");
    }
    let Some(key) = request.path().strip_prefix(&format!("/{NAME}/")).map(ToOwned::to_owned) else {
        return problem(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let query =
        web::Query::<HashMap<String, String>>::from_query(request.query_string()).expect("a query").into_inner();
    let upload = query.get("uploadId").cloned();
    match (request.method().as_str(), upload) {
        ("PUT", None) => {
            state.objects.insert(key, body);
            HttpResponse::Ok().insert_header((ETAG, TAG)).finish()
        }
        ("GET", None) => match state.objects.get(&key) {
            Some(bytes) => HttpResponse::Ok()
                .insert_header((ETAG, TAG))
                .insert_header((LAST_MODIFIED, "Mon, 02 Mar 2026 12:00:00 GMT"))
                .body(bytes.clone()),
            None => problem(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        ("DELETE", None) => {
            state.objects.remove(&key);
            HttpResponse::NoContent().finish()
        }
        ("POST", None) if query.contains_key("uploads") => {
            state.begun += 1;
            let id = format!("upload-{}", state.begun);
            state.uploads.insert(id.clone(), BTreeMap::new());
            xml(&format!(
                "<InitiateMultipartUploadResult><Bucket>{NAME}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId>\
                 </InitiateMultipartUploadResult>"
            ))
        }
        ("PUT", Some(id)) => {
            let number = query["partNumber"].parse().expect("a number");
            state.uploads.get_mut(&id).expect("an upload").insert(number, body);
            HttpResponse::Ok().insert_header((ETAG, TAG)).finish()
        }
        ("POST", Some(id)) => {
            let parts = state.uploads.remove(&id).expect("an upload");
            let is_too_small = |(place, part): (usize, &Bytes)| place + 1 < parts.len() && part.len() < LEAST_PART;
            if parts.values().enumerate().any(is_too_small) {
                return problem(StatusCode::BAD_REQUEST, "EntityTooSmall");
            }
            state.objects.insert(key.clone(), parts.into_values().collect::<Vec<_>>().concat().into());
            xml(&format!(
                "<CompleteMultipartUploadResult><Bucket>{NAME}</Bucket><Key>{key}</Key><ETag>{TAG}</ETag>\
                 </CompleteMultipartUploadResult>"
            ))
        }
        ("DELETE", Some(id)) => {
            state.uploads.remove(&id);
            HttpResponse::NoContent().finish()
        }
        _ => problem(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
    }
}

fn xml(text: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(format!("<?xml version=\"1.0\"?>{text}"))
}

fn problem(status: StatusCode, code: &str) -> HttpResponse {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
    HttpResponse::build(status).content_type("application/xml").body(body)
}
