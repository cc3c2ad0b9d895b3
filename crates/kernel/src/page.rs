//! Lists in pages.

/// What a caller asks of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u16,
    cursor: Option<String>,
}

/// A part of a list and where the next part begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Where to go on; none on the last page.
    pub next_cursor: Option<String>,
}

impl PageRequest {
    /// Items in a page when the caller does not say.
    pub const DEFAULT_LIMIT: u16 = 50;
    /// Most items in a page.
    pub const MAX_LIMIT: u16 = 200;

    /// Asks for `limit` items from `cursor` on. A limit outside 1 to [`Self::MAX_LIMIT`] is brought inside.
    #[must_use]
    pub fn new(limit: Option<u16>, cursor: Option<String>) -> Self {
        Self { limit: limit.unwrap_or(Self::DEFAULT_LIMIT).clamp(1, Self::MAX_LIMIT), cursor }
    }

    /// How many items at most; from 1 to [`Self::MAX_LIMIT`].
    #[must_use]
    pub const fn limit(&self) -> u16 {
        self.limit
    }

    /// Where to begin, in the words of the store that wrote it; none for the beginning.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_stays_within_bounds() {
        assert_eq!(PageRequest::new(None, None).limit(), 50);
        assert_eq!(PageRequest::new(Some(0), None).limit(), 1);
        assert_eq!(PageRequest::new(Some(9_999), None).limit(), 200);
    }
}
