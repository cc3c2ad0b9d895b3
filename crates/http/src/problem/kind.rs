//! The closed table of what can go wrong, as clients see it.

use actix_web::http::StatusCode;

/// Makes the enum and the table from one list, so that neither can lack an entry.
macro_rules! problem_kinds {
    ($($name:ident = $status:ident, $code:literal, $title:literal, $meaning:literal;)*) => {
        /// What went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemKind {
            $(#[doc = $meaning] $name,)*
        }

        impl ProblemKind {
            /// All of them, by status.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        status: StatusCode::$status,
                        code: $code,
                        title: $title,
                        meaning: $meaning,
                    },)*
                }
            }
        }
    };
}

problem_kinds! {
    MalformedRequest = BAD_REQUEST, "malformed_request", "Malformed request",
        "The request cannot be understood.";
    MalformedJson = BAD_REQUEST, "malformed_json", "Malformed JSON",
        "The body is not valid JSON.";
    InvalidPath = BAD_REQUEST, "invalid_path", "Invalid path",
        "A part of the path has the wrong form.";
    InvalidQuery = BAD_REQUEST, "invalid_query", "Invalid query",
        "A query parameter is missing or has the wrong form.";
    UnsupportedProvider = BAD_REQUEST, "unsupported_provider", "Unsupported provider",
        "There is no such provider.";
    ProviderNotConfigured = BAD_REQUEST, "provider_not_configured", "Provider not configured",
        "This provider is switched off in this deployment.";
    OwnMembership = BAD_REQUEST, "own_membership", "Own membership",
        "Members do not deactivate themselves: a colleague who may can do it.";
    TooManyFiles = BAD_REQUEST, "too_many_files", "Too many files",
        "There are more files in the form than are taken at once.";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid_idempotency_key", "Invalid idempotency key",
        "The header Idempotency-Key is there once, with 1 to 255 visible characters of ASCII.";
    Unauthenticated = UNAUTHORIZED, "unauthenticated", "Unauthenticated",
        "A valid access token must stand in the header Authorization, after the word Bearer.";
    InvalidSignature = UNAUTHORIZED, "invalid_signature", "Invalid signature",
        "The webhook is not signed, or its signature does not hold.";
    AdminSessionRequired = UNAUTHORIZED, "admin_session_required", "Admin session required",
        "The token of an open session of the admin panel must stand in the header X-Admin-Session, which is there once.";
    WrongPin = UNAUTHORIZED, "wrong_pin", "Wrong PIN",
        "This is not the PIN of the admin panel.";
    AddressNotAllowed = FORBIDDEN, "address_not_allowed", "Address not allowed",
        "The admin panel may not be used from your address.";
    WrongCompany = FORBIDDEN, "wrong_company", "Wrong company",
        "The token is not bound to the company of this deployment.";
    CompanyInactive = FORBIDDEN, "company_inactive", "Company inactive",
        "The company is not active.";
    NotAMember = FORBIDDEN, "not_a_member", "Not a member",
        "You are not a member of this company.";
    MembershipInactive = FORBIDDEN, "membership_inactive", "Membership inactive",
        "Your membership in this company is deactivated, or your invitation has run out.";
    RoleTooLow = FORBIDDEN, "role_too_low", "Role too low",
        "Your role in this company does not allow this.";
    SyncLocked = FORBIDDEN, "sync_locked", "Sync locked",
        "The initial sync was started before, or an admin does not want it; an admin can allow it once more.";
    NotFound = NOT_FOUND, "not_found", "Not found",
        "There is nothing at this address, or nothing that you may see.";
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed",
        "This address does not take this method; the header Allow names those it takes.";
    NotAcceptable = NOT_ACCEPTABLE, "not_acceptable", "Not acceptable",
        "The answer cannot be given in an encoding that the request accepts.";
    RequestTimeout = REQUEST_TIMEOUT, "request_timeout", "Request timeout",
        "The request took too long to arrive.";
    NotConnected = CONFLICT, "not_connected", "Not connected",
        "The account is not connected: connect it first.";
    NeedsReauthorization = CONFLICT, "needs_reauthorization", "Needs re-authorization",
        "The provider no longer lets us in: connect the account again.";
    AlreadyAMember = CONFLICT, "already_a_member", "Already a member",
        "An active member has this address.";
    EmailTaken = CONFLICT, "email_taken", "Address taken",
        "Another active member has the same address.";
    LastOwner = CONFLICT, "last_owner", "Last owner",
        "The last active owner of the company stays: make somebody else an owner first.";
    WrongState = CONFLICT, "wrong_state", "Wrong state",
        "What you want cannot be done with it as it is now.";
    IdempotencyKeyInUse = CONFLICT, "idempotency_key_in_use", "Idempotency key in use",
        "The request with this Idempotency-Key is being done at this moment: ask again for its answer.";
    Gone = GONE, "gone", "Gone",
        "This address is no longer in use.";
    PayloadTooLarge = PAYLOAD_TOO_LARGE, "payload_too_large", "Payload too large",
        "The body is larger than this address takes.";
    FileTooLarge = PAYLOAD_TOO_LARGE, "file_too_large", "File too large",
        "A file is larger than this deployment takes.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type",
        "The body must be JSON, with the header Content-Type: application/json.";
    UnsupportedFileType = UNSUPPORTED_MEDIA_TYPE, "unsupported_file_type", "Unsupported file type",
        "Files of this kind are not taken; what a file is, its bytes say.";
    InvalidField = UNPROCESSABLE_ENTITY, "invalid_field", "Invalid field",
        "A field of the body is missing, unknown or has a value that it cannot have; errors names each.";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key reused",
        "The Idempotency-Key names another request: a new request takes a new key.";
    FileEmpty = UNPROCESSABLE_ENTITY, "file_empty", "File empty",
        "There is nothing in the file.";
    FileEncrypted = UNPROCESSABLE_ENTITY, "file_encrypted", "File encrypted",
        "The file can be read with a password only.";
    FileBroken = UNPROCESSABLE_ENTITY, "file_broken", "File broken",
        "The file is cut off, or is not what it begins like.";
    FileExpandsTooMuch = UNPROCESSABLE_ENTITY, "file_expands_too_much", "File expands too much",
        "What the file unpacks to is out of all proportion.";
    FileTooDeep = UNPROCESSABLE_ENTITY, "file_too_deep", "File too deep",
        "Things in the file stand within each other too deeply.";
    FileTooCostly = UNPROCESSABLE_ENTITY, "file_too_costly", "File too costly",
        "Reading the file takes more time or memory than a file may take.";
    FileWithoutText = UNPROCESSABLE_ENTITY, "file_without_text", "File without text",
        "There is no text in the file: it is blank, or shows pictures of text.";
    RateLimited = TOO_MANY_REQUESTS, "rate_limited", "Rate limited",
        "You called more often than you may; Retry-After says when to come again.";
    TooManyAttempts = TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts",
        "Too many PINs were wrong: the next one is looked at when the time in Retry-After is over.";
    QuotaExceeded = TOO_MANY_REQUESTS, "quota_exceeded", "Quota exceeded",
        "It is more than you may bring in on a day; Retry-After says when the next one begins.";
    Internal = INTERNAL_SERVER_ERROR, "internal_error", "Internal error",
        "Something went wrong on our side. Tell us the instance if it happens again.";
    InvitationsNotConfigured = NOT_IMPLEMENTED, "invitations_not_configured", "Invitations not configured",
        "This deployment cannot invite: it has no key for the accounts at Master.";
    AdminNotConfigured = NOT_IMPLEMENTED, "admin_not_configured", "Admin panel not configured",
        "This deployment has no admin PIN, so nobody can log in.";
    InvitationNotSent = BAD_GATEWAY, "invitation_not_sent", "Invitation not sent",
        "The mail could not be sent, and nobody was invited.";
    AccountsBadAnswer = BAD_GATEWAY, "accounts_bad_answer", "Accounts answered nonsense",
        "The service that keeps people's accounts answered something that makes no sense.";
    NangoBadAnswer = BAD_GATEWAY, "nango_bad_answer", "Nango answered nonsense",
        "The connection broker answered something that makes no sense.";
    AccountsUnavailable = SERVICE_UNAVAILABLE, "accounts_unavailable", "Accounts unavailable",
        "The service that keeps people's accounts cannot be used at the moment.";
    NangoUnavailable = SERVICE_UNAVAILABLE, "nango_unavailable", "Nango unavailable",
        "The connection broker cannot be used at the moment.";
    ExtractionUnavailable = SERVICE_UNAVAILABLE, "extraction_unavailable", "Extraction unavailable",
        "Files cannot be read at the moment.";
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "Unavailable",
        "Something that the service depends on is away at the moment.";
    NotReady = SERVICE_UNAVAILABLE, "not_ready", "Not ready",
        "The service cannot do its work at the moment; components says which part is missing.";
}

#[derive(Clone, Copy)]
struct Row {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    meaning: &'static str,
}

impl ProblemKind {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// The stable word that clients compare.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// The short summary, the same for every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// What it means; the detail of a problem that has nothing better to say.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// The URI that names the kind (RFC 9457, section 3.1.1).
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("urn:cortex:problem:{}", self.code())
    }

    /// The kind for a failure of which only the status is known.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited,
            other if other.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own_and_they_stand_by_status() {
        let codes: BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
        let statuses: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.status()).collect();

        assert_eq!(codes.len(), ProblemKind::ALL.len());
        assert!(statuses.is_sorted(), "{statuses:?}");
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    }

    #[test]
    fn a_bare_status_becomes_a_kind_of_its_class() {
        for code in 400..600 {
            let status = StatusCode::from_u16(code).unwrap();
            let kind = ProblemKind::of_status(status);
            assert_eq!(kind.status().is_client_error(), status.is_client_error(), "{status}");
        }
    }
}
