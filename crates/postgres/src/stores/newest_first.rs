//! Pages of rows with numbers, the newest first.

use cortex_connections::ports::DirectoryError;
use cortex_kernel::{Page, PageRequest};

/// Before which number, and how many: one more than asked for, to know whether there is a next page.
pub(super) fn bounds(page: &PageRequest) -> Result<(Option<i64>, i64), DirectoryError> {
    let before = page.cursor().map(str::parse).transpose().map_err(|_| DirectoryError::Cursor)?;
    Ok((before, i64::from(page.limit()) + 1))
}

pub(super) fn page_of<T>(mut items: Vec<T>, page: &PageRequest, id: impl Fn(&T) -> i64) -> Page<T> {
    let limit = usize::from(page.limit());
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| !is_last).map(|last| id(last).to_string());
    Page { items, next_cursor }
}
