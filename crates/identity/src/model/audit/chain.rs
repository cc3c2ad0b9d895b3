//! How rows become seals, version 1.
//!
//! Everything that is hashed begins with the number of the version and a letter for what it is, and goes on with fields.
//! A field is 0 where there is no value, else 1, the length of the text in bytes (four of them, the greatest first) and
//! the text as UTF-8: no two lists of fields read the same. Numbers are written in decimal, hashes and digests in
//! hexadecimal, moments as microseconds since 1970. The migration that begins the chain computes the same in SQL.

use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

use cortex_kernel::CompanyId;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

const VERSION: u8 = 1;

/// What is hashed.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Entry = b'E',
    Past = b'G',
    Seal = b'S',
}

/// A SHA-256 hash of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

/// These bytes are no hash of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected the 32 bytes of a hash")]
pub struct InvalidChainHash;

impl ChainHash {
    /// What stands before the first seal.
    pub const NOTHING: Self = Self([0; 32]);

    /// Takes bytes as a hash.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for rows.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&[u8]> for ChainHash {
    type Error = InvalidChainHash;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidChainHash> {
        bytes.try_into().map(Self).map_err(|_| InvalidChainHash)
    }
}

impl FromStr for ChainHash {
    type Err = InvalidChainHash;

    fn from_str(text: &str) -> Result<Self, InvalidChainHash> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidChainHash);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidChainHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidChainHash)?;
        }
        Ok(Self(bytes))
    }
}

/// All that an audit row says, as it stands in the database: somebody may have made of it what he liked, so no part is
/// taken to have the form that it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryFacts {
    /// Its id.
    pub id: Uuid,
    /// The company, as rows are kept apart by.
    pub tenant_id: String,
    /// The company, as readers are told.
    pub company_id: String,
    /// Who did it.
    pub user_id: Option<String>,
    /// The session of the admin who did it.
    pub session_id: Option<Uuid>,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// When, in microseconds since 1970; none where it is no moment of the calendar.
    pub at_micros: Option<i64>,
    /// What may be forgotten of it.
    pub personal: Personal,
}

/// What of an audit row may be forgotten some day, and what is left of it then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal {
    /// What the digests are salted with. Forgotten together with the values.
    pub salt: Option<Vec<u8>>,
    /// The address that asked for it.
    pub address: Option<String>,
    /// The program that asked for it.
    pub user_agent: Option<String>,
    /// The rest, as the database writes JSON.
    pub details: Option<String>,
    /// The digest of the address.
    pub address_digest: Option<Vec<u8>>,
    /// The digest of the program.
    pub agent_digest: Option<Vec<u8>>,
    /// The digest of the rest.
    pub details_digest: Option<Vec<u8>>,
}

/// Whether what is personal is what the digests were made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalState {
    /// It is.
    Kept,
    /// It was forgotten, all of it.
    Forgotten,
    /// It is something else.
    Altered,
}

impl EntryFacts {
    /// The hash that a seal is made of.
    #[must_use]
    pub fn hash(&self) -> ChainHash {
        let Self { id, tenant_id, company_id, user_id, session_id, action, resource_type, resource_id, .. } = self;
        let (id, session_id) = (id.to_string(), session_id.map(|id| id.to_string()));
        let at = self.at_micros.map(|micros| micros.to_string());
        let digest = |digest: &Option<Vec<u8>>| digest.as_deref().map(hex);
        Encoding::of(Kind::Entry)
            .field(Some(tenant_id))
            .field(Some(company_id))
            .field(Some(&id))
            .field(user_id.as_deref())
            .field(session_id.as_deref())
            .field(Some(action))
            .field(resource_type.as_deref())
            .field(resource_id.as_deref())
            .field(self.request_id.as_deref())
            .field(at.as_deref())
            .field(digest(&self.personal.address_digest).as_deref())
            .field(digest(&self.personal.agent_digest).as_deref())
            .field(digest(&self.personal.details_digest).as_deref())
            .end()
    }
}

impl Personal {
    /// Whether it is what its digests were made of. The digests themselves are covered by the row's hash.
    #[must_use]
    pub fn state(&self) -> PersonalState {
        let values = [
            ("address", &self.address, &self.address_digest),
            ("agent", &self.user_agent, &self.agent_digest),
            ("details", &self.details, &self.details_digest),
        ];
        let agrees = |holds: bool, state| if holds { state } else { PersonalState::Altered };
        match &self.salt {
            Some(salt) => {
                let made = |name, value: &Option<String>| salted(salt, name, value.as_deref());
                let all = values
                    .iter()
                    .all(|(name, value, digest)| digest.as_deref() == Some(made(name, value).as_bytes().as_slice()));
                agrees(all, PersonalState::Kept)
            }
            None => agrees(values.iter().all(|(_, value, _)| value.is_none()), PersonalState::Forgotten),
        }
    }

    /// These values with their digests, as the database makes them at an insert.
    #[must_use]
    pub fn salted(salt: Vec<u8>, address: Option<String>, user_agent: Option<String>, details: Option<String>) -> Self {
        let digest = |name, value: &Option<String>| Some(salted(&salt, name, value.as_deref()).as_bytes().to_vec());
        let digests = (digest("address", &address), digest("agent", &user_agent), digest("details", &details));
        let (address_digest, agent_digest, details_digest) = digests;
        Self { salt: Some(salt), address, user_agent, details, address_digest, agent_digest, details_digest }
    }

    /// What is left once it was forgotten.
    #[must_use]
    pub fn forgotten(self) -> Self {
        Self { salt: None, address: None, user_agent: None, details: None, ..self }
    }
}

/// What a seal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// All rows from before there were seals; so many.
    Past(u64),
    /// This row.
    Entry(Uuid),
}

/// A seal that was just made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSeal {
    /// Its place in the chain, from 0.
    pub seq: u64,
    /// What it stands for.
    pub covers: Covers,
    /// The hash of the seal before it.
    pub previous: ChainHash,
    /// Its own hash.
    pub hash: ChainHash,
}

/// A seal as it stands in the database, whatever somebody made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSeal {
    /// Its place in the chain.
    pub seq: i64,
    /// The row that it stands for.
    pub entry: Option<Uuid>,
    /// How many rows from before it stands for.
    pub covered: Option<i64>,
    /// The hash of the seal before it.
    pub previous: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
}

/// The newest seal of a chain: all before it follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealHead {
    /// Its place in the chain.
    pub seq: u64,
    /// Its hash.
    pub hash: ChainHash,
}

impl SealHead {
    /// The seal of the row that comes next.
    #[must_use]
    pub fn seal(&self, company_id: CompanyId, entry: &EntryFacts) -> NewSeal {
        let (seq, previous) = (self.seq + 1, self.hash);
        let hash = Encoding::of(Kind::Seal)
            .field(Some(&company_id.to_string()))
            .field(Some(&seq.to_string()))
            .field(Some(&previous.to_string()))
            .field(Some(&entry.id.to_string()))
            .field(Some(&entry.hash().to_string()))
            .end();
        NewSeal { seq, covers: Covers::Entry(entry.id), previous, hash }
    }
}

impl NewSeal {
    /// It as the newest one.
    #[must_use]
    pub const fn head(&self) -> SealHead {
        SealHead { seq: self.seq, hash: self.hash }
    }
}

/// The rows from before there were seals, folded into one hash in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    count: u64,
    folded: ChainHash,
}

impl Past {
    /// No rows: the past of a database in which there were seals from the beginning.
    pub const NONE: Self = Self { count: 0, folded: ChainHash::NOTHING };

    /// How many rows there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Folds the next row in.
    pub fn add(&mut self, entry: &EntryFacts) {
        let folded = Sha256::new().chain_update(self.folded.0).chain_update(entry.hash().0).finalize();
        self.folded = ChainHash(folded.into());
        self.count += 1;
    }

    /// The seal that every chain begins with.
    #[must_use]
    pub fn seal(&self, company_id: CompanyId) -> NewSeal {
        let hash = Encoding::of(Kind::Past)
            .field(Some(&company_id.to_string()))
            .field(Some(&self.count.to_string()))
            .field(Some(&self.folded.to_string()))
            .end();
        NewSeal { seq: 0, covers: Covers::Past(self.count), previous: ChainHash::NOTHING, hash }
    }
}

fn salted(salt: &[u8], name: &str, value: Option<&str>) -> ChainHash {
    Encoding(Sha256::new().chain_update(salt)).field(Some(name)).field(value).end()
}

/// What was encoded so far, hashed as it comes.
struct Encoding(Sha256);

impl Encoding {
    fn of(kind: Kind) -> Self {
        Self(Sha256::new().chain_update([VERSION, kind as u8]))
    }

    fn field(mut self, value: Option<&str>) -> Self {
        match value {
            None => self.0.update([0]),
            Some(text) => {
                let length = u32::try_from(text.len()).expect("no column holds four gigabytes");
                self.0.update([1]);
                self.0.update(length.to_be_bytes());
                self.0.update(text);
            }
        }
        self
    }

    fn end(self) -> ChainHash {
        ChainHash(self.0.finalize().into())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // A String takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
