//! Values that a test starts from and changes where it matters.

use cortex_kernel::{CompanyId, UserId};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::uuid;

use crate::model::{Account, Company, CompanyClaims, CompanyStatus, Membership, Role, VerifiedToken};

/// The company of the deployment under test.
pub const COMPANY_A: CompanyId = CompanyId::new(uuid!("0a000000-0000-4000-8000-00000000000a"));
/// Some other company.
pub const COMPANY_B: CompanyId = CompanyId::new(uuid!("0b000000-0000-4000-8000-00000000000b"));
/// A person.
pub const USER_1: UserId = UserId::new(uuid!("01000000-0000-4000-8000-000000000001"));
/// Another person.
pub const USER_2: UserId = UserId::new(uuid!("02000000-0000-4000-8000-000000000002"));
/// The moment at which tests take place.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

/// [`COMPANY_A`], active.
#[must_use]
pub fn a_company() -> Company {
    Company { id: COMPANY_A, slug: "company-a".to_owned(), name: "Company A".to_owned(), status: CompanyStatus::Active }
}

/// [`USER_1`] as an active member of [`COMPANY_A`] in the role `user`.
#[must_use]
pub fn a_membership() -> Membership {
    Membership {
        user_id: USER_1,
        company_id: COMPANY_A,
        email: "one@example.com".parse().expect("an address"),
        role: Role::User,
        is_active: true,
        invitation_expires_at: None,
    }
}

/// A token of [`USER_1`] that the service role bound to [`COMPANY_A`].
#[must_use]
pub fn a_token() -> VerifiedToken {
    VerifiedToken {
        user_id: USER_1,
        email: Some("one@example.com".parse().expect("an address")),
        companies: CompanyClaims { app_metadata: vec![COMPANY_A.to_string()], user_metadata: None },
        session_id: Some("session-1".to_owned()),
        issued_at: Some(NOON),
        expires_at: NOON + Duration::HOUR,
    }
}

/// The account of [`USER_1`], in which no company stands.
#[must_use]
pub fn an_account() -> Account {
    Account { user_id: USER_1, company_ids: Vec::new(), company_id: None, own_company_id: None }
}
