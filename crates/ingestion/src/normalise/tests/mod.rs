//! What holds for the records of all models, and what tests of each have in common.

mod properties;

use serde_json::Value;

use super::{Account, Told, ToldDocument};

/// Of whom the records are in tests.
pub(super) fn account() -> Account {
    Account { source_account: "nora@example.com".to_owned() }
}

/// `record` with the fields of `other` in place of its own.
pub(super) fn with(mut record: Value, other: Value) -> Value {
    let Value::Object(other) = other else { panic!("fields") };
    record.as_object_mut().unwrap().extend(other);
    record
}

/// The document that is told.
pub(super) fn document(told: Told) -> ToldDocument {
    match told {
        Told::Document(told) => *told,
        other => panic!("expected a document, got {other:?}"),
    }
}
