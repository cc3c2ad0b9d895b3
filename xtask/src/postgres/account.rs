//! The account that a server runs under: Postgres refuses to run as root.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::environment;

/// Accounts that exist for this, best first.
const CANDIDATES: &[&str] = &["postgres", "_postgres", "nobody"];

/// Ourselves, or when we are root somebody with less power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Caller,
    Other { uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn for_server() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Caller);
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        Self::among(&users).context(
            "PostgreSQL cannot run as root, and there is neither an account `postgres` nor `nobody`: \
             create one (`useradd --system postgres`) or run this as an ordinary user",
        )
    }

    fn among(users: &str) -> Option<Self> {
        CANDIDATES.iter().find_map(|candidate| {
            users.lines().find_map(|line| {
                let mut fields = line.split(':');
                if fields.next() != Some(candidate) {
                    return None;
                }
                let uid = number(fields.nth(1)?)?;
                let gid = number(fields.next()?)?;
                (uid != 0).then_some(Self::Other { uid, gid })
            })
        })
    }

    /// A program run by this account in a directory, with nothing of our environment but the search path.
    pub(super) fn command(self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", directory).env("LC_ALL", "C").current_dir(directory).stdin(Stdio::null());
        if let Some(path) = environment::read("PATH") {
            command.env("PATH", path);
        }
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Whether this account gets to a directory. Tried, not computed: modes of parents are only half of the truth.
    pub(super) fn reaches(self, directory: &Path) -> bool {
        self.command("/bin/sh", directory)
            .args(["-c", ":"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Hands a file or directory over.
    pub(super) fn give(self, path: &Path) -> Result<()> {
        match self {
            Self::Caller => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid))
                .with_context(|| format!("cannot hand {} to the account of PostgreSQL", path.display())),
        }
    }
}

/// Some systems write the ids of `nobody` as negative numbers.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_made_for_postgres_is_preferred() {
        let users = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n";
        assert_eq!(Account::among(users), Some(Account::Other { uid: 101, gid: 104 }));
    }

    #[test]
    fn nobody_will_do_even_with_negative_ids() {
        let users = "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n";
        assert_eq!(Account::among(users), Some(Account::Other { uid: u32::MAX - 1, gid: u32::MAX - 1 }));
    }

    #[test]
    fn an_account_with_the_power_of_root_will_not() {
        assert_eq!(Account::among("postgres:x:0:0::/root:/bin/sh\n"), None);
    }

    #[test]
    fn a_directory_that_is_not_there_is_not_reached() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Account::Caller.reaches(directory.path()));
        assert!(!Account::Caller.reaches(&directory.path().join("absent")));
    }
}
