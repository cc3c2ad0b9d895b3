//! Typed ids, one type a kind of thing, and where new ones come from.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// An id that is a UUID on every surface.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as this kind of id.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for rows and wire formats.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

/// An id that is a positive integer on every surface.
macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Takes a row's number as this kind of id.
            #[must_use]
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The bare number, for rows and wire formats.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A person, as Master Supabase Auth knows him (`auth.users.id`).
    UserId
);
uuid_id!(
    /// A company, as Master's registry knows it (`companies.id`). In a company's own database the same id stands as
    /// text in every `tenant_id`.
    CompanyId
);
uuid_id!(
    /// A sync job.
    JobId
);
uuid_id!(
    /// A conversation of a person with what the company knows.
    ChatId
);
uuid_id!(
    /// A report that a person keeps.
    SavedReportId
);
uuid_id!(
    /// A session of the admin panel.
    AdminSessionId
);
integer_id!(
    /// A connection of a person to one provider: our own number of it (`connections.id`), which survives reconnects.
    ConnectionId
);
integer_id!(
    /// A document.
    DocumentId
);

/// The id that the connection broker (Nango) gave to a connection. It changes with every reconnect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerConnectionId(String);

impl BrokerConnectionId {
    /// Takes the broker's text as it is: it is opaque to us.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The broker's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BrokerConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where new ids come from, so that tests can foretell them.
pub trait IdGenerator: Send + Sync {
    /// A UUID that was never given before.
    fn new_uuid(&self) -> Uuid;
}

/// Random ids (UUID version 4, RFC 9562).
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdGenerator for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes random ids")]
    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_way_through_text() {
        let id = UserId::new(RandomIds.new_uuid());

        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
