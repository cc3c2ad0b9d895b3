//! How often a member may call.
//!
//! Every method of an address belongs to one class: those that read, those that write, and those that begin a connect. A
//! class has a limit for each user and minute, or none. The layer stands behind the gate, which knows who is calling, and
//! before the handler's extractors: whoever may not come in is not counted, and a request that cannot be taken is.
//!
//! Reading and writing are counted in this process, by GCRA: a user may use a minute's worth at once, and gets it back
//! evenly. Connects are counted by [`AttemptCounters`], so their limit holds for all replicas together and across
//! restarts; each costs a session at the broker. Open addresses are not limited here: the webhook must never be, and what
//! else needs a limit has its own.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use cortex_identity::model::UserContext;
use cortex_identity::ports::AttemptCounters;
use cortex_kernel::{StoreError, UserId};
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter as Governor};

use crate::edge;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// Requests of one user in a minute; none is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests that read.
    pub read: Option<NonZeroU32>,
    /// Requests that write.
    pub write: Option<NonZeroU32>,
    /// Requests that begin a connect.
    pub connect: Option<NonZeroU32>,
}

/// Which limit a method of an address counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateClass {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// It begins a connect.
    Connect,
}

/// Counts requests. One for the whole process: its threads share it.
pub struct RateLimiter {
    read: Option<Buckets>,
    write: Option<Buckets>,
    connect: Option<NonZeroU32>,
    attempts: Arc<dyn AttemptCounters>,
}

/// How a user stands after a request was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    limit: NonZeroU32,
    remaining: u32,
    /// When all of the limit is there again, if nothing more is asked meanwhile.
    reset: Duration,
    /// How long to wait, where this request was one too many.
    wait: Option<Duration>,
}

/// One user, one bucket.
struct Buckets {
    limit: NonZeroU32,
    quota: Quota,
    governor: Governor<UserId, DashMapStateStore<UserId>, Ticks, StateInformationMiddleware>,
    time: Ticks,
    /// Milliseconds of [`Ticks`] at which full buckets were last thrown away.
    swept_at: AtomicU64,
}

/// Time since some moment; never goes back.
#[derive(Clone)]
struct Ticks(Arc<dyn Fn() -> Duration + Send + Sync>);

const MINUTE: Duration = Duration::from_mins(1);

pub(crate) const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
pub(crate) const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
pub(crate) const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The layer of one method of an address.
pub(crate) async fn limit(
    class: RateClass,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let limiter = Data::clone(request.app_data::<Data<RateLimiter>>().expect("the routes were registered with it"));
    let Caller(caller) = request.extensions().get::<Caller>().cloned().expect("the gate stands before this");
    let standing = match limiter.count(class, &caller).await {
        Ok(Some(standing)) => standing,
        Ok(None) => return next.call(request).await,
        Err(error) => return Ok(request.error_response(Problem::from(error))),
    };
    if let Some(wait) = standing.wait {
        let mut response = request.error_response(too_many(class, standing.limit, wait));
        standing.tell(response.headers_mut());
        return Ok(response);
    }
    match edge::caught(async move { next.call(request).await }).await {
        Ok(mut response) => {
            standing.tell(response.headers_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                standing.tell(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}

impl RateLimiter {
    /// Counts towards these limits; connects by `attempts`.
    #[must_use]
    pub fn new(limits: RateLimits, attempts: Arc<dyn AttemptCounters>) -> Self {
        let start = Instant::now();
        Self::by_time(limits, attempts, move || start.elapsed())
    }

    pub(crate) fn by_time(
        limits: RateLimits,
        attempts: Arc<dyn AttemptCounters>,
        time: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let time = Ticks(Arc::new(time));
        let buckets = |limit| Buckets::new(limit, time.clone());
        Self { read: limits.read.map(buckets), write: limits.write.map(buckets), connect: limits.connect, attempts }
    }

    /// Counts a request; nothing where its class is without limit.
    async fn count(&self, class: RateClass, caller: &UserContext) -> Result<Option<Standing>, StoreError> {
        match class {
            RateClass::Read => Ok(self.read.as_ref().map(|buckets| buckets.count(caller.user_id))),
            RateClass::Write => Ok(self.write.as_ref().map(|buckets| buckets.count(caller.user_id))),
            RateClass::Connect => match self.connect {
                Some(limit) => self.count_connect(limit, caller).await.map(Some),
                None => Ok(None),
            },
        }
    }

    async fn count_connect(&self, limit: NonZeroU32, caller: &UserContext) -> Result<Standing, StoreError> {
        let key = format!("connect:{}", caller.user_id);
        let attempts = self.attempts.count(caller.company_id, &key, MINUTE).await?;
        let (count, reset) = (attempts.count, attempts.window_ends_in);
        let wait = (count > limit.get()).then_some(reset);
        Ok(Standing { limit, remaining: limit.get().saturating_sub(count), reset, wait })
    }

    #[cfg(test)]
    pub(crate) fn users_remembered(&self) -> usize {
        [&self.read, &self.write].into_iter().flatten().map(|buckets| buckets.governor.len()).sum()
    }
}

impl Buckets {
    fn new(limit: NonZeroU32, time: Ticks) -> Self {
        let quota = Quota::per_minute(limit);
        let governor = Governor::dashmap_with_clock(quota, time.clone()).with_middleware();
        Self { limit, quota, governor, time, swept_at: AtomicU64::new(0) }
    }

    fn count(&self, user: UserId) -> Standing {
        self.sweep();
        let limit = self.limit;
        match self.governor.check_key(&user) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let reset = self.quota.replenish_interval() * limit.get().saturating_sub(remaining);
                Standing { limit, remaining, reset, wait: None }
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.time.now());
                Standing { limit, remaining: 0, reset: self.quota.burst_size_replenished_in(), wait: Some(wait) }
            }
        }
    }

    /// Throws away the buckets of users who were silent for so long that theirs are full again, once a minute. So memory
    /// is bounded by how many users call within two minutes.
    fn sweep(&self) {
        let now = u64::try_from(self.time.now().as_millis()).unwrap_or(u64::MAX);
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        if u128::from(now.saturating_sub(swept_at)) < MINUTE.as_millis() {
            return;
        }
        // Of many threads that come at the same moment one does it.
        if self.swept_at.compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.governor.retain_recent();
            self.governor.shrink_to_fit();
        }
    }
}

impl Standing {
    fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(RATELIMIT_LIMIT, HeaderValue::from(self.limit.get()));
        headers.insert(RATELIMIT_REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RATELIMIT_RESET, HeaderValue::from(whole_seconds(self.reset)));
    }
}

impl RateClass {
    /// The class of a method at an address that begins no connect.
    pub(crate) fn of(method: &Method) -> Self {
        if *method == Method::GET || *method == Method::HEAD { Self::Read } else { Self::Write }
    }
}

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticks").field(&self.now()).finish()
    }
}

fn too_many(class: RateClass, limit: NonZeroU32, wait: Duration) -> Problem {
    let what = match class {
        RateClass::Read => "requests that read",
        RateClass::Write => "requests that write",
        RateClass::Connect => "connects",
    };
    // Rounded up, so that whoever comes then is not sent away again.
    let seconds = whole_seconds(wait).max(1);
    Problem::new(ProblemKind::RateLimited)
        .detail(format!("You may send {limit} {what} in a minute: try again in {seconds} s."))
        .retry_after(seconds)
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
