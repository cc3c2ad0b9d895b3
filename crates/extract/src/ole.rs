//! Compound files: Office before 2007, and what stands around an encrypted file of today's.
//!
//! None of it is read. The names in the directory of such a file tell what it is, and stand there in UTF-16.

use cortex_ingestion::ports::ExtractError;

const NAMES: &[(&str, &str)] = &[
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
];

/// How many bytes an entry of the directory has; its name stands first.
const ENTRY: usize = 128;

/// Why it is not read.
pub(crate) fn complaint(bytes: &[u8]) -> ExtractError {
    if bytes.len() < 512 {
        return ExtractError::Broken;
    }
    if has_entry(bytes, "EncryptedPackage") {
        return ExtractError::Encrypted;
    }
    let found =
        NAMES.iter().find(|(name, _)| has_entry(bytes, name)).map_or("application/x-ole-storage", |(_, found)| found);
    ExtractError::Unsupported { found: found.to_owned() }
}

/// Directories are made of entries in sectors, which are aligned to what an entry is long.
fn has_entry(bytes: &[u8], name: &str) -> bool {
    let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    bytes.chunks(ENTRY).any(|entry| entry.starts_with(&name))
}
