//! The binary `cortex`: exit codes, what it tells, starting and stopping.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A command with an environment of its own and a working directory without `.env`.
struct Cortex {
    command: Command,
    /// Lives as long as the process.
    directory: tempfile::TempDir,
}

impl Cortex {
    fn new(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cortex"));
        command.args(arguments).env_clear().current_dir(directory.path()).stdin(Stdio::null());
        Self { command, directory }
    }

    /// Everything that `serve` needs; nobody is at home in the databases.
    fn serve() -> Self {
        let mut cortex = Self::new(&["serve"]);
        cortex.command.envs([
            ("COMPANY_ID", "0f8fad5b-d9cb-469f-a165-70867728950e"),
            ("DATABASE_URL", "postgres://cortex:geheim@127.0.0.1:1/acme"),
            ("MASTER_DATABASE_URL", "postgres://cortex:geheim@127.0.0.1:1/master"),
            ("MASTER_SUPABASE_URL", "http://127.0.0.1:1"),
            ("NANGO_SECRET_KEY", "geheim"),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
        ]);
        cortex
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn output(mut self) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    fn start(mut self) -> Running {
        let mut child = self.command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it listened: {told}");
            told.push_str(&line);
            if let Some(address) = listening_address(&line) {
                break address;
            }
        };
        Running { child, log, told, address, _cortex: self }
    }
}

/// A process that listens. It does not outlive its test.
struct Running {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    told: String,
    address: String,
    _cortex: Cortex,
}

impl Running {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Head and body of the answer to a GET.
    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: cortex\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Exit code and the whole log.
    fn stop(&mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut told = std::mem::take(&mut self.told);
        self.log.read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap().code(), told)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the process listens, if this is the line that tells it.
fn listening_address(line: &str) -> Option<String> {
    if let Ok(event) = serde_json::from_str::<Value>(line) {
        return event["address"].as_str().filter(|_| event["message"] == "listening").map(str::to_owned);
    }
    let (_, rest) = line.split_once("listening address=")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[rstest]
#[case::no_command(&[], 2)]
#[case::unknown_command(&["explode"], 2)]
#[case::unknown_option(&["serve", "--explode"], 2)]
#[case::help(&["--help"], 0)]
#[case::version(&["--version"], 0)]
fn usage_has_exit_codes(#[case] arguments: &[&str], #[case] expected: i32) {
    let (code, stdout, stderr) = Cortex::new(arguments).output();

    assert_eq!(code, Some(expected), "{stderr}");
    assert_eq!(stdout.is_empty(), expected != 0);
    assert_eq!(stderr.is_empty(), expected == 0);
}

#[test]
fn every_mistake_of_a_configuration_is_told_and_nothing_starts() {
    let (code, stdout, stderr) =
        Cortex::serve().with("COMPANY_ID", "").with("ADMIN_PIN", "2525").with("PORT", "x").output();

    let told: Vec<_> = stderr.lines().collect();
    assert_eq!(code, Some(1));
    assert_eq!(stdout, "");
    assert_eq!(told.len(), 4, "{stderr}");
    assert_eq!(told[0], "cortex: the configuration has 3 mistakes:");
    for (line, name) in told[1..].iter().zip(["COMPANY_ID", "ADMIN_PIN", "PORT"]) {
        assert!(line.starts_with(&format!("  {name}: ")), "{line}");
    }
}

#[test]
fn development_reads_the_file_beside_it() {
    let cortex = Cortex::new(&["serve"]);
    let file = "ENVIRONMENT=development\nCOMPANY_ID=acme\nPORT=x\n";
    std::fs::write(cortex.directory.path().join(".env"), file).unwrap();

    let (code, _, stderr) = cortex.with("PORT", "y").output();

    assert_eq!(code, Some(1));
    assert!(stderr.contains("COMPANY_ID: expected a UUID") && stderr.contains("found `y`"), "{stderr}");
}

#[test]
fn a_port_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (code, _, stderr) = Cortex::serve().with("PORT", &port).with("RUST_LOG", "off").output();

    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("cortex: cannot listen on 127.0.0.1:{port}")), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_server_without_databases_lives_and_says_that_it_is_not_ready() {
    let mut running = Cortex::serve().start();

    let live = running.get("/health/live");
    let ready = running.get("/health/ready");
    let (_, log) = running.stop(Signal::TERM);

    assert!(live.starts_with("HTTP/1.1 200 OK"), "{live}");
    assert!(live.to_lowercase().contains("strict-transport-security"), "{live}");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("Not available at the moment: database, master, keys."), "{ready}");
    assert!(!log.contains("geheim") && !ready.contains("geheim"), "{log}");
}

#[rstest]
#[case(Signal::TERM)]
#[case(Signal::INT)]
fn a_signal_ends_it_well_while_clients_hold_connections(#[case] signal: Signal) {
    let mut running = Cortex::serve().start();
    let mut kept = running.connect();
    write!(kept, "GET /health/live HTTP/1.1\r\nHost: cortex\r\n\r\n").unwrap();
    assert_ne!(kept.read(&mut [0; 64]).unwrap(), 0);

    let begin = Instant::now();
    let (code, log) = running.stop(signal);

    assert_eq!(code, Some(0), "{log}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(log.trim_end().ends_with("stopped"), "{log}");
}

#[test]
fn logs_can_be_json() {
    let mut running = Cortex::serve().with("LOG_FORMAT", "json").start();

    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0));
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|event| event["level"].is_string()), "{line}");
    }
}

fn hash_of(pin: &str) -> (Option<i32>, String, String) {
    let mut cortex = Cortex::new(&["admin", "hash-pin"]);
    let mut child = cortex.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{pin}\n").as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_pin_becomes_a_hash_that_the_configuration_takes_and_nothing_else_is_printed() {
    let (code, stdout, stderr) = hash_of("917364");
    let (_, again, _) = hash_of("917364");

    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_ne!(stdout, again, "every hash has a salt of its own");
    let hash = stdout.strip_suffix('\n').unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains('\n') && !stdout.contains("917364"), "{stdout}");
    let (_, _, told) = Cortex::serve().with("ADMIN_PIN_HASH", hash).with("PORT", "x").output();
    assert!(!told.contains("ADMIN_PIN_HASH"), "{told}");
}

#[rstest]
#[case::short("12345", "at least 6 characters")]
#[case::common("123456", "first that everybody tries")]
fn a_pin_that_nobody_should_use_is_refused(#[case] pin: &str, #[case] said: &str) {
    let (code, stdout, stderr) = hash_of(pin);

    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains(said) && !stderr.contains(pin), "{stderr}");
}
