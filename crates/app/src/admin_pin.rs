//! The PIN of the admin panel: its hash, and how one is compared with it.
//!
//! Argon2 takes tens of milliseconds and megabytes on purpose. It runs on threads that may block, and on two of them at
//! most: more logins at once wait, and cost neither memory nor the threads that answer requests.

use std::sync::Arc;

use anyhow::anyhow;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use async_trait::async_trait;
use cortex_identity::ports::{AdminTokens, PinVerifier, VerifyPinError};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// An Argon2id hash that can be compared with, at costs that make sense. Its `Debug` tells nothing of it.
#[derive(Clone)]
pub struct PinHash(Box<PasswordHash>);

/// Compares PINs with one hash.
pub(crate) struct ArgonPinVerifier {
    hash: PinHash,
    slots: Arc<Semaphore>,
}

/// Makes tokens of the process's random numbers.
pub(crate) struct RandomAdminTokens;

/// So many PINs are hashed at once.
const AT_ONCE: usize = 2;

/// Longest PIN in bytes. A longer one is not the PIN, and costs what the others cost.
pub(crate) const MAX_PIN_BYTES: usize = 256;

/// Memory in KiB that one hash may take.
const MAX_MEMORY: u32 = 1024 * 1024;
/// Passes over the memory, and lanes that it is divided into.
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 64;
/// KiB that all passes together go through: about two seconds of work at most, and not so little that guessing is free.
const MAX_WORK: u64 = 4 * 1024 * 1024;
const MIN_WORK: u64 = 4 * 1024;

impl PinHash {
    /// Reads a hash in PHC string format; says what is wrong with one that cannot be used.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreadable = "not an Argon2id hash: set what `cortex admin hash-pin` prints, in single quotes where a shell \
                          or a .env file reads it";
        let hash = PasswordHash::new(text).map_err(|_| unreadable.to_owned())?;
        if hash.algorithm.as_str() != "argon2id" || hash.salt.is_none() || hash.hash.is_none() {
            return Err(unreadable.to_owned());
        }
        if hash.version.is_some_and(|version| argon2::Version::try_from(version).is_err()) {
            return Err(
                "a version of Argon2 that is not known: make a new hash with `cortex admin hash-pin`".to_owned()
            );
        }
        let costs = Params::try_from(&hash).map_err(|_| unreadable.to_owned())?;
        let work = u64::from(costs.m_cost()) * u64::from(costs.t_cost());
        if costs.m_cost() > MAX_MEMORY || costs.t_cost() > MAX_PASSES || costs.p_cost() > MAX_LANES || work > MAX_WORK {
            return Err("its costs are so high that every login would keep the service busy for seconds: make a new \
                        hash with `cortex admin hash-pin`"
                .to_owned());
        }
        if work < MIN_WORK {
            return Err(
                "its costs are so low that whoever reads the hash finds the PIN at once: make a new hash with \
                        `cortex admin hash-pin`"
                    .to_owned(),
            );
        }
        Ok(Self(Box::new(hash)))
    }

    /// Hashes a PIN with a new salt.
    pub fn of(pin: &str) -> anyhow::Result<Self> {
        let hash = Argon2::default().hash_password(pin.as_bytes());
        hash.map(|hash| Self(Box::new(hash))).map_err(|error| anyhow!("the PIN cannot be hashed: {error}"))
    }

    /// The hash in PHC string format.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_string()
    }

    /// Whether this is the PIN, at the same cost for every PIN.
    pub(crate) fn is_of(&self, pin: &str) -> bool {
        let fits = pin.len() <= MAX_PIN_BYTES;
        let compared = if fits { pin } else { "" };
        let is_same = Argon2::default().verify_password(compared.as_bytes(), &*self.0).is_ok();
        is_same & fits
    }
}

impl std::fmt::Debug for PinHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl ArgonPinVerifier {
    pub(crate) fn new(hash: PinHash) -> Self {
        Self { hash, slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[async_trait]
impl PinVerifier for ArgonPinVerifier {
    async fn is_right(&self, pin: &SecretString) -> Result<bool, VerifyPinError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| VerifyPinError(error);
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|error| failed(Box::new(error)))?;
        let (hash, pin) = (self.hash.clone(), pin.clone());
        // The slot goes with the work: a caller who leaves does not make room for another one before it is done.
        let compared = tokio::task::spawn_blocking(move || {
            let is_right = hash.is_of(pin.expose_secret());
            drop(slot);
            is_right
        });
        compared.await.map_err(|error| failed(Box::new(error)))
    }
}

impl AdminTokens for RandomAdminTokens {
    fn new_token(&self) -> SecretString {
        let [high, low]: [u128; 2] = rand::random();
        format!("{high:032x}{low:032x}").into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rstest::rstest;

    use super::*;

    const SALT_AND_HASH: &str = "c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";

    #[tokio::test]
    async fn a_pin_is_known_by_its_hash() {
        let hash = PinHash::of("917364").unwrap();
        let verifier = ArgonPinVerifier::new(PinHash::parse(&hash.to_text()).unwrap());

        for (pin, expected) in [("917364", true), ("917365", false), ("", false), (&"9".repeat(100_000), false)] {
            assert_eq!(verifier.is_right(&pin.to_owned().into()).await.unwrap(), expected);
        }
    }

    /// The empty PIN is what an over-long one is compared as.
    #[test]
    fn an_over_long_pin_is_never_right() {
        let hash = PinHash::of("").unwrap();

        assert!(hash.is_of(""));
        assert!(!hash.is_of(&"9".repeat(MAX_PIN_BYTES + 1)));
    }

    /// Wide bounds, for machines that do other things meanwhile: without hashing the ratio is above a thousand.
    #[test]
    fn wrong_right_and_over_long_pins_cost_the_same() {
        let hash = PinHash::of("917364").unwrap();
        let fastest = |pin: &str| {
            (0..3)
                .map(|_| {
                    let begun = Instant::now();
                    hash.is_of(pin);
                    begun.elapsed()
                })
                .min()
                .unwrap_or(Duration::MAX)
        };

        let right = fastest("917364");
        for other in [fastest("1"), fastest(&"9".repeat(1_000_000))] {
            let ratio = right.as_secs_f64() / other.as_secs_f64();
            assert!((0.2..5.0).contains(&ratio), "{right:?} and {other:?}");
        }
    }

    #[rstest]
    #[case::a_pin("918273", "not an Argon2id hash")]
    #[case::another_kind(
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        "not an Argon2id hash"
    )]
    #[case::no_output("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0", "not an Argon2id hash")]
    #[case::no_base64(
        "$argon2id$v=19$m=19456,t=2,p=1$c2Fsd!!NhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        "not an Argon2id hash"
    )]
    #[case::no_costs("$argon2id$v=19$m=much,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "not an Argon2id hash")]
    #[case::unknown_version("$argon2id$v=77$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "version")]
    #[case::too_much_memory("$argon2id$v=19$m=4000000,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "so high")]
    #[case::too_many_passes("$argon2id$v=19$m=19456,t=5000,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "so high")]
    #[case::too_cheap("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "so low")]
    fn a_hash_that_cannot_be_used_says_why(#[case] text: &str, #[case] said: &str) {
        let error = PinHash::parse(text).unwrap_err();

        assert!(error.contains(said), "{error}");
        assert!(!error.contains(SALT_AND_HASH), "{error}");
    }

    #[test]
    fn a_token_has_256_bits_and_is_never_the_same() {
        let [one, another] = [RandomAdminTokens.new_token(), RandomAdminTokens.new_token()];

        assert_eq!(one.expose_secret().len(), 64);
        assert_ne!(one.expose_secret(), another.expose_secret());
    }
}
