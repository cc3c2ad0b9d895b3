//! Finds the migration that a person means.

use thiserror::Error;

use crate::schema::Database;

/// The text names no migration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no migration {wanted} of the {database} database: the newest is {newest}")]
pub struct UnknownVersion {
    database: Database,
    wanted: String,
    newest: String,
}

/// Finds the migration of a database by its number (`012`, `12`) or its whole name, and gives its whole name.
pub fn resolve(database: Database, wanted: &str) -> Result<String, UnknownVersion> {
    let names = super::names(database);
    let newest = names.last().cloned().unwrap_or_default();
    names.into_iter().find(|name| name == wanted || is_numbered(name, wanted)).ok_or_else(|| UnknownVersion {
        database,
        wanted: wanted.to_owned(),
        newest,
    })
}

/// The number at the beginning of a name, by which diesel keeps its books.
pub(super) fn number(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

fn is_numbered(name: &str, wanted: &str) -> bool {
    match (number(name).parse::<u32>(), wanted.parse::<u32>()) {
        (Ok(number), Ok(wanted)) => number == wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_known_by_number_and_by_name() {
        let name = "012_add_user_tracking_to_connections";

        for wanted in ["012", "12", name] {
            assert_eq!(resolve(Database::Company, wanted).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_is_no_migration_is_answered_with_the_newest() {
        let error = resolve(Database::Master, "999").unwrap_err().to_string();

        assert!(error.starts_with("there is no migration 999 of the master database: the newest is 0"), "{error}");
    }
}
