//! Postgres fetched from the network, for machines without one: feature `embedded-postgres`.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use postgresql_embedded::blocking::PostgreSQL;
use postgresql_embedded::{Settings, VersionReq};

use super::account::Account;
use super::binaries::Binaries;
use super::places::Places;
use crate::ui;

/// Where the programs are published.
const RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries";

/// What is fetched.
const VERSION: &str = "^17";

/// Fetches the programs once for a checkout, or where the server's account cannot get there, once for a run.
pub(super) fn fetch(run: &Path, places: &Places, account: Account) -> Result<Binaries> {
    let servers = run.parent().context("the directory of a run lies below target/postgres")?;
    let shared = servers.parent().unwrap_or(servers).join("postgres-binaries");
    fs::create_dir_all(&shared)?;
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755))?;
    let home = if account.reaches(&shared) { shared } else { places.runtime.join("binaries") };
    ui::note(format_args!("no PostgreSQL here: fetching one to {}", home.display()));

    // The crate would make a data directory too, which fails as root. It takes one with this file as made.
    let stand_in = tempfile::tempdir()?;
    fs::write(stand_in.path().join("postgresql.conf"), "")?;
    // Every field by name: the defaults would leave directories behind.
    let settings = Settings {
        releases_url: RELEASES.to_owned(),
        version: VersionReq::parse(VERSION)?,
        installation_dir: home,
        password_file: stand_in.path().join("password"),
        data_dir: stand_in.path().to_owned(),
        host: String::new(),
        port: 0,
        username: String::new(),
        password: String::new(),
        temporary: false,
        timeout: None,
        configuration: HashMap::new(),
        trust_installation_dir: false,
        socket_dir: None,
    };
    let mut fetched = PostgreSQL::new(settings);
    fetched.setup().context("cannot fetch PostgreSQL")?;
    Binaries::at(fetched.settings().installation_dir.join("bin"))
}
