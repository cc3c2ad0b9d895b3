//! The product's binary as a process.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stack::Stack;

/// A deployment's process, killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the call that started it until it said that it is ready.
    pub(crate) start: Duration,
}

impl Process {
    /// Starts `cortex serve` with these arguments over the stack, and waits until it is ready.
    pub(crate) async fn serve(stack: &Stack, arguments: &[&str]) -> Self {
        let program = program();
        assert!(
            program.is_file(),
            "{} is missing: build it by `cargo build --release --bin cortex`",
            program.display()
        );
        let address = free_address();
        let begun = Instant::now();
        let mut child = Command::new(&program)
            .arg("serve")
            .args(arguments)
            .env_clear()
            .envs(stack.variables(&[]))
            .env("PORT", address.port().to_string())
            // While it starts it warns of what is not there yet.
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !is_ready(address).await {
            assert!(child.try_wait().unwrap().is_none(), "cortex ended; its last words stand above");
            assert!(begun.elapsed() < Duration::from_secs(30), "cortex was not ready after 30 s");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Self { child, address, start: begun.elapsed() }
    }

    /// Its resident memory in bytes (proc(5)); `None` where the system does not tell.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(resident.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Benchmarks are in `target/release/deps`, binaries in `target/release`.
fn program() -> PathBuf {
    let bench = std::env::current_exe().unwrap();
    bench.ancestors().nth(2).unwrap().join(format!("cortex{}", std::env::consts::EXE_SUFFIX))
}

/// An address where nobody listens.
fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

async fn is_ready(address: SocketAddr) -> bool {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer.starts_with("HTTP/1.1 200 "))
    };
    asking.await.unwrap_or(false)
}
