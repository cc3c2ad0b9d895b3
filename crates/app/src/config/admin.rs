//! The admin panel: its PIN, its sessions and from where it may be used.

use std::time::Duration;

use ipnet::IpNet;

use super::reader::{Reader, Reading, network};
use super::secret::Secret;
use super::variable::{Fallback, SERVE, Variable};
use crate::admin_pin::PinHash;

pub(super) const VARIABLES: &[Variable] = &[
    Variable::optional(
        "ADMIN_PIN_HASH",
        SERVE,
        "Argon2id hash of the admin PIN, as `cortex admin hash-pin` prints it; without a PIN nobody can log in",
    )
    .secret(),
    Variable::new(
        "ADMIN_PIN",
        Fallback::ByEnvironment { development: Some("2525"), production: None },
        SERVE,
        "the PIN itself, in development only",
    )
    .secret(),
    Variable::preset("ADMIN_SESSION_DURATION", "3600", SERVE, "how many seconds an admin session lasts")
        .within(1, 86_400),
    Variable::preset("ADMIN_LOGIN_MAX_FAILURES", "5", SERVE, "wrong PINs from one address before it has to wait")
        .within(1, 1_000),
    Variable::preset("ADMIN_LOGIN_WINDOW_SECONDS", "900", SERVE, "over how many seconds wrong PINs are counted")
        .within(1, 86_400),
    Variable::preset(
        "ADMIN_LOGIN_GLOBAL_MAX",
        "50",
        SERVE,
        "wrong PINs from all addresses together before everyone has to wait",
    )
    .within(1, 100_000),
    Variable::optional(
        "ADMIN_IP_WHITELIST",
        SERVE,
        "addresses and ranges, with commas between them, from which the admin panel may be used; checked at login and \
         on every call",
    ),
];

/// The admin panel.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// What a PIN is checked against; without it nobody can log in.
    pub pin: Option<AdminPin>,
    /// How long a session lasts.
    pub session_duration: Duration,
    /// Wrong PINs per address in the window.
    pub login_max_failures: u32,
    /// Over which time wrong PINs count.
    pub login_window: Duration,
    /// Wrong PINs over all addresses in the window.
    pub login_global_max: u32,
    /// From where the panel may be used; empty is from everywhere.
    pub allowed_networks: Vec<IpNet>,
}

/// What a PIN is checked against.
#[derive(Clone, Debug)]
pub enum AdminPin {
    /// An Argon2id hash that can be compared with.
    Hash(PinHash),
    /// The PIN itself; never in production.
    Plain(Secret),
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let pin = read_pin(reader);
        let session_duration = reader.seconds("ADMIN_SESSION_DURATION");
        let login_max_failures = reader.integer("ADMIN_LOGIN_MAX_FAILURES");
        let login_window = reader.seconds("ADMIN_LOGIN_WINDOW_SECONDS");
        let login_global_max = reader.integer("ADMIN_LOGIN_GLOBAL_MAX");
        let allowed_networks = reader.list("ADMIN_IP_WHITELIST", network);
        Ok(Self {
            pin: pin?,
            session_duration: session_duration?,
            login_max_failures: login_max_failures?,
            login_window: login_window?,
            login_global_max: login_global_max?,
            allowed_networks: allowed_networks?,
        })
    }
}

/// A hash counts before a plain PIN, so that development can try what production will run with.
fn read_pin(reader: &mut Reader<'_>) -> Reading<Option<AdminPin>> {
    let production = reader.environment().is_production();
    let hash = reader.optional("ADMIN_PIN_HASH", PinHash::parse);
    let plain = reader.optional("ADMIN_PIN", |text| {
        if production {
            return Err(
                "production refuses a plain PIN: set ADMIN_PIN_HASH instead, from `cortex admin hash-pin`".to_owned()
            );
        }
        Ok(Secret::new(text))
    });
    Ok(match (hash?, plain?) {
        (Some(hash), _) => Some(AdminPin::Hash(hash)),
        (None, Some(plain)) => Some(AdminPin::Plain(plain)),
        (None, None) => None,
    })
}
