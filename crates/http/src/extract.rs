//! How handlers take what a request carries.
//!
//! Bodies are taken by [`Json`], [`OptionalJson`] and [`Raw`]; queries and parts of the path by actix's own `Query` and `Path`,
//! whose failures are made problems here. A body is bounded in bytes, in the time it takes to arrive, and, as JSON, in how
//! deep it is nested.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::{PathError, PayloadError, QueryPayloadError};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{Error, FromRequest, HttpRequest};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::MAX_BODY_BYTES;
use crate::problem::{Problem, ProblemKind};

/// A JSON body. A field that the type does not have is refused, whatever the type says about it.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A JSON body all of whose fields are optional: it may be absent altogether, but one that is there must be valid.
#[derive(Clone, Copy, Debug)]
pub struct OptionalJson<T>(pub T);

/// A body as it came, whatever it is.
#[derive(Clone, Debug)]
pub struct Raw(pub Bytes);

/// How long a body may take to arrive, where it is not the usual time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyPatience(pub(crate) Duration);

impl Default for BodyPatience {
    fn default() -> Self {
        Self(BODY_PATIENCE)
    }
}

/// A body of the largest size arrives in this time over a line of 300 kbit/s.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Bodies of this API have a handful of levels; the metadata of a document may have some more.
const MAX_JSON_DEPTH: usize = 64;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request.headers());
        let body = whole_body(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::new(ProblemKind::UnsupportedMediaType));
            }
            parse(&body.await?).map(Self)
        })
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request.headers());
        let body = whole_body(request, payload);
        Box::pin(async move {
            match body.await? {
                body if body.is_empty() => Ok(Self(T::default())),
                _ if !is_json => Err(Problem::new(ProblemKind::UnsupportedMediaType)),
                body => parse(&body).map(Self),
            }
        })
    }
}

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = whole_body(request, payload);
        Box::pin(async move { body.await.map(Self) })
    }
}

/// Bounds bodies, and makes failures of actix's own extractors problems.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
        .app_data(web::QueryConfig::default().error_handler(|error, _| invalid_query(&error).into()))
        .app_data(web::PathConfig::default().error_handler(|error, _| invalid_path(&error).into()));
}

fn invalid_query(error: &QueryPayloadError) -> Problem {
    let problem = Problem::new(ProblemKind::InvalidQuery);
    match error {
        QueryPayloadError::Deserialize(error) => problem.detail(format!("The query cannot be taken: {error}.")),
        _ => problem,
    }
}

fn invalid_path(error: &PathError) -> Problem {
    let problem = Problem::new(ProblemKind::InvalidPath);
    match error {
        PathError::Deserialize(error) => problem.detail(format!("The path cannot be taken: {error}.")),
        _ => problem,
    }
}

/// The body, once all of it has arrived. The server itself bounds only how long the head may take.
fn whole_body(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, Problem>> + 'static {
    let BodyPatience(patience) = request.app_data().copied().unwrap_or_default();
    let body = Bytes::from_request(request, payload);
    async move {
        match timeout(patience, body).await {
            Ok(body) => body.map_err(|error| unreadable(&error)),
            Err(_) => Err(Problem::new(ProblemKind::RequestTimeout).detail("The body took too long to arrive.")),
        }
    }
}

/// Why a body did not arrive.
fn unreadable(error: &Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => {
            Problem::new(ProblemKind::PayloadTooLarge).detail(format!("The body may have {MAX_BODY_BYTES} bytes."))
        }
        _ => Problem::new(ProblemKind::of_status(error.as_response_error().status_code())).caused_by(error.to_string()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Looked at first: the parser stops at a depth of its own only where it is asked for values, and says so less clearly.
    if nests_deeper_than(MAX_JSON_DEPTH, body) {
        let detail = format!("The body is nested deeper than {MAX_JSON_DEPTH} levels.");
        return Err(Problem::new(ProblemKind::MalformedJson).detail(detail));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let mut unknown = Vec::new();
    let parsed = {
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(pointer_to_unknown(&path));
        T::deserialize(serde_ignored::Deserializer::new(tracked, &mut note))
    };
    let invalid = match parsed.and_then(|value| json.end().map(|()| value)) {
        // A list of the fields' values in their order would do for the parser.
        Ok(_) if is_list(body) => Some((String::new(), "expected an object".to_owned())),
        Ok(value) if unknown.is_empty() => return Ok(value),
        Ok(_) => None,
        // Of a number where a word is expected the parser says that it is no JSON.
        Err(error) if error.classify() == Category::Data || is_json_text(body) => {
            Some((pointer_to_invalid(&track.path()), without_position(&error)))
        }
        Err(error) => {
            let problem = Problem::new(ProblemKind::MalformedJson);
            return Err(problem.detail(format!("The body is not valid JSON: {error}.")));
        }
    };
    let unknown = unknown.into_iter().map(|pointer| (pointer, "unknown field".to_owned()));
    let fields = unknown.chain(invalid);
    Err(fields.fold(Problem::new(ProblemKind::InvalidField), |problem, (pointer, detail)| {
        problem.invalid_field(pointer, detail)
    }))
}

fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

fn is_json_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

/// Whether more arrays and objects are open at once. Of what is no JSON it need not tell the truth.
fn nests_deeper_than(most: usize, body: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The parser's words, without the line and column that nobody counts in a body made by a program.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words).to_owned()
}

fn pointer_to_invalid(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn pointer_to_unknown(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer_to_unknown(parent)),
        Path::Map { parent, key } => format!("{}/{}", pointer_to_unknown(parent), escaped(key)),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            pointer_to_unknown(parent)
        }
    }
}

/// RFC 6901, section 3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
