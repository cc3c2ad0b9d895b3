//! How far a job got.

/// What a job's committed pages add up to, over all its runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pages committed.
    pub pages: u64,
    /// Records read.
    pub seen: u64,
    /// Documents that are new.
    pub added: u64,
    /// Documents that changed.
    pub updated: u64,
    /// Records that said nothing new.
    pub unchanged: u64,
    /// Sources that vanished at the provider.
    pub deleted: u64,
    /// Deletions that wait for somebody's confirmation.
    pub held: u64,
    /// Records that could not be taken in.
    pub set_aside: u64,
}
