//! What the stand-in knows at a moment: users, sessions, keys, mail.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::keys::KeyRing;
use super::user::User;
use crate::random;

/// Everything that changes.
pub(super) struct State {
    pub(super) keys: KeyRing,
    pub(super) mail: MailService,
    pub(super) outbox: Vec<SentMail>,
    users: Vec<User>,
    sessions: Vec<Session>,
}

/// Whether mail goes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailService {
    /// It does.
    #[default]
    Working,
    /// The mail server cannot be reached: invitations fail with 500 and leave nothing behind.
    Broken,
    /// Too many were sent: invitations fail with 429.
    RateLimited,
}

/// A mail that the project sent.
#[derive(Clone, Serialize)]
pub struct SentMail {
    /// To whom.
    pub email: String,
    /// What for; `invite`.
    pub kind: &'static str,
    /// The link in it; its `token` is for `POST /verify` as `token_hash`.
    pub link: String,
    /// The link's token, empty once it was used. A new mail makes the former ones worthless.
    pub token: String,
}

/// A sign-in and what came of it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) user: Uuid,
    pub(super) signed_in_at: OffsetDateTime,
    /// All refresh tokens of the session; the last one is good.
    refresh_tokens: Vec<String>,
}

/// What became of a refresh token.
pub(super) enum Refreshed {
    /// The session goes on with the token at the end of its list.
    Session(Session),
    /// It was used before; the session is over.
    AlreadyUsed,
    /// Nobody ever issued it, or its session is over.
    Unknown,
}

impl State {
    pub(super) fn new(users: Vec<User>) -> Self {
        let (mail, keys) = (MailService::default(), KeyRing::generate());
        Self { keys, mail, outbox: Vec::new(), users, sessions: Vec::new() }
    }

    pub(super) fn users(&self) -> &[User] {
        &self.users
    }

    pub(super) fn user(&self, id: Uuid) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn user_mut(&mut self, id: Uuid) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    pub(super) fn user_by_email(&self, email: &str) -> Option<&User> {
        let email = email.to_lowercase();
        self.users.iter().find(|user| user.email == email)
    }

    pub(super) fn add_user(&mut self, user: User) {
        self.users.push(user);
    }

    /// Deletes a user with their sessions; false when there is none.
    pub(super) fn remove_user(&mut self, id: Uuid) -> bool {
        let before = self.users.len();
        self.users.retain(|user| user.id != id);
        self.sessions.retain(|session| session.user != id);
        self.users.len() < before
    }

    pub(super) fn has_session(&self, id: Uuid) -> bool {
        self.sessions.iter().any(|session| session.id == id)
    }

    pub(super) fn sign_in(&mut self, user: Uuid, now: OffsetDateTime) -> Session {
        let refresh_tokens = vec![random::hex(6)];
        let session = Session { id: random::uuid(), user, signed_in_at: now, refresh_tokens };
        self.sessions.push(session.clone());
        if let Some(user) = self.user_mut(user) {
            user.last_sign_in_at = Some(now);
        }
        session
    }

    /// Signs in whoever got a mail with that token, and confirms their address. Only their last mail counts, and once.
    pub(super) fn accept(&mut self, token: &str, now: OffsetDateTime) -> Option<(User, Session)> {
        let mail = self.outbox.iter().rposition(|mail| !token.is_empty() && mail.token == token)?;
        let email = self.outbox[mail].email.clone();
        if self.outbox[mail + 1..].iter().any(|later| later.email == email) {
            return None;
        }
        self.outbox[mail].token.clear();
        let id = self.user_by_email(&email)?.id;
        let session = self.sign_in(id, now);
        let user = self.user_mut(id)?;
        user.confirm(now);
        Some((user.clone(), session))
    }

    /// Ends the sessions of a user that `ends` says yes to.
    pub(super) fn sign_out(&mut self, user: Uuid, ends: impl Fn(&Session) -> bool) {
        self.sessions.retain(|session| session.user != user || !ends(session));
    }

    /// Exchanges a refresh token. The one before the good one is answered with the good one: its client did not get to
    /// keep the last answer.
    pub(super) fn refresh(&mut self, token: &str) -> Refreshed {
        let position = |session: &Session| session.refresh_tokens.iter().position(|known| known == token);
        let found = self.sessions.iter().enumerate().find_map(|(index, s)| position(s).map(|place| (index, place)));
        let Some((index, place)) = found else { return Refreshed::Unknown };
        let session = &mut self.sessions[index];
        match session.refresh_tokens.len() - place {
            1 => session.refresh_tokens.push(random::hex(6)),
            2 => {}
            _ => {
                self.sessions.remove(index);
                return Refreshed::AlreadyUsed;
            }
        }
        Refreshed::Session(session.clone())
    }
}

impl fmt::Debug for SentMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentMail").field("email", &self.email).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn refresh_token(&self) -> &str {
        self.refresh_tokens.last().map_or("", String::as_str)
    }
}
