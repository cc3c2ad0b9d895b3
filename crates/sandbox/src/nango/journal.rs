//! What has happened: requests that came in, webhooks that went out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

/// The most requests and the most webhooks that are kept, each; the oldest go first.
const MOST: usize = 5000;

/// A request to the API. Keys and tokens are not kept.
#[derive(Debug, Clone, Serialize)]
pub struct ReceivedRequest {
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Method in capitals.
    pub method: String,
    /// Path without query; session tokens are cut out of the query.
    pub path: String,
    /// Query without `?`.
    pub query: String,
    /// `Connection-Id`, if it had one.
    pub connection_id: Option<String>,
    /// `Provider-Config-Key`, if it had one.
    pub provider_config_key: Option<String>,
    /// The body, when it was JSON of at most 64 KiB and carried no credentials.
    pub body: Option<Value>,
    /// The status it was answered with; absent while it is served.
    pub status: Option<u16>,
}

/// A webhook and how its delivery went.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Counts up from 1.
    pub number: u64,
    /// Name of the environment.
    pub environment: String,
    /// Where it was to go.
    pub url: String,
    /// The exact body, UTF-8.
    pub body: String,
    /// `X-Nango-Hmac-Sha256`.
    pub hmac_sha256: String,
    /// How it stands.
    pub outcome: DeliveryOutcome,
    /// Each attempt, in order.
    pub attempts: Vec<Attempt>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// Attempts go on.
    UnderWay,
    /// The receiver took it.
    Delivered,
    /// The receiver did not take it, and that is that.
    GivenUp,
    /// It was never sent, because that was asked for.
    Lost,
}

/// One attempt.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The receiver's status; absent when there was none.
    pub status: Option<u16>,
    /// Why there was no status.
    pub error: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    requests: VecDeque<(u64, ReceivedRequest)>,
    deliveries: VecDeque<Delivery>,
    next_request: u64,
    next_delivery: u64,
    to_lose: u32,
}

impl Journal {
    pub(super) fn request(&self, request: ReceivedRequest) -> u64 {
        let mut entries = self.entries();
        entries.next_request += 1;
        let number = entries.next_request;
        keep(&mut entries.requests, (number, request));
        number
    }

    pub(super) fn answered(&self, number: u64, status: u16) {
        let mut entries = self.entries();
        if let Some((_, request)) = entries.requests.iter_mut().rev().find(|(known, _)| *known == number) {
            request.status = Some(status);
        }
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        self.entries().requests.iter().map(|(_, request)| request.clone()).collect()
    }

    /// Notes a webhook; the number is `None` when it is to be lost.
    pub(super) fn webhook(&self, environment: &str, url: &str, body: &str, hmac: &str) -> Option<u64> {
        let mut entries = self.entries();
        entries.next_delivery += 1;
        let number = entries.next_delivery;
        let lost = entries.to_lose > 0;
        entries.to_lose = entries.to_lose.saturating_sub(1);
        let delivery = Delivery {
            number,
            environment: environment.to_owned(),
            url: url.to_owned(),
            body: body.to_owned(),
            hmac_sha256: hmac.to_owned(),
            outcome: if lost { DeliveryOutcome::Lost } else { DeliveryOutcome::UnderWay },
            attempts: Vec::new(),
        };
        keep(&mut entries.deliveries, delivery);
        (!lost).then_some(number)
    }

    pub(super) fn attempt(&self, number: u64, attempt: Attempt) {
        self.change(number, |delivery| delivery.attempts.push(attempt));
    }

    pub(super) fn ended(&self, number: u64, outcome: DeliveryOutcome) {
        self.change(number, |delivery| delivery.outcome = outcome);
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.entries().deliveries.iter().cloned().collect()
    }

    pub(super) fn lose_webhooks(&self, count: u32) {
        self.entries().to_lose = count;
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Delivery)) {
        let mut entries = self.entries();
        if let Some(delivery) = entries.deliveries.iter_mut().rev().find(|delivery| delivery.number == number) {
            change(delivery);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() >= MOST {
        kept.pop_front();
    }
    kept.push_back(item);
}
