//! How much people bring in, and how much they may.

use cortex_kernel::{Page, UserId};
use time::OffsetDateTime;

/// How much was brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Documents that were new.
    pub documents: u64,
    /// Bytes: of a file as it was uploaded, and of the text of what came in otherwise.
    pub bytes: u64,
}

/// How much one person may bring in by hand on a day, by the calendar of UTC. None is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Documents.
    pub documents: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

impl Quota {
    /// Whether anything is bounded.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        self.documents.is_some() || self.bytes.is_some()
    }

    /// Whether somebody who brought in so much today may bring in so much `more`. What brings no document in is held to
    /// the bytes only.
    ///
    /// [`DocumentWriter`](crate::ports::DocumentWriter) decides the same again, in its transaction.
    #[must_use]
    pub fn admits(self, today: Amount, more: Amount) -> bool {
        let documents = today.documents.saturating_add(more.documents);
        let bytes = today.bytes.saturating_add(more.bytes);
        self.documents.is_none_or(|most| more.documents == 0 || documents <= most)
            && self.bytes.is_none_or(|most| bytes <= most)
    }
}

/// How much a person brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Ever, also of what is gone.
    pub total: Amount,
    /// Today.
    pub today: Amount,
    /// When the next day begins.
    pub resets_at: OffsetDateTime,
}

/// How much the people of a company brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyUsage {
    /// All of them together.
    pub of_all: Usage,
    /// Some of those who brought in anything, by their ids.
    pub members: Page<MemberUsage>,
}

/// How much one of them did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberUsage {
    /// Who.
    pub user_id: UserId,
    /// Ever, also of what is gone.
    pub total: Amount,
    /// Today.
    pub today: Amount,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::without_limit(Quota::default(), 1_000, 1_000, true)]
    #[case::the_last_document(Quota { documents: Some(6), bytes: None }, 1, 9, true)]
    #[case::one_document_too_many(Quota { documents: Some(5), bytes: None }, 1, 9, false)]
    #[case::no_document(Quota { documents: Some(1), bytes: None }, 0, 9, true)]
    #[case::the_last_byte(Quota { documents: None, bytes: Some(59) }, 1, 9, true)]
    #[case::a_byte_too_many(Quota { documents: None, bytes: Some(58) }, 1, 9, false)]
    #[case::bytes_without_a_document(Quota { documents: None, bytes: Some(58) }, 0, 9, false)]
    #[case::nothing_more(Quota { documents: Some(0), bytes: Some(50) }, 0, 0, true)]
    #[case::beyond_all_numbers(Quota { documents: None, bytes: Some(100) }, 1, u64::MAX, false)]
    fn so_much_more_is_admitted(
        #[case] quota: Quota,
        #[case] documents: u64,
        #[case] bytes: u64,
        #[case] is_admitted: bool,
    ) {
        let today = Amount { documents: 5, bytes: 50 };

        assert_eq!(quota.admits(today, Amount { documents, bytes }), is_admitted);
    }
}
