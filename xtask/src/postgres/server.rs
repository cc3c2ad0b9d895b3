//! Setting up, starting and ending one server process.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::binaries::Binaries;
use super::places::Places;
use super::{Server, certificate, random_name};
use crate::wait;

const SUPERUSER: &str = "postgres";

/// How long a server may take to accept connections, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A free port may be taken by somebody else before the server binds it.
const ATTEMPTS: usize = 5;

/// A port that people expect their own server on.
const USUAL_PORT: u16 = 5432;

/// Nothing of it outlives the run, so nothing needs to reach the disk.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 300
shared_buffers = 128MB
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
";

/// A server's files, ready to be started.
pub(super) struct Prepared<'a> {
    binaries: &'a Binaries,
    account: Account,
    places: &'a Places,
    password: String,
    ca_file: PathBuf,
    log_file: PathBuf,
}

/// A server that accepts connections.
pub(super) struct Running {
    process: Child,
    pub(super) server: Server,
    launch: Launch,
}

/// How the process of a server is started.
struct Launch {
    account: Account,
    program: PathBuf,
    runtime: PathBuf,
    data: PathBuf,
    port: u16,
    log_file: PathBuf,
}

impl<'a> Prepared<'a> {
    /// Makes a data directory. The log and the authority's certificate go to the run's directory.
    pub(super) fn new(binaries: &'a Binaries, account: Account, places: &'a Places, run: &Path) -> Result<Self> {
        let password = random_name(32)?;
        let prepared =
            Self { binaries, account, places, password, ca_file: run.join("ca.crt"), log_file: run.join("server.log") };
        prepared.initdb()?;
        prepared.configure()?;
        Ok(prepared)
    }

    /// Starts it on a free port.
    pub(super) fn start(&self) -> Result<Running> {
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            match self.start_on(free_port()?) {
                Ok(running) => return Ok(running),
                Err(error) if error.is::<PortTaken>() => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(|| PortTaken.into()))
    }

    fn initdb(&self) -> Result<()> {
        let password_file = self.places.runtime.join("password");
        fs::write(&password_file, "")?;
        fs::set_permissions(&password_file, Permissions::from_mode(0o600))?;
        fs::write(&password_file, &self.password)?;
        self.account.give(&password_file)?;
        let mut command = self.account.command(self.binaries.initdb(), &self.places.runtime);
        command.arg("--pgdata").arg(&self.places.data).arg("--pwfile").arg(&password_file).args([
            "--username",
            SUPERUSER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--no-sync",
            "--no-instructions",
        ]);
        // macOS before version 15 has no C.UTF-8, but a UTF-8 for characters alone.
        command.args(if cfg!(target_os = "macos") {
            &["--locale", "C", "--lc-ctype", "UTF-8"][..]
        } else {
            &["--locale", "C.UTF-8"]
        });
        let output = command.output().with_context(|| format!("cannot run {}", self.binaries.initdb().display()))?;
        fs::remove_file(password_file)?;
        if !output.status.success() {
            bail!(
                "initdb failed: {}",
                last_lines(
                    &[output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
                )
            );
        }
        Ok(())
    }

    fn configure(&self) -> Result<()> {
        let data = &self.places.data;
        certificate::write(data, &self.ca_file)?;
        let key = data.join("server.key");
        fs::set_permissions(&key, Permissions::from_mode(0o600))?;
        for file in [&key, &data.join("server.crt")] {
            self.account.give(file)?;
        }
        let mut settings = SETTINGS.to_owned();
        writeln!(settings, "unix_socket_directories = {}", quoted(&self.places.runtime))?;
        let mut file = OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
        file.write_all(settings.as_bytes()).context("cannot write postgresql.conf")
    }

    fn start_on(&self, port: u16) -> Result<Running> {
        let launch = Launch {
            account: self.account,
            program: self.binaries.postgres().clone(),
            runtime: self.places.runtime.clone(),
            data: self.places.data.clone(),
            port,
            log_file: self.log_file.clone(),
        };
        let server = Server {
            url: format!("postgres://{SUPERUSER}:{}@127.0.0.1:{port}/postgres", self.password),
            ca_file: Some(self.ca_file.clone()),
        };
        let mut running = Running { process: launch.spawn()?, server, launch };
        running.wait_until_ready().map(|()| running)
    }
}

impl Launch {
    fn spawn(&self) -> Result<Child> {
        let log = File::create(&self.log_file)?;
        self.account
            .command(&self.program, &self.runtime)
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()])
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }
}

impl Running {
    /// Ends it as an operator does, whose clients are thrown out, and starts it again at the same place.
    pub(super) fn restart(&mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::INT).context("cannot signal PostgreSQL")?;
        if wait::until(PATIENCE, || self.process.try_wait().ok().flatten()).is_none() {
            bail!("PostgreSQL does not end");
        }
        self.process = self.launch.spawn()?;
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        match wait::until(PATIENCE, || self.became()) {
            Some(Became::Ready) => Ok(()),
            Some(Became::Ended(status)) => {
                let log = self.log();
                if log.contains("could not bind") {
                    bail!(PortTaken);
                }
                bail!("PostgreSQL ended at once ({status}): {}", last_lines(&log));
            }
            None => {
                let log = self.log();
                self.stop()?;
                bail!("PostgreSQL did not get ready within {} s: {}", PATIENCE.as_secs(), last_lines(&log))
            }
        }
    }

    /// What the server wrote last, when it has ended though nobody asked for it.
    pub(super) fn has_ended(&mut self) -> Option<String> {
        let status = self.process.try_wait().ok().flatten()?;
        Some(format!("PostgreSQL ended by itself ({status}): {}", last_lines(&self.log())))
    }

    /// Ends it at once: nobody will read its files again.
    pub(super) fn end(mut self) -> Result<()> {
        self.stop()
    }

    fn stop(&mut self) -> Result<()> {
        // A process that has been waited for has no id of its own any more.
        if self.process.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.process), Signal::QUIT).context("cannot signal PostgreSQL")?;
        }
        if wait::until(PATIENCE, || self.process.try_wait().ok().flatten()).is_none() {
            self.process.kill()?;
            self.process.wait()?;
        }
        Ok(())
    }

    fn became(&mut self) -> Option<Became> {
        if let Some(status) = self.process.try_wait().ok().flatten() {
            return Some(Became::Ended(status));
        }
        // The eighth line is the server's state.
        let text = fs::read_to_string(self.launch.data.join("postmaster.pid")).ok()?;
        (text.lines().nth(7)?.trim() == "ready").then_some(Became::Ready)
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.launch.log_file).unwrap_or_default()
    }
}

enum Became {
    Ready,
    Ended(ExitStatus),
}

#[derive(Debug)]
struct PortTaken;

impl std::fmt::Display for PortTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{ATTEMPTS} free ports were each taken by somebody else before PostgreSQL could bind them")
    }
}

impl std::error::Error for PortTaken {}

fn free_port() -> Result<u16> {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?.local_addr()?.port();
        if port != USUAL_PORT {
            return Ok(port);
        }
    }
}

/// A path as an element of a list in `postgresql.conf`.
fn quoted(path: &Path) -> String {
    let escaped = path.to_string_lossy().replace('\\', "\\\\").replace('\'', "''").replace('"', "\"\"");
    format!("'\"{escaped}\"'")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_for_a_list_in_the_settings() {
        assert_eq!(quoted(Path::new("/tmp/a,b 'c'")), r#"'"/tmp/a,b ''c''"'"#);
    }

    #[test]
    fn of_a_long_log_the_end_is_told() {
        let log = "1\n\n2\n\n3\n\n4\n\n5\n\n6\n\n7\n\n8\n\n9\n";
        assert_eq!(last_lines(log), "5 / 6 / 7 / 8 / 9");
        assert_eq!(last_lines(""), "");
    }
}
