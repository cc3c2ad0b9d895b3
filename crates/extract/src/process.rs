//! Files are read by a process of their own.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cortex_ingestion::model::{Extracted, FileBody, FileToRead};
use cortex_ingestion::ports::{ExtractError, TextExtractor};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::answer::{self, AnswerError};
use crate::limits::{MAX_AT_ONCE, MAX_COMPLAINT_BYTES, MAX_WALL};

/// The longest extension of a name that is told, in characters: `markdown` is among those that count.
const MAX_EXTENSION: usize = 16;

/// Has each file read by a process that ends with it, as that process confines itself: a parser that recurses without
/// end, asks for all memory or never returns takes nobody along.
///
/// The process sees the bytes of its file and the extension of the file's name, and no environment. Whoever drops the
/// future kills it. Of an answer this process holds the text and the parts, 100 MiB at most.
pub struct ProcessTextExtractor {
    program: PathBuf,
    arguments: Vec<OsString>,
    time: Duration,
    at_once: Arc<Semaphore>,
}

/// Why there is no answer although nothing is wrong with the file.
#[derive(Debug, Error)]
enum ReadingError {
    #[error("{} cannot be started", program.display())]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("the file cannot be opened")]
    NotOpened(#[source] io::Error),
    #[error("the reading process cannot be waited for")]
    NotWaitedFor(#[source] io::Error),
    #[error("the reading process ended ({status}): {complaint}")]
    Ended { status: ExitStatus, complaint: String, source: Option<AnswerError> },
    #[error("nothing is read any more")]
    Closed,
}

impl ProcessTextExtractor {
    /// Starts this program with these arguments, and the extension of the file's name behind them if it has one. It has
    /// to run [`serve_one`](crate::serve_one).
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { program, arguments, time: MAX_WALL, at_once: Arc::new(Semaphore::new(cores.min(MAX_AT_ONCE))) }
    }

    /// Starts the program that runs already, as it is in memory: an upgrade of the file on the disk changes nothing.
    pub fn of_this_program(arguments: Vec<OsString>) -> io::Result<Self> {
        let running = PathBuf::from("/proc/self/exe");
        let program = if running.exists() { running } else { std::env::current_exe()? };
        Ok(Self::new(program, arguments))
    }

    /// With another limit of time for each file.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// With another number of files that are read at once.
    #[must_use]
    pub fn with_at_once(mut self, files: usize) -> Self {
        self.at_once = Arc::new(Semaphore::new(files));
        self
    }

    async fn start(&self, file: &FileToRead) -> Result<Child, ReadingError> {
        let input = match &file.body {
            FileBody::InMemory(_) => Stdio::piped(),
            FileBody::OnDisk { path, .. } => {
                let opened = tokio::fs::File::open(path).await.map_err(ReadingError::NotOpened)?;
                Stdio::from(opened.into_std().await)
            }
        };
        Command::new(&self.program)
            .args(&self.arguments)
            .args(file.name.as_deref().and_then(extension))
            .env_clear()
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ReadingError::NotStarted { program: self.program.clone(), source })
    }
}

#[async_trait]
impl TextExtractor for ProcessTextExtractor {
    async fn extract(&self, file: FileToRead) -> Result<Extracted, ExtractError> {
        let _turn = self.at_once.acquire().await.map_err(|_| unavailable(ReadingError::Closed))?;
        let mut child = self.start(&file).await.map_err(unavailable)?;
        let body = match file.body {
            FileBody::InMemory(bytes) => bytes,
            FileBody::OnDisk { .. } => Bytes::new(),
        };
        if let Ok(outcome) = timeout(self.time, converse(&mut child, body)).await {
            return outcome;
        }
        // A process that is gone already needs no killing.
        let _ = child.kill().await;
        Err(ExtractError::TooCostly)
    }
}

/// Hands the bytes over, takes the answer and sees the process off.
async fn converse(child: &mut Child, body: Bytes) -> Result<Extracted, ExtractError> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let take_answer = async {
        // All three are piped, but for a file on the disk, which is the input itself.
        let mut output = output?;
        Some(answer::read(&mut output).await)
    };
    let take_complaint = async {
        let mut complaint = Vec::new();
        if let Some(mut errors) = errors {
            // What cannot be read of it is no complaint.
            let _ = (&mut errors).take(MAX_COMPLAINT_BYTES).read_to_end(&mut complaint).await;
            let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&complaint).trim().replace(['\r', '\n'], " ")
    };
    let ((), answer, complaint) = tokio::join!(hand_over(input, body), take_answer, take_complaint);
    let status = child.wait().await.map_err(|source| unavailable(ReadingError::NotWaitedFor(source)))?;
    match answer {
        Some(Ok(outcome)) if status.success() => outcome,
        // It was killed: for what the file made it take, be it by its own limits or by the machine.
        _ if status.code().is_none() => Err(ExtractError::TooCostly),
        Some(Err(source)) => Err(unavailable(ReadingError::Ended { status, complaint, source: Some(source) })),
        Some(Ok(_)) | None => Err(unavailable(ReadingError::Ended { status, complaint, source: None })),
    }
}

async fn hand_over(input: Option<ChildStdin>, body: Bytes) {
    if let Some(mut input) = input {
        // Whoever has seen enough reads no further.
        let _ = input.write_all(&body).await;
    }
}

fn unavailable(error: ReadingError) -> ExtractError {
    ExtractError::Unavailable(Box::<dyn StdError + Send + Sync>::from(error))
}

/// What stands behind the last dot of a name, in lower case, if it is one of those that could count.
fn extension(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit_once('.')?;
    let counts = (1..=MAX_EXTENSION).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    counts.then(|| extension.to_ascii_lowercase())
}
