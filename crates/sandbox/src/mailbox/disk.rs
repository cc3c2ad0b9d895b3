//! Mail from disk: which kind of place it is, and every message in it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::MailboxError;
use super::mbox::{self, LONGEST_MESSAGE};

/// Hands every message at `path` to `sink`, in the order of the file or of the names.
pub(super) fn read(path: &Path, sink: &mut dyn FnMut(Vec<u8>)) -> Result<(), MailboxError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => MailboxError::NoSuchPath(path.to_path_buf()),
        _ => unreadable(path)(source),
    })?;
    if metadata.is_dir() {
        let mut found = false;
        return read_directory(path, &mut found, sink)
            .and_then(|()| if found { Ok(()) } else { Err(MailboxError::NotAMailbox(path.to_path_buf())) });
    }
    if has_ending(path, "eml") { read_eml(path, sink) } else { read_mbox(path, sink) }
}

/// Links to directories are not followed: they can lead in a circle.
fn read_directory(path: &Path, found: &mut bool, sink: &mut dyn FnMut(Vec<u8>)) -> Result<(), MailboxError> {
    let mut entries: Vec<_> =
        fs::read_dir(path).and_then(Iterator::collect::<Result<_, _>>).map_err(unreadable(path))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(unreadable(&entry.path()))?;
        if kind.is_dir() {
            read_directory(&entry.path(), found, sink)?;
        } else if has_ending(&entry.path(), "eml") {
            *found = true;
            read_eml(&entry.path(), sink)?;
        } else if has_ending(&entry.path(), "mbox") || entry.file_name() == "mbox" {
            *found = true;
            read_mbox(&entry.path(), sink)?;
        }
    }
    Ok(())
}

fn read_eml(path: &Path, sink: &mut dyn FnMut(Vec<u8>)) -> Result<(), MailboxError> {
    let limit = LONGEST_MESSAGE as u64;
    let mut raw = Vec::new();
    let file = File::open(path).map_err(unreadable(path))?;
    file.take(limit + 1).read_to_end(&mut raw).map_err(unreadable(path))?;
    if raw.len() as u64 > limit {
        tracing::warn!(file = %path.display(), limit, "the message is too long and is passed over");
    } else {
        sink(raw);
    }
    Ok(())
}

fn read_mbox(path: &Path, sink: &mut dyn FnMut(Vec<u8>)) -> Result<(), MailboxError> {
    let mut reader = BufReader::new(File::open(path).map_err(unreadable(path))?);
    let start = reader.fill_buf().map_err(unreadable(path))?;
    if start.is_empty() {
        return Err(MailboxError::Empty(path.to_path_buf()));
    }
    if !mbox::begins_mbox(start) {
        return Err(MailboxError::NotAMailbox(path.to_path_buf()));
    }
    mbox::split(reader, sink).map_err(unreadable(path))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> MailboxError {
    let path = path.to_path_buf();
    move |source| MailboxError::Unreadable { path, source }
}
