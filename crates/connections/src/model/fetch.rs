//! What the broker tells of its own fetching.

/// How the broker fared when it last fetched from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fetch {
    /// It fetched, and something may be there to be read.
    Done,
    /// It could not.
    Failed,
}
