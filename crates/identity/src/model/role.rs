//! What a member may do.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The role of a member, from the least to the most. Each may do what the ones before it may, so that "at least an
/// admin" is `role >= Role::Admin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also connects own accounts, syncs them and uploads.
    User,
    /// Also sees the connections and jobs of the whole company, and invites.
    Admin,
    /// Everything: transfer of ownership, purge, erasure and export too.
    Owner,
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown role: expected viewer, user, admin or owner")]
pub struct UnknownRole;

impl Role {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::User, Self::Admin, Self::Owner];

    /// The word in rows, answers and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::User => "user",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_known_by_its_name() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn roles_are_ordered_from_the_least_to_the_most() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Viewer < Role::User && Role::Admin < Role::Owner);
    }
}
