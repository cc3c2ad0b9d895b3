//! That a member's address is a colleague's.

use cortex_kernel::StoreError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::Abort;

/// Why a transaction that gives somebody an address, or activity with one, was given up.
pub(super) enum AddressTaken {
    /// An active colleague has the address.
    ByColleague,
    /// Something else was the matter.
    Unknown(StoreError),
}

impl AddressTaken {
    /// Ends the transaction whose statement failed so. The one unique thing beside ids is the address.
    pub(super) fn abort(error: DieselError) -> Abort<Self> {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Abort::Decided(Self::ByColleague),
            error => error.into(),
        }
    }
}

impl From<StoreError> for AddressTaken {
    fn from(error: StoreError) -> Self {
        Self::Unknown(error)
    }
}
