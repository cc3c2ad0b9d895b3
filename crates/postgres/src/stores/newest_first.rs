//! Pages of rows with numbers, the newest first.

use cortex_connections::ports::DirectoryError;
use cortex_kernel::{Page, PageRequest};

/// Before which number, and how many.
pub(super) fn bounds(page: &PageRequest) -> Result<(Option<i64>, i64), DirectoryError> {
    let before = page.cursor().map(str::parse).transpose().map_err(|_| DirectoryError::Cursor)?;
    Ok((before, page.rows()))
}

pub(super) fn page_of<T>(items: Vec<T>, page: &PageRequest, id: impl Fn(&T) -> i64) -> Page<T> {
    Page::of(items, page, |last| id(last).to_string())
}
