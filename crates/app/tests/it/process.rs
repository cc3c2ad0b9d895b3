//! The binary `cortex` as a process: with an environment of its own, and gone with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A command with an environment of its own and a working directory without `.env`.
pub(crate) struct Cortex {
    command: Command,
    /// Lives as long as the process.
    pub(crate) directory: tempfile::TempDir,
}

impl Cortex {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cortex"));
        command.args(arguments).env_clear().current_dir(directory.path());
        Self { command, directory }
    }

    /// Everything that `serve` needs; nobody is at home in the databases.
    pub(crate) fn serve() -> Self {
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

    /// Another command, with the same variables.
    pub(crate) fn running(self, arguments: &[&str]) -> Self {
        let mut other = Self::new(arguments);
        other.command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn output(self) -> (Option<i32>, String, String) {
        self.output_for("")
    }

    /// The same of a command that reads this from standard input.
    pub(crate) fn output_for(mut self, input: &str) -> (Option<i32>, String, String) {
        let piped = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // Whoever wants nothing may have gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
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
pub(crate) struct Running {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    told: String,
    address: String,
    _cortex: Cortex,
}

impl Running {
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Head and body of the answer to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        self.ask("GET", path, "")
    }

    /// The same of another method, with further lines in the head of the request.
    pub(crate) fn ask(&self, method: &str, path: &str, further: &str) -> String {
        ask(&self.address, method, path, further)
    }

    /// Where it tells metrics and nothing else.
    pub(crate) fn scrape_address(&mut self) -> String {
        self.tells("listening for scrapes");
        let line = self.told.lines().find_map(|line| line.split_once("listening for scrapes address="));
        let (_, rest) = line.expect("the log is text");
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Waits until the log says this.
    pub(crate) fn tells(&mut self, said: &str) {
        while !self.told.contains(said) {
            assert_ne!(self.log.read_line(&mut self.told).unwrap(), 0, "it ended before it said {said}: {}", self.told);
        }
    }

    /// Exit code and the whole log, after a signal.
    pub(crate) fn stop(&mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.end()
    }

    /// Exit code and the whole log of a process that ends by itself.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
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
/// Head and body of the answer of whoever listens there.
pub(crate) fn ask(address: &str, method: &str, path: &str, further: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: cortex\r\nConnection: close\r\n{further}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn listening_address(line: &str) -> Option<String> {
    if let Ok(event) = serde_json::from_str::<Value>(line) {
        return event["address"].as_str().filter(|_| event["message"] == "listening").map(str::to_owned);
    }
    let (_, rest) = line.split_once("listening address=")?;
    rest.split_whitespace().next().map(str::to_owned)
}
