//! By what it is told whether something is the same as before.

use sha2::{Digest, Sha256};

use super::text::hex;

/// SHA-256 over the parts of something, in hexadecimal: of what a record said when all that it does not carry was had, so
/// that one that says the same is not fetched again; of what a request carries, so that it is told from another one under
/// the same key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of parts in their order; where one ends and the next begins counts too.
    #[must_use]
    pub fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hex(&hash.finalize()))
    }

    /// Takes a stored one.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for rows and keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_where_its_parts_end() {
        let one = Fingerprint::of(["ab", "c"]);

        assert_eq!(one, Fingerprint::of(["ab", "c"]));
        for other in [Fingerprint::of(["a", "bc"]), Fingerprint::of(["c", "ab"]), Fingerprint::of(["abc"])] {
            assert_ne!(one, other);
        }
        assert_eq!(one.as_str().len(), 64);
    }
}
