//! Request bodies. Auth reads JSON whatever the content type says.

use serde::de::DeserializeOwned;

use crate::supabase::error::AuthError;

/// The shortest password.
const PASSWORD_LENGTH: usize = 6;

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AuthError> {
    serde_json::from_slice(body)
        .map_err(|error| AuthError::new(400, "bad_json", format!("Could not parse request body as JSON: {error}")))
}

/// The address in lower case, if it is one.
pub(super) fn valid_email(email: &str) -> Result<String, AuthError> {
    let email = email.trim().to_lowercase();
    if email.is_empty() {
        return Err(AuthError::new(400, "validation_failed", "An email address is required"));
    }
    let valid = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@') && !email.contains(char::is_whitespace)
    });
    if !valid {
        let message = "Unable to validate email address: invalid format";
        return Err(AuthError::new(400, "validation_failed", message));
    }
    Ok(email)
}

/// The password, if it is long enough.
pub(super) fn valid_password(password: String) -> Result<String, AuthError> {
    if password.chars().count() < PASSWORD_LENGTH { Err(AuthError::weak_password()) } else { Ok(password) }
}
