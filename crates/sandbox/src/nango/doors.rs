//! The two servers, which can be closed and opened again at the same address: an outage, and its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use serde::Deserialize;
use tokio::runtime::Handle;

use super::state::State;
use super::{LARGEST_BODY, NangoControl, gate, routes};

/// One of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Nango's API.
    Api,
    /// The providers.
    Providers,
}

/// The handles of what is open.
pub(super) struct Doors {
    api: Door,
    providers: Door,
    /// Where they were opened. A worker's own runtime ends when its server goes down.
    runtime: Handle,
}

struct Door {
    address: SocketAddr,
    open: Mutex<Option<ServerHandle>>,
}

impl Doors {
    pub(super) fn new(api: SocketAddr, providers: SocketAddr) -> Self {
        let door = |address| Door { address, open: Mutex::default() };
        Self { api: door(api), providers: door(providers), runtime: Handle::current() }
    }

    fn door(&self, part: Part) -> &Door {
        match part {
            Part::Api => &self.api,
            Part::Providers => &self.providers,
        }
    }
}

impl Door {
    fn take(&self) -> Option<ServerHandle> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, handle: ServerHandle) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    }
}

impl NangoControl {
    /// Takes a server away: connections are refused. What it knows stays.
    pub async fn go_down(&self, part: Part) {
        if let Some(handle) = self.state.doors.door(part).take() {
            handle.stop(false).await;
        }
    }

    /// Brings a server back at the address that it had.
    pub fn come_up(&self, part: Part) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.state.doors.door(part).address)?;
        open(&self.state, part, listener)
    }

    /// Takes a server away and brings it back after `pause`.
    pub fn go_down_for(&self, part: Part, pause: Duration) {
        let control = self.clone();
        let _runtime = self.state.doors.runtime.enter();
        self.state.tasks.spawn(async move {
            control.go_down(part).await;
            tokio::time::sleep(pause).await;
            if let Err(error) = control.come_up(part) {
                tracing::error!(%error, "a server of the sandbox could not come back");
            }
        });
    }
}

/// Serves on `listener`.
pub(super) fn open(state: &Arc<State>, part: Part, listener: TcpListener) -> std::io::Result<()> {
    let handle = match part {
        Part::Api => serve(state, listener)?,
        Part::Providers => state.provider.serve(listener, &state.tasks)?,
    };
    state.doors.door(part).keep(handle);
    Ok(())
}

fn serve(state: &Arc<State>, listener: TcpListener) -> std::io::Result<ServerHandle> {
    let shared = Arc::clone(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(Arc::clone(&shared)))
            .app_data(web::PayloadConfig::new(LARGEST_BODY))
            .app_data(web::JsonConfig::default().limit(LARGEST_BODY))
            .wrap(from_fn(gate::pass))
            .configure(routes::all)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    let handle = server.handle();
    let _runtime = state.doors.runtime.enter();
    state.tasks.serve(server);
    Ok(handle)
}
