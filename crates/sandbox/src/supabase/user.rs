//! A user, as the API shows them and as their tokens do.

use std::fmt;

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::config::SeedUser;
use crate::random;

/// Who signs in.
#[derive(Clone)]
pub struct User {
    /// The `sub` of their tokens.
    pub id: Uuid,
    /// Their address, lower case.
    pub email: String,
    /// What the service role alone may write.
    pub app_metadata: Map<String, Value>,
    /// What they may write themselves.
    pub user_metadata: Map<String, Value>,
    /// `authenticated`, unless an administrator chose another.
    pub role: String,
    /// Whether it is an anonymous sign-in.
    pub is_anonymous: bool,
    /// When the address was confirmed.
    pub email_confirmed_at: Option<OffsetDateTime>,
    /// When they were invited last.
    pub invited_at: Option<OffsetDateTime>,
    /// When they signed in last.
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// Until when they are locked out.
    pub banned_until: Option<OffsetDateTime>,
    /// When they came.
    pub created_at: OffsetDateTime,
    /// When something about them changed last.
    pub updated_at: OffsetDateTime,
    pub(super) password: Option<String>,
    /// The address that they asked to change to, until they confirm it.
    pub(super) new_email: Option<String>,
}

/// The audience of every user, and the default role.
pub(super) const AUTHENTICATED: &str = "authenticated";

impl User {
    /// A user who came by e-mail, not confirmed yet.
    pub(super) fn new(email: &str, now: OffsetDateTime) -> Self {
        Self {
            id: random::uuid(),
            email: email.to_lowercase(),
            app_metadata: Map::from_iter([
                ("provider".to_owned(), json!("email")),
                ("providers".to_owned(), json!(["email"])),
            ]),
            user_metadata: Map::new(),
            role: AUTHENTICATED.to_owned(),
            is_anonymous: false,
            email_confirmed_at: None,
            invited_at: None,
            last_sign_in_at: None,
            banned_until: None,
            created_at: now,
            updated_at: now,
            password: None,
            new_email: None,
        }
    }

    /// Somebody whom the project does not know.
    pub(super) fn somebody(id: Uuid, now: OffsetDateTime) -> Self {
        let mut user = Self::new("somebody@nowhere.example", now);
        user.id = id;
        user
    }

    pub(super) fn seeded(seed: SeedUser, now: OffsetDateTime) -> Self {
        let mut user = Self::new(&seed.email, now);
        user.id = seed.id.unwrap_or(user.id);
        user.app_metadata.extend(seed.app_metadata);
        user.user_metadata = seed.user_metadata;
        user.password = seed.password;
        user.is_anonymous = seed.anonymous;
        if seed.confirmed {
            user.confirm(now);
        }
        user
    }

    /// Confirms the address.
    pub(super) fn confirm(&mut self, now: OffsetDateTime) {
        self.email_confirmed_at.get_or_insert(now);
        self.user_metadata.insert("email_verified".to_owned(), json!(true));
    }

    pub(super) fn is_banned(&self, now: OffsetDateTime) -> bool {
        self.banned_until.is_some_and(|until| until > now)
    }

    /// As every endpoint shows them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let verified = self.email_confirmed_at.is_some();
        let mut user = json!({
            "id": self.id,
            "aud": AUTHENTICATED,
            "role": self.role,
            "email": self.email,
            "phone": "",
            "app_metadata": self.app_metadata,
            "user_metadata": self.user_metadata,
            "identities": [{
                "identity_id": Uuid::new_v5(&self.id, b"identity"),
                "id": self.id,
                "user_id": self.id,
                "identity_data": {
                    "email": self.email, "email_verified": verified, "phone_verified": false, "sub": self.id,
                },
                "provider": "email",
                "last_sign_in_at": stamp(self.last_sign_in_at.unwrap_or(self.created_at)),
                "created_at": stamp(self.created_at),
                "updated_at": stamp(self.updated_at),
                "email": self.email,
            }],
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
            "is_anonymous": self.is_anonymous,
        });
        let optional = [
            ("email_confirmed_at", self.email_confirmed_at),
            ("confirmed_at", self.email_confirmed_at),
            ("invited_at", self.invited_at),
            ("confirmation_sent_at", self.invited_at),
            ("last_sign_in_at", self.last_sign_in_at),
            ("banned_until", self.banned_until),
        ];
        for (name, moment) in optional {
            if let Some(moment) = moment {
                user[name] = json!(stamp(moment));
            }
        }
        if let Some(address) = &self.new_email {
            user["new_email"] = json!(address);
        }
        user
    }

    /// The claims of an access token of theirs.
    pub(super) fn claims(
        &self,
        issuer: &str,
        now: OffsetDateTime,
        seconds: u32,
        session: Uuid,
        signed_in_at: OffsetDateTime,
    ) -> Map<String, Value> {
        let claims = json!({
            "iss": issuer,
            "sub": self.id,
            "aud": AUTHENTICATED,
            "exp": (now + Duration::seconds(seconds.into())).unix_timestamp(),
            "iat": now.unix_timestamp(),
            "email": self.email,
            "phone": "",
            "app_metadata": self.app_metadata,
            "user_metadata": self.user_metadata,
            "role": self.role,
            "aal": "aal1",
            "amr": [{
                "method": if self.is_anonymous { "anonymous" } else { "password" },
                "timestamp": signed_in_at.unix_timestamp(),
            }],
            "session_id": session,
            "is_anonymous": self.is_anonymous,
        });
        serde_json::from_value(claims).expect("an object is a map")
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// As Go writes a moment.
pub(super) fn stamp(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).expect("a date of the present")
}

/// SQL's `LIKE '%pattern%'`: `%` stands for anything, `_` for any one character.
pub(super) fn contains_like(text: &str, pattern: &str) -> bool {
    fn like(text: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
            Some((wanted, rest)) => text
                .split_first()
                .is_some_and(|(found, behind)| (*wanted == '_' || wanted == found) && like(behind, rest)),
        }
    }
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    like(&letters(text), &letters(&format!("%{pattern}%")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_both_wildcards() {
        assert!(contains_like("ada@kestrelpumps.example", "kestrel"));
        assert!(contains_like("a.b@x.example", "a_b@"));
        assert!(contains_like("anything", ""));
        assert!(contains_like("ada@kestrelpumps.example", "ada%example"));
        assert!(!contains_like("ada@kestrelpumps.example", "Ada"));
        assert!(!contains_like("ada", "adam"));
    }
}
