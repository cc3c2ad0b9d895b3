//! A stand-in for Nango that speaks its HTTP contract: connect sessions, connections, syncs, records, proxy, webhooks.
//!
//! It keeps everything in memory and knows nothing of the product that calls it. What it does on purpose unlike the
//! real one: webhooks may go to loopback addresses, there is no dashboard, runs have no schedule (a trigger, a new
//! connection or the control API starts them), and texts for people are worded anew.
//!
//! Behind it stand the [providers](crate::provider). Behind the scenes a test or a developer works by
//! [`NangoControl`], or by the same things over HTTP under `/sandbox/`, which needs no key:
//!
//! | call | body | does |
//! |---|---|---|
//! | `POST /sandbox/connect` | `connect_session_token`, `integration`, `account`, `decision?` | goes the browser's way |
//! | `GET`, `PUT /sandbox/environments` | an [`EnvironmentConfig`] | shows keys; adds or replaces |
//! | `GET`, `PUT /sandbox/accounts` | an [`AccountConfig`](crate::provider::AccountConfig) | accounts at the providers |
//! | `POST /sandbox/accounts/revoke` | `account`, `vendor?` | refreshing its tokens fails from now on |
//! | `POST /sandbox/records` | connection, `model`, `save?`, `delete?`, `prune?` | changes records quietly |
//! | `POST /sandbox/syncs/run`, `…/plan` | connection, `sync`, `script?` | runs now; scripts the next run |
//! | `POST /sandbox/syncs/hold` | `hold` | runs do not end while held |
//! | `POST /sandbox/scheduler` | `down` | triggers answer 200 and nothing runs |
//! | `GET`, `POST`, `DELETE /sandbox/faults` | a [`Fault`](crate::faults::Fault) | trouble of the API |
//! | `GET`, `POST`, `DELETE /sandbox/provider/faults` | the same | trouble of the providers |
//! | `GET /sandbox/webhooks`, `POST /sandbox/webhooks/lose` | `count` | what was sent; loses the next ones |
//! | `GET /sandbox/requests` | | what came in |
//! | `POST /sandbox/rate-limit` | `per_minute` | 0 = no limit |
//! | `POST /sandbox/clock/advance` | `seconds` | lets time pass |
//! | `POST /sandbox/down` | `part` (`api` or `providers`), `millis` | an outage: connections are refused |
//!
//! A connection is named by `connection_id`, `provider_config_key` and, where that is not enough, `environment`.

mod config;
mod control;
mod doors;
mod error;
mod form;
mod gate;
mod journal;
mod limit;
mod oauth;
mod records;
mod routes;
mod state;
mod syncs;
mod tokens;
mod view;
mod webhooks;
mod world;

use std::cell::LazyCell;
use std::net::TcpListener;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

pub use config::{EnvironmentConfig, IntegrationConfig, LimitedKey, NangoConfig, SyncConfig, WebhookSettings};
pub use control::{ConnectionName, Decision, EnvironmentKeys, NangoControl, SandboxError};
pub use doors::Part;
pub use journal::{Attempt, Delivery, DeliveryOutcome, ReceivedRequest};
pub use syncs::SyncScript;

use crate::StartError;
use crate::mailbox::Mailbox;
use crate::provider::{Account, Provider};
use crate::tasks::Tasks;
use doors::Doors;
use state::State;

/// The most that a request body may weigh.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Starts stand-ins.
#[derive(Debug)]
pub struct Nango;

/// A stand-in at work, together with its providers. Dropping it leaves the servers running; [`RunningNango::stop`]
/// ends them.
#[derive(Debug)]
pub struct RunningNango {
    control: NangoControl,
}

impl Nango {
    /// Starts the API and the providers, each on an address of its own. Has to be called within a tokio runtime.
    pub fn start(config: NangoConfig) -> Result<RunningNango, StartError> {
        let (listener, base_url) = bind(config.listen)?;
        let (provider_listener, provider_url) = bind(config.provider_listen)?;
        let (clock, tasks) = (config.clock.clone(), Tasks::new());
        let mail = LazyCell::new(|| Mailbox::written(clock.now()));
        let provider = Provider::new(clock.clone(), Duration::from_secs(config.access_token_seconds));
        for account in &config.accounts {
            provider.put_account(Account::configured(account, || mail.clone(), clock.now())?);
        }
        let environments = match config.environments.as_slice() {
            [] => vec![EnvironmentConfig::default()],
            some => some.to_vec(),
        };
        drop(mail);
        let doors = Doors::new(listener.local_addr()?, provider_listener.local_addr()?);
        let state = Arc::new(State::new(config, base_url, provider_url, doors, clock, provider, tasks));
        let control = NangoControl { state: Arc::clone(&state) };
        for environment in environments {
            control.put_environment(environment);
        }
        doors::open(&state, Part::Providers, provider_listener)?;
        doors::open(&state, Part::Api, listener)?;
        Ok(RunningNango { control })
    }
}

impl RunningNango {
    /// Address of the API, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.control.state.base_url
    }

    /// Address of the providers, without a slash at the end.
    #[must_use]
    pub fn provider_url(&self) -> &str {
        &self.control.state.provider_url
    }

    /// The hands behind the scenes, to keep.
    #[must_use]
    pub fn control(&self) -> NangoControl {
        self.control.clone()
    }

    /// Ends runs, deliveries and both servers.
    pub async fn stop(self) {
        let tasks = &self.control.state.tasks;
        tasks.stop();
        self.control.go_down(Part::Api).await;
        self.control.go_down(Part::Providers).await;
        tasks.ended().await;
    }
}

impl Deref for RunningNango {
    type Target = NangoControl;

    fn deref(&self) -> &NangoControl {
        &self.control
    }
}

fn bind(address: std::net::SocketAddr) -> Result<(TcpListener, String), StartError> {
    let listener = TcpListener::bind(address).map_err(|source| StartError::Bind { address, source })?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}
