//! Endpoints of the same server that ask nobody anything: what an answer costs at the least.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse, HttpServer};
use cortex_identity::ports::ProfileReader;
use serde_json::json;

use crate::people::{KESTREL, MARTA};

/// Answers at `/constant` what it always answers, and at `/read` what it reads of one member. Until the process ends.
pub(crate) fn start(profiles: Arc<dyn ProfileReader>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let profiles = Data::from(profiles);
    // On threads of its own, as the process that it is compared with.
    std::thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new().app_data(profiles.clone()).route("/constant", get().to(constant)).route("/read", get().to(read))
        });
        let server = server.disable_signals().listen(listener).unwrap();
        actix_web::rt::System::new().block_on(server.run()).unwrap();
    });
    address
}

async fn constant() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn read(profiles: Data<dyn ProfileReader>) -> HttpResponse {
    let profile = profiles.find_profile(KESTREL, MARTA.id).await.unwrap().unwrap();
    let company = profile.company;
    HttpResponse::Ok().json(json!({
        "company": {
            "id": company.id.to_string(), "name": company.name, "slug": company.slug, "status": company.status.name(),
        },
        "last_login_at": profile.last_login_at.map(|at| at.to_string()),
    }))
}
