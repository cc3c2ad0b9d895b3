//! The adapter from outside: real signatures, a clock that stands still, real sockets, and an issuer made for the test.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a test fails that test")]

mod accepted_tokens;
mod examiner;
mod http_jwks;
mod key_rotation;
mod refused_tokens;
mod support;
mod user_directory;
mod verified_again;
