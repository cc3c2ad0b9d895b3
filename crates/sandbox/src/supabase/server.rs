//! Starting, stopping, and being away for a while at the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::runtime::Handle;

use super::gateway::gateway;
use super::{Supabase, SupabaseConfig, control, routes};
use crate::StartError;
use crate::tasks::Tasks;

/// A project that can be reached. It stops when this is dropped.
#[derive(Debug)]
pub struct RunningSupabase {
    supabase: Supabase,
}

/// The address, which stays the same, and the server behind it, which may be away.
pub(super) struct Server {
    address: SocketAddr,
    handle: Mutex<Option<ServerHandle>>,
    tasks: Tasks,
    /// Where it was started. A worker's own runtime ends when the server goes down.
    runtime: Handle,
}

impl Supabase {
    /// Starts a project, on the tokio runtime that this is called from.
    pub fn start(config: SupabaseConfig) -> Result<RunningSupabase, StartError> {
        let address = config.listen;
        let listener = TcpListener::bind(address).map_err(|source| StartError::Bind { address, source })?;
        let (address, runtime) = (listener.local_addr()?, Handle::current());
        let server = Server { address, handle: Mutex::new(None), tasks: Tasks::new(), runtime };
        let supabase = Self::new(config, server);
        supabase.serve(listener)?;
        Ok(RunningSupabase { supabase })
    }

    /// Takes the server away: connections are refused. Users, sessions and keys stay.
    pub async fn go_down(&self) {
        let handle = self.shared.server.take_handle();
        if let Some(handle) = handle {
            handle.stop(false).await;
        }
    }

    /// Comes back to the same address.
    pub fn come_up(&self) -> io::Result<()> {
        if self.shared.server.is_up() {
            return Ok(());
        }
        self.serve(TcpListener::bind(self.shared.server.address)?)
    }

    /// Goes down now and comes up by itself.
    pub(super) fn go_down_for(&self, pause: Duration) {
        let supabase = self.clone();
        let _runtime = self.shared.server.runtime.enter();
        self.shared.server.tasks.spawn(async move {
            supabase.go_down().await;
            tokio::time::sleep(pause).await;
            if let Err(error) = supabase.come_up() {
                tracing::error!(%error, "the stand-in for Supabase cannot come back");
            }
        });
    }

    fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let supabase = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(supabase.clone()))
                .service(web::scope("/auth/v1").wrap(from_fn(gateway)).configure(routes::all))
                .service(web::scope("/sandbox").configure(control::routes))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        self.shared.server.put_handle(server.handle());
        let _runtime = self.shared.server.runtime.enter();
        self.shared.server.tasks.serve(server);
        Ok(())
    }
}

impl RunningSupabase {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.supabase.shared.server.address
    }

    /// Stops, and waits until everything has ended.
    pub async fn stop(self) {
        let server = &self.supabase.shared.server;
        server.tasks.stop();
        self.supabase.go_down().await;
        server.tasks.ended().await;
    }
}

impl Deref for RunningSupabase {
    type Target = Supabase;

    fn deref(&self) -> &Supabase {
        &self.supabase
    }
}

impl Drop for RunningSupabase {
    fn drop(&mut self) {
        let server = &self.supabase.shared.server;
        server.tasks.stop();
        if let Some(handle) = server.take_handle() {
            // The order to stop is given by the call; what it returns only waits for the end.
            drop(handle.stop(false));
        }
    }
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn is_up(&self) -> bool {
        self.lock().is_some()
    }

    fn put_handle(&self, handle: ServerHandle) {
        *self.lock() = Some(handle);
    }

    fn take_handle(&self) -> Option<ServerHandle> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ServerHandle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
