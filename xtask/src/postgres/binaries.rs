//! Finding Postgres's programs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::environment;

/// The oldest major version with `CREATE DATABASE … STRATEGY FILE_COPY`.
const OLDEST: u32 = 15;

/// Directories of programs as packages lay them out: what stands before the version, and what follows.
const USUAL_PLACES: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// `initdb` and `postgres` of one version.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// The programs in `PATH`, else the newest in the usual places.
    pub(super) fn find() -> Result<Self> {
        let path = environment::read("PATH").unwrap_or_default();
        let mut too_old = Vec::new();
        for directory in in_path(&path).into_iter().chain(in_usual_places()) {
            match version(&directory) {
                Some(version) if version >= OLDEST => return Ok(Self { directory }),
                Some(version) => too_old.push(format!("{version} in {}", directory.display())),
                None => {}
            }
        }
        let found = if too_old.is_empty() { String::new() } else { format!(" (found only {})", too_old.join(", ")) };
        bail!(
            "no PostgreSQL {OLDEST} or newer here{found}: install it by `{}`, or let xtask fetch it: \
             `cargo run --package xtask --features embedded-postgres -- …`",
            install_command()
        );
    }

    /// The programs in a directory that is known to hold them.
    #[cfg(feature = "embedded-postgres")]
    pub(super) fn at(directory: PathBuf) -> Result<Self> {
        match version(&directory) {
            Some(version) if version >= OLDEST => Ok(Self { directory }),
            _ => bail!("no working PostgreSQL {OLDEST} or newer in {}", directory.display()),
        }
    }

    /// Where the clients (`psql`, `pg_dump`) are too, of the same version.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }
}

/// Links are followed: `postgres` looks for its other files beside its real place.
fn in_path(path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(path)
        .filter_map(|directory| fs::canonicalize(directory.join("postgres")).ok()?.parent().map(Path::to_owned))
        .filter(|directory| directory.join("initdb").is_file())
        .collect()
}

fn in_usual_places() -> Vec<PathBuf> {
    USUAL_PLACES.iter().flat_map(|(parent, prefix, bin)| newest_first(Path::new(parent), prefix, bin)).collect()
}

fn newest_first(parent: &Path, prefix: &str, bin: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = leading_number(name.strip_prefix(prefix)?)?;
            let directory = fs::canonicalize(parent.join(name).join(bin)).ok()?;
            directory.join("initdb").is_file().then_some((version, directory))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, directory)| directory).collect()
}

/// The major version that `postgres --version` tells.
fn version(directory: &Path) -> Option<u32> {
    let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().find_map(leading_number)
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else if Path::new("/usr/bin/dnf").exists() {
        "dnf install -y postgresql-server"
    } else if Path::new("/sbin/apk").exists() {
        "apk add postgresql"
    } else if Path::new("/usr/bin/pacman").exists() {
        "pacman -S postgresql"
    } else {
        "apt-get install -y postgresql"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn install(directory: &Path, version: &str) {
        fs::create_dir_all(directory).unwrap();
        for program in ["postgres", "initdb"] {
            let file = directory.join(program);
            fs::write(&file, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_newest_installation_comes_first_by_number_and_not_by_letter() {
        let top = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "17"] {
            install(&top.path().join(version).join("bin"), version);
        }
        fs::create_dir_all(top.path().join("18/bin")).unwrap();
        let found = newest_first(top.path(), "", "bin");
        let versions: Vec<_> = found.iter().filter_map(|directory| version(directory)).collect();
        assert_eq!(versions, [17, 15, 9], "18 has no programs");
    }

    #[test]
    fn a_link_in_the_path_leads_to_the_real_directory() {
        let top = tempfile::tempdir().unwrap();
        let real = top.path().join("real");
        install(&real, "16.4 (Debian 16.4-1)");
        let links = top.path().join("links");
        fs::create_dir(&links).unwrap();
        symlink(real.join("postgres"), links.join("postgres")).unwrap();
        let found = in_path(links.as_os_str());
        assert_eq!(found, [fs::canonicalize(&real).unwrap()]);
        assert_eq!(version(&found[0]), Some(16));
    }
}
