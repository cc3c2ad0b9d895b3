//! Rows that should not be.

use std::error::Error as StdError;
use std::fmt::Display;

use cortex_kernel::StoreError;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A row holds what no program of ours writes. Names where to look.
#[derive(Debug, Error)]
#[error("{table}.{column} of row {row} cannot be read")]
pub(crate) struct Inconsistency {
    table: &'static str,
    column: &'static str,
    row: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Where a row is read, for what to say when it cannot be.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a dyn Display,
}

impl Reading<'_> {
    /// The value that a text stands for.
    pub(crate) fn parse<T>(&self, column: &'static str, text: &str) -> Result<T, Inconsistency>
    where
        T: std::str::FromStr<Err: StdError + Send + Sync + 'static>,
    {
        text.parse().map_err(|error| self.wrong(column, Some(Box::new(error))))
    }

    /// The value of a column that is empty in no row of ours.
    pub(crate) fn required<T>(&self, column: &'static str, value: Option<T>) -> Result<T, Inconsistency> {
        value.ok_or_else(|| self.wrong(column, None))
    }

    /// The value that a JSON document stands for.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        json: serde_json::Value,
    ) -> Result<T, Inconsistency> {
        serde_json::from_value(json).map_err(|error| self.wrong(column, Some(Box::new(error))))
    }

    /// A number that is never negative.
    pub(crate) fn natural(&self, column: &'static str, number: i32) -> Result<u32, Inconsistency> {
        number.try_into().map_err(|error| self.wrong(column, Some(Box::new(error))))
    }

    fn wrong(&self, column: &'static str, source: Option<Box<dyn StdError + Send + Sync>>) -> Inconsistency {
        Inconsistency { table: self.table, column, row: self.row.to_string(), source }
    }
}

/// Those of the rows that can be read. The others are logged, and hold up nothing that is about all.
pub(crate) fn readable<R, T: TryFrom<R, Error = Inconsistency>>(rows: Vec<R>) -> Vec<T> {
    let read = |row| {
        T::try_from(row).inspect_err(|error| tracing::error!(error = error as &dyn StdError, "a row is left out")).ok()
    };
    rows.into_iter().filter_map(read).collect()
}

impl From<Inconsistency> for StoreError {
    fn from(inconsistency: Inconsistency) -> Self {
        Self::Broken(Box::new(inconsistency))
    }
}
