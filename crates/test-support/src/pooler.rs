//! A pooler between a test and its server.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;
use url::Url;

use crate::environment::read;
use crate::{Client, TestDatabase, TestRole, TestServer, names, session};

/// Set to anything, a test that needs `PgBouncer` fails where it is not installed.
pub const POOLER_REQUIRED_VARIABLE: &str = "CORTEX_REQUIRE_PGBOUNCER";

/// Where packages put it, beside the search path: Debian's administrators have this in theirs, and its users do not.
const USUAL_PLACES: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/// A process that ends it together with ours, even when ours is killed.
const KEEPER: &str = include_str!("keep_pooler.sh");

/// Ends the configuration on the keeper's standard input, and the users.
const END: &str = "\n.\n";

/// The login of the console, which is no role of the server.
const ADMIN: &str = "admin";

/// How long it may take to accept connections, and how often that is tried.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(10);

/// A free port may be taken by somebody else before the pooler binds it.
const ATTEMPTS: usize = 5;

/// A `PgBouncer` in transaction mode in front of the tests' server, for one login. Gone, with its files, when this
/// value is dropped.
pub struct TestPooler {
    /// Without a database.
    url: Url,
    console: Client,
    _keeper: Keeper,
}

/// How many connections there are to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Of clients with the pooler.
    pub clients: u32,
    /// Of the pooler with the server.
    pub servers: u32,
}

impl TestPooler {
    /// A pooler that has at most so many connections to each database of the server. `None`, with a word on standard
    /// error, where `PgBouncer` is not installed: nothing can be tested then.
    ///
    /// # Panics
    ///
    /// When it does not start, or is not installed though [`POOLER_REQUIRED_VARIABLE`] is set.
    pub async fn start(role: &TestRole, connections: u16) -> Option<Self> {
        let Some(program) = find() else {
            let missing = "PgBouncer is not installed (Debian's package: pgbouncer)";
            assert!(
                read(POOLER_REQUIRED_VARIABLE).is_none(),
                "{missing}, and {POOLER_REQUIRED_VARIABLE} asks for what goes through it"
            );
            // Past the capturing of a test's output, as far as that is ours to say.
            let _ = writeln!(std::io::stderr(), "NOT TESTED: {missing}");
            return None;
        };
        let server = TestServer::from_env();
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            match Self::start_on(free_port(), &program, &server, role, connections).await {
                Ok(pooler) => return Some(pooler),
                Err(log) => why = log,
            }
        }
        panic!("{} ended at once: {why}", program.display());
    }

    /// The URL of a database through the pooler, for its login.
    #[must_use]
    pub fn url(&self, database: &TestDatabase) -> String {
        let mut url = self.url.clone();
        url.set_path(database.name());
        url.into()
    }

    /// Connects to a database through the pooler, as its login.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn connect(&self, database: &TestDatabase) -> Client {
        session::connect(&self.url(database))
            .await
            .unwrap_or_else(|error| panic!("cannot connect to {} through the pooler: {error:?}", database.name()))
    }

    /// How many connections there are to a database just now.
    ///
    /// # Panics
    ///
    /// When the pooler does not tell.
    pub async fn connections(&self, database: &TestDatabase) -> Connections {
        let pools = self.console.simple_query("SHOW POOLS").await.expect("the console answers");
        let mut found = Connections { clients: 0, servers: 0 };
        for message in &pools {
            let SimpleQueryMessage::Row(pool) = message else { continue };
            if pool.get("database") != Some(database.name()) {
                continue;
            }
            let sum = |columns: &[&str]| -> u32 {
                columns.iter().map(|name| pool.get(*name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0)).sum()
            };
            found.clients += sum(&["cl_active", "cl_waiting"]);
            found.servers += sum(&["sv_active", "sv_idle", "sv_used", "sv_tested"]);
        }
        found
    }

    /// Answers its log, when it ends instead.
    async fn start_on(
        port: u16,
        program: &Path,
        server: &TestServer,
        role: &TestRole,
        connections: u16,
    ) -> Result<Self, String> {
        let password = names::random();
        let configuration = configuration(server, port, connections);
        let users = format!("\"{}\" \"{}\"\n\"{ADMIN}\" \"{password}\"", role.name(), role.password());
        let mut keeper = Keeper::start(program, &format!("{configuration}{END}{users}{END}"));
        let console = url(port, ADMIN, &password, "pgbouncer");
        let console = tokio::time::timeout(PATIENCE, async {
            loop {
                // Whoever else took the port does not know the password.
                if let Ok(console) = session::connect(console.as_str()).await {
                    return Ok(console);
                }
                if let Some(log) = keeper.ended() {
                    return Err(log);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        let console = console.await.unwrap_or_else(|_| panic!("PgBouncer is not ready within {PATIENCE:?}"))?;
        Ok(Self { url: url(port, role.name(), role.password(), ""), console, _keeper: keeper })
    }
}

impl std::fmt::Debug for TestPooler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestPooler").field("port", &self.url.port()).finish_non_exhaustive()
    }
}

/// The shell that keeps the pooler; it ends when this value is dropped or its process ends, and both with it.
struct Keeper(Child);

impl Keeper {
    fn start(program: &Path, input: &str) -> Self {
        let child = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keep_pooler"])
            .arg(program)
            // Whoever ends a test ends its group, and there would be nobody left to clear up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("every system has a shell");
        let mut stdin = child.stdin.as_ref().expect("it is a pipe");
        // A keeper that reads no more has ended, and tells why.
        let _ = stdin.write_all(input.as_bytes());
        Self(child)
    }

    /// What it had to say, once it has ended.
    fn ended(&mut self) -> Option<String> {
        self.0.try_wait().ok().flatten()?;
        let mut log = String::new();
        let _ = self.0.stdout.take()?.read_to_string(&mut log);
        Some(log)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Nothing of it is there any more when the test ends.
        let _ = self.0.wait();
    }
}

fn find() -> Option<PathBuf> {
    let path = read("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(USUAL_PLACES.iter().map(PathBuf::from))
        .map(|directory| directory.join("pgbouncer"))
        .find(|program| program.is_file())
}

/// All else is as `PgBouncer` has it by itself: nothing is reset between two transactions, and no statement is followed
/// from one server connection to the next.
fn configuration(server: &TestServer, port: u16, connections: u16) -> String {
    let (host, server_port) = (server.host(), server.port());
    format!(
        "[databases]\n\
         * = host={host} port={server_port}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = users.txt\n\
         admin_users = {ADMIN}\n\
         server_tls_sslmode = prefer\n\
         pool_mode = transaction\n\
         default_pool_size = {connections}\n\
         ; Not always the same one.\n\
         server_round_robin = 1\n\
         max_client_conn = 1000"
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a machine has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn url(port: u16, user: &str, password: &str, database: &str) -> Url {
    // Names and passwords are letters and digits.
    let url = format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}");
    Url::parse(&url).expect("it is written like one")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Instant;

    use super::*;

    /// A program in the pooler's place.
    fn program(top: &Path, text: &str) -> PathBuf {
        let program = top.join("program");
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        program
    }

    fn until<T>(look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_kept_ends_with_its_value_and_leaves_no_file() {
        what_is_kept_ends(drop);
    }

    #[test]
    fn what_is_kept_ends_with_a_killed_process_and_leaves_no_file() {
        what_is_kept_ends(|mut keeper| {
            // The system closes a dead process's pipes, the one that is read too.
            drop(keeper.0.stdout.take());
            drop(keeper);
        });
    }

    fn what_is_kept_ends(end: impl FnOnce(Keeper)) {
        let top = tempfile::tempdir().unwrap();
        let note = top.path().join("note");
        let text =
            format!("echo $$ $(pwd) $(cat pgbouncer.ini) >{0}.new && mv {0}.new {0} && exec sleep 60", note.display());

        let keeper = Keeper::start(&program(top.path(), &text), &format!("settings{END}users{END}"));
        let told = until(|| fs::read_to_string(&note).ok());
        let [id, directory, settings] = told.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{told}") };
        assert_eq!(settings, "settings");
        assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
        end(keeper);

        assert!(!Path::new(directory).exists());
        let lives = Command::new("/bin/sh").args(["-c", "kill -0 $0 2>/dev/null", id]).status().unwrap();
        assert!(!lives.success());
    }

    #[test]
    fn what_ends_by_itself_tells_why() {
        let top = tempfile::tempdir().unwrap();

        let mut keeper = Keeper::start(&program(top.path(), "echo the port is taken; exit 1"), &END.repeat(2));

        let begun = Instant::now();
        let log = loop {
            if let Some(log) = keeper.ended() {
                break log;
            }
            assert!(begun.elapsed() < PATIENCE);
            std::thread::yield_now();
        };
        assert_eq!(log, "the port is taken\n");
    }
}
