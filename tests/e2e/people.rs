//! Who is who: two companies of the sandbox's invented world.

use cortex_kernel::{CompanyId, UserId};
use uuid::{Uuid, uuid};

/// Company A, the one that the stack serves.
pub(crate) const KESTREL: CompanyId = CompanyId::new(uuid!("a0000000-0000-4000-8000-000000000000"));
/// Company B.
pub(crate) const BRAMBLEWICK: CompanyId = CompanyId::new(uuid!("b0000000-0000-4000-8000-000000000000"));

/// Somebody with a sign-in at Master.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) email: &'static str,
    /// The company that his token is bound to.
    pub(crate) company: CompanyId,
    /// His membership there, where he has one.
    pub(crate) role: Option<&'static str>,
}

/// A1: owner of A.
pub(crate) const MARTA: Person = Person {
    id: user(uuid!("a0000000-0000-4000-8000-0000000000a1")),
    email: "marta.ilves@kestrelpumps.example",
    company: KESTREL,
    role: Some("owner"),
};
/// A2: a colleague of hers.
pub(crate) const JONAS: Person = Person {
    id: user(uuid!("a0000000-0000-4000-8000-0000000000a2")),
    email: "jonas.feldhaus@kestrelpumps.example",
    company: KESTREL,
    role: Some("user"),
};
/// A colleague who administers.
pub(crate) const ADA: Person = Person {
    id: user(uuid!("a0000000-0000-4000-8000-0000000000a5")),
    email: "ada.brook@kestrelpumps.example",
    company: KESTREL,
    role: Some("admin"),
};
/// A3: a colleague who only reads.
pub(crate) const VERA: Person = Person {
    id: user(uuid!("a0000000-0000-4000-8000-0000000000a3")),
    email: "vera.stone@kestrelpumps.example",
    company: KESTREL,
    role: Some("viewer"),
};
/// B1: owner of B.
pub(crate) const OLIVE: Person = Person {
    id: user(uuid!("b0000000-0000-4000-8000-0000000000b1")),
    email: "olive.thackeray@bramblewick.example",
    company: BRAMBLEWICK,
    role: Some("owner"),
};
/// Nobody's member, whose token names A all the same.
pub(crate) const STRANGER: Person = Person {
    id: user(uuid!("c0000000-0000-4000-8000-0000000000c1")),
    email: "stranger@elsewhere.example",
    company: KESTREL,
    role: None,
};

const fn user(id: Uuid) -> UserId {
    UserId::new(id)
}
