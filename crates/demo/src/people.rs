//! Who is who: two companies of the sandbox's invented world, and somebody who belongs to neither.

use uuid::{Uuid, uuid};

/// A company with a deployment of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Company {
    /// `A` or `B`.
    pub(crate) mark: &'static str,
    pub(crate) id: Uuid,
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
}

/// Somebody with a sign-in at Master.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// `A1`: the first of company A.
    pub(crate) mark: &'static str,
    pub(crate) id: Uuid,
    pub(crate) name: &'static str,
    /// Address of the sign-in and of the Google account alike.
    pub(crate) email: &'static str,
    /// The membership: none for the stranger.
    pub(crate) member: Option<(&'static Company, &'static str)>,
}

/// Everybody's password at the stand-in of Supabase Auth.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) const A: Company =
    Company { mark: "A", id: uuid!("a0000000-0000-4000-8000-000000000000"), slug: "kestrel", name: "Kestrel Pumps" };
pub(crate) const B: Company = Company {
    mark: "B",
    id: uuid!("b0000000-0000-4000-8000-000000000000"),
    slug: "bramblewick",
    name: "Bramblewick Foods",
};

pub(crate) const A1: Person = Person {
    mark: "A1",
    id: uuid!("a0000000-0000-4000-8000-0000000000a1"),
    name: "Marta Ilves",
    email: "marta.ilves@kestrelpumps.example",
    member: Some((&A, "owner")),
};
pub(crate) const A2: Person = Person {
    mark: "A2",
    id: uuid!("a0000000-0000-4000-8000-0000000000a2"),
    name: "Jonas Feldhaus",
    email: "jonas.feldhaus@kestrelpumps.example",
    member: Some((&A, "user")),
};
pub(crate) const B1: Person = Person {
    mark: "B1",
    id: uuid!("b0000000-0000-4000-8000-0000000000b1"),
    name: "Olive Thackeray",
    email: "olive.thackeray@bramblewick.example",
    member: Some((&B, "owner")),
};
pub(crate) const STRANGER: Person = Person {
    mark: "the stranger",
    id: uuid!("c0000000-0000-4000-8000-0000000000c1"),
    name: "Victor Lund",
    email: "victor.lund@elsewhere.example",
    member: None,
};

pub(crate) const EVERYBODY: [&Person; 4] = [&A1, &A2, &B1, &STRANGER];

/// A Google account in A's house that belongs to neither A1 nor A2.
pub(crate) const ANOTHER_ACCOUNT: &str = "priya.raman@kestrelpumps.example";

/// The mark of a person or company in place of the id; an id that is nobody's as it is.
pub(crate) fn mark(id: &str) -> String {
    let people = EVERYBODY.iter().map(|person| (person.id, person.mark));
    let companies = [&A, &B].map(|company| (company.id, company.mark));
    let found = people.chain(companies).find(|(known, _)| known.to_string() == id);
    found.map_or_else(|| id.to_owned(), |(_, mark)| mark.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_as_marks_and_no_two_are_the_same() {
        let marks = EVERYBODY.map(|person| mark(&person.id.to_string()));
        assert_eq!(marks, ["A1", "A2", "B1", "the stranger"]);
        assert_eq!([&A, &B].map(|company| mark(&company.id.to_string())), ["A", "B"]);
        assert_eq!(mark("b0000000"), "b0000000");
    }
}
