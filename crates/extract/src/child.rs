//! The reading process.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::thread;

use cortex_ingestion::model::Extracted;
use cortex_ingestion::ports::ExtractError;

use crate::limits::{MAX_FILE_BYTES, STACK_BYTES};
use crate::{answer, confine, extract};

/// Reads the one file at standard input, writes what it says to standard output, and is done. This is all that the
/// process does: from here on it can do nothing else.
///
/// The process must have one thread and nothing in hand. [`ProcessTextExtractor`](crate::ProcessTextExtractor) starts it.
#[must_use]
pub fn serve_one(extension: Option<String>) -> ExitCode {
    // What a parser says when it panics could tell of the file.
    std::panic::set_hook(Box::new(|_| {}));
    match serve(extension) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cortex: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(extension: Option<String>) -> io::Result<()> {
    let mut out = confine::take_stdout()?;
    let input = confine::take_stdin()?;
    // Parsers that go down with the file find more room here than on the first thread.
    let reader = thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || confine::confine().map(|()| read(&input, extension.as_deref())))?;
    // A parser that panics met a file that it does not understand.
    let outcome = reader.join().unwrap_or_else(|_| Ok(Err(ExtractError::Broken)))?;
    answer::write(&mut out, outcome)
}

fn read(input: &File, extension: Option<&str>) -> Result<Extracted, ExtractError> {
    let mut bytes = Vec::new();
    let mut input = input.take(MAX_FILE_BYTES + 1);
    input.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ExtractError::TooCostly);
    }
    extract::extract(bytes.into(), extension)
}

fn unreadable(error: io::Error) -> ExtractError {
    match error.kind() {
        io::ErrorKind::OutOfMemory => ExtractError::TooCostly,
        _ => ExtractError::Unavailable(Box::new(error)),
    }
}
