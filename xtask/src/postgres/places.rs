//! Where a server's files are: short enough for a socket, and within reach of the account that runs it.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::account::Account;

/// Begins the name of every directory that we make in a temporary directory, and of none that we do not.
pub(super) const PREFIX: &str = "cortex-pg-";

/// The longest path of a socket: 104 bytes with the closing zero on macOS, 108 on Linux.
const LONGEST_SOCKET: usize = 103;

/// The longest file name that Postgres gives a socket.
const SOCKET_NAME: &str = ".s.PGSQL.65535";

/// The directories of one server, all owned by its account.
pub(super) struct Places {
    /// Short and private; holds the socket.
    pub(super) runtime: PathBuf,
    /// The data directory.
    pub(super) data: PathBuf,
}

impl Places {
    /// Makes them: the data below `run` when the account gets there (a checkout below a private home is out of reach of
    /// any other account), else beside the socket.
    pub(super) fn make(run: &Path, account: Account) -> Result<Self> {
        let runtime = make_runtime(&[&std::env::temp_dir(), Path::new("/tmp"), Path::new("/var/tmp")], account)?;
        let below_run = run.join("data");
        make_private(&below_run, account)?;
        if account.reaches(&below_run) {
            return Ok(Self { runtime, data: below_run });
        }
        fs::remove_dir(&below_run)?;
        let data = runtime.join("data");
        make_private(&data, account)?;
        Ok(Self { runtime, data })
    }
}

fn make_runtime(parents: &[&Path], account: Account) -> Result<PathBuf> {
    let fitting = parents.iter().filter(|parent| has_room_for_socket(parent));
    for parent in fitting {
        let Ok(directory) = private_in(parent) else {
            continue;
        };
        account.give(directory.path())?;
        if account.reaches(directory.path()) {
            return Ok(directory.keep());
        }
    }
    anyhow::bail!("no temporary directory that PostgreSQL can use: set TMPDIR to a short path open to all")
}

fn private_in(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    let owner_only = Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(PREFIX).rand_bytes(8).permissions(owner_only).tempdir_in(parent)
}

fn has_room_for_socket(parent: &Path) -> bool {
    let own_name = PREFIX.len() + 8;
    parent.as_os_str().as_bytes().len() + 1 + own_name + 1 + SOCKET_NAME.len() <= LONGEST_SOCKET
}

fn make_private(directory: &Path, account: Account) -> Result<()> {
    fs::create_dir(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    account.give(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_directory_too_long_for_a_socket_is_passed_over() {
        let top = tempfile::tempdir().unwrap();
        let long = top.path().join("x".repeat(120));
        fs::create_dir(&long).unwrap();
        let runtime = make_runtime(&[&long, top.path()], Account::Caller).unwrap();
        assert_eq!(runtime.parent(), Some(top.path()));
        assert_eq!(fs::metadata(&runtime).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(make_runtime(&[&long], Account::Caller).is_err());
    }

    #[test]
    fn data_lies_below_the_run_when_that_is_in_reach() {
        let run = tempfile::tempdir().unwrap();
        let places = Places::make(run.path(), Account::Caller).unwrap();
        assert_eq!(places.data, run.path().join("data"));
        fs::remove_dir_all(places.runtime).unwrap();
    }
}
