//! Random identifiers and tokens.

use uuid::{Builder, Uuid};

use crate::hex;

/// A version 4 UUID.
pub(crate) fn uuid() -> Uuid {
    Builder::from_random_bytes(rand::random()).into_uuid()
}

/// `bytes` random bytes as lower case hexadecimal digits.
pub(crate) fn hex(bytes: usize) -> String {
    (0..bytes).map(|_| hex::encode([rand::random::<u8>()])).collect()
}

/// The id of a log entry as an error list shows it: milliseconds and eight letters.
pub(crate) fn log_id(now: time::OffsetDateTime) -> String {
    format!("{}_{}", now.unix_timestamp_nanos() / 1_000_000, hex(4))
}
