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

    /// How many rows to read for a page: one more than are asked for, to know whether there is a next page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where to begin, in the words of the store that wrote it; none for the beginning.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

impl<T> Page<T> {
    /// The page that was asked for, of what there is from its beginning on: at least [`PageRequest::rows`], where there are
    /// as many. `cursor` names the place behind an item.
    #[must_use]
    pub fn of(mut items: Vec<T>, request: &PageRequest, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::from(request.limit);
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| !is_last).map(cursor);
        Self { items, next_cursor }
    }

    /// The page with other things in the place of its items.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }

    /// The same, where that may fail.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(f).collect::<Result<_, E>>()?;
        Ok(Page { items, next_cursor: self.next_cursor })
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

    #[test]
    fn a_page_ends_where_the_next_one_begins() {
        let request = PageRequest::new(Some(2), None);
        let page = |items: &[u8]| {
            let Page { items, next_cursor } = Page::of(items.to_vec(), &request, ToString::to_string);
            (items, next_cursor)
        };

        assert_eq!(request.rows(), 3);
        assert_eq!(page(&[]), (vec![], None));
        assert_eq!(page(&[1, 2]), (vec![1, 2], None));
        assert_eq!(page(&[1, 2, 3]), (vec![1, 2], Some("2".to_owned())));
    }

    #[test]
    fn what_stands_in_a_page_is_replaced_and_its_place_stays() {
        let page = Page { items: vec!["1", "2"], next_cursor: Some("2".to_owned()) };

        let numbers = page.clone().try_map(str::parse::<u8>).unwrap();

        assert_eq!(numbers, Page { items: vec![1, 2], next_cursor: Some("2".to_owned()) });
        assert_eq!(numbers.map(|number| number + 1).items, [2, 3]);
        assert!(Page { items: vec!["1", "x"], ..page }.try_map(str::parse::<u8>).is_err());
    }
}
