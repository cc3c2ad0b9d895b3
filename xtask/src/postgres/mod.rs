//! A private Postgres server: found, set up, run without privileges, and removed without a trace.
//!
//! A server belongs to a *keeper*: a process of its own (`keep-postgres`) that sets it up, and removes it when the
//! command that asked for it ends, however it ends, since the pipe between the two closes even on `SIGKILL`. What a
//! killed keeper leaves is removed by the next one ([`run_dir`]).
//!
//! Not here: databases. Tests make their own (`cortex_test_support`).

mod account;
mod binaries;
mod certificate;
mod cluster;
pub(crate) mod development;
#[cfg(feature = "embedded-postgres")]
mod embedded;
mod keeper;
mod places;
mod run_dir;
mod server;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::environment::{self, TEST_SERVER, TEST_SERVER_CA};
use crate::ui;
use crate::workspace::Workspace;

pub(crate) use cluster::Cluster;
pub(crate) use keeper::keep;

/// How to reach a server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Server {
    /// The superuser's URL, with its password.
    pub(crate) url: String,
    /// The certificate authority of its TLS certificate.
    pub(crate) ca_file: Option<PathBuf>,
}

/// The server of one test run.
pub(crate) enum TestServer {
    /// Named by the caller; only ours are the databases that tests make in it.
    Foreign(Server),
    /// Ours, and gone with this value.
    Private(Cluster),
}

impl TestServer {
    /// The server that the environment names, else a private one.
    pub(crate) fn provide(workspace: &Workspace) -> Result<Self> {
        if let Some(url) = environment::read_text(TEST_SERVER) {
            ui::note(format_args!("using the server of {TEST_SERVER}"));
            return Ok(Self::Foreign(Server { url, ca_file: environment::read(TEST_SERVER_CA).map(PathBuf::from) }));
        }
        ui::progress("starting a private PostgreSQL");
        Cluster::start(&workspace.servers()).map(Self::Private)
    }

    pub(crate) fn server(&self) -> &Server {
        match self {
            Self::Foreign(server) => server,
            Self::Private(cluster) => cluster.server(),
        }
    }

    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, Self::Foreign(_))
    }
}

/// `PATH` with the clients of PostgreSQL (`pg_dump`, for one) first, which many installations keep out of it. As it is,
/// where there are no binaries.
pub(crate) fn path_with_clients() -> Option<OsString> {
    let path = environment::read("PATH").unwrap_or_default();
    let clients = binaries::Binaries::find().ok()?.directory().to_owned();
    std::env::join_paths(std::iter::once(clients).chain(std::env::split_paths(&path))).ok()
}

/// A name that no other run has: of a directory, or a password.
fn random_name(length: usize) -> Result<String> {
    use std::fmt::Write as _;
    use std::io::Read as _;

    let mut bytes = vec![0; length.div_ceil(2)];
    std::fs::File::open(Path::new("/dev/urandom"))?.read_exact(&mut bytes)?;
    let mut name = String::with_capacity(length);
    for byte in bytes {
        write!(name, "{byte:02x}")?;
    }
    name.truncate(length);
    Ok(name)
}
