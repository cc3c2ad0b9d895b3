//! What the reading process may do: read its standard input and write its answer.

use std::fs::File;
use std::io;

/// The standard output, for the answer alone. Whatever else is printed, by a parser that tells of its troubles, goes to
/// standard error from now on.
#[cfg(unix)]
pub(crate) fn take_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    let answer = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok(File::from(answer))
}

/// The standard input, to be read without a buffer of its own.
#[cfg(unix)]
pub(crate) fn take_stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Takes everything from this process that it does not need: it opens no file and no socket from now on, writes to no
/// file, starts no process (unless it is root's) and no thread, leaves no image of its memory, and has so much memory
/// and time. Nothing gives it back.
#[cfg(unix)]
pub(crate) fn confine() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    use crate::limits::{MAX_CPU_SECONDS, MAX_MEMORY_BYTES};

    let limits = [
        (Resource::As, MAX_MEMORY_BYTES),
        (Resource::Cpu, MAX_CPU_SECONDS),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
        (Resource::Nproc, 0),
    ];
    for (resource, most) in limits {
        // A machine may be stricter already.
        let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Where nothing can be given up nothing is read.
#[cfg(not(unix))]
pub(crate) fn take_stdout() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Where nothing can be given up nothing is read.
#[cfg(not(unix))]
pub(crate) fn take_stdin() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Where nothing can be given up nothing is read.
#[cfg(not(unix))]
pub(crate) fn confine() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
