//! How a company stands: its documents, its connections and their syncs. The formulas stand in `docs/insights.md`,
//! "Dashboard".

use std::str::FromStr;

use cortex_kernel::{ConnectionId, Provider, UserId};
use thiserror::Error;
use time::{Date, Duration, OffsetDateTime};

use super::change_percent;

/// How many documents somebody brought in from somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentShare {
    /// From where.
    pub source: String,
    /// Who first brought them in; none where nobody knows.
    pub user_id: Option<String>,
    /// How many.
    pub documents: u64,
}

/// A week of the calendar of UTC, from Monday on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    first: Date,
}

/// How many documents came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewDocuments {
    /// This week so far.
    pub this_week: u64,
    /// All of last week.
    pub last_week: u64,
    /// Last week, up to the same hour of the same day.
    pub last_week_by_now: u64,
}

/// What became of syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncTotals {
    /// Those that wait.
    pub queued: u64,
    /// Those that run.
    pub running: u64,
    /// Those that were completed.
    pub completed: u64,
    /// Those that failed.
    pub failed: u64,
    /// When the last one was completed.
    pub last_completed_at: Option<OffsetDateTime>,
}

/// How syncs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncHealth {
    /// None ended.
    Idle,
    /// Nearly all were completed.
    Healthy,
    /// Most were completed.
    Degraded,
    /// Most failed.
    Failing,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// It works.
    Active,
    /// It works again once its owner connects again.
    NeedsReauthorization,
    /// It was ended.
    Disconnected,
}

/// The text names no state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown state of a connection")]
pub struct UnknownConnectionState;

/// A connection, and how the syncs of its account went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionStanding {
    /// Our own number of it.
    pub id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// Whose it is; none where it is from before connections had owners.
    pub user_id: Option<UserId>,
    /// The owner's address in the company.
    pub user_email: Option<String>,
    /// The address of the account.
    pub account_email: Option<String>,
    /// Where it stands.
    pub state: ConnectionState,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// Since when.
    pub connected_at: OffsetDateTime,
    /// When a sync was last completed.
    pub last_sync_at: Option<OffsetDateTime>,
    /// Why the last sync that ended failed, if it did.
    pub last_failure: Option<String>,
}

/// Why somebody should look at a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// Its owner has to connect again.
    NeedsReauthorization,
    /// The last sync that ended failed.
    LastSyncFailed,
}

/// How a provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is switched off in this deployment.
    NotConfigured,
    /// Nobody is connected.
    NotConnected,
    /// Somebody should look at a connection.
    NeedsAttention,
    /// Nothing is known to be wrong.
    Healthy,
}

/// From so many completed syncs of a hundred on, syncs are healthy.
const HEALTHY_PERCENT: f64 = 95.0;
/// From so many on, they are only degraded.
const DEGRADED_PERCENT: f64 = 50.0;

impl Week {
    /// The week of this day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self { first: day.saturating_sub(Duration::days(day.weekday().number_days_from_monday().into())) }
    }

    /// The one before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { first: self.first.saturating_sub(Duration::WEEK) }
    }

    /// Its Monday.
    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// Its Sunday.
    #[must_use]
    pub fn last(self) -> Date {
        self.first.saturating_add(Duration::days(6))
    }

    /// When it begins.
    #[must_use]
    pub const fn begins_at(self) -> OffsetDateTime {
        self.first.midnight().assume_utc()
    }
}

impl NewDocuments {
    /// By how much this week is ahead of last week, in percent; see [`change_percent`].
    #[must_use]
    pub fn change_percent(&self) -> Option<f64> {
        change_percent(self.this_week, self.last_week_by_now)
    }
}

impl SyncTotals {
    /// How many of a hundred that ended were completed, to a tenth. None where none ended.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of jobs are far below where binary numbers lose a tenth")]
    pub fn success_percent(&self) -> Option<f64> {
        let ended = self.completed + self.failed;
        (ended > 0).then(|| (self.completed as f64 / ended as f64 * 1_000.0).round() / 10.0)
    }

    /// How they go.
    #[must_use]
    pub fn health(&self) -> SyncHealth {
        match self.success_percent() {
            None => SyncHealth::Idle,
            Some(percent) if percent >= HEALTHY_PERCENT => SyncHealth::Healthy,
            Some(percent) if percent >= DEGRADED_PERCENT => SyncHealth::Degraded,
            Some(_) => SyncHealth::Failing,
        }
    }
}

impl SyncHealth {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

impl ConnectionState {
    /// As the database and clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReauthorization => "needs_reauthorization",
            Self::Disconnected => "disconnected",
        }
    }
}

impl FromStr for ConnectionState {
    type Err = UnknownConnectionState;

    fn from_str(text: &str) -> Result<Self, UnknownConnectionState> {
        let all = [Self::Active, Self::NeedsReauthorization, Self::Disconnected];
        all.into_iter().find(|state| state.name() == text).ok_or(UnknownConnectionState)
    }
}

impl ConnectionStanding {
    /// Why somebody should look at it. Nobody needs to at what was ended.
    #[must_use]
    pub const fn attention(&self) -> Option<Attention> {
        match self.state {
            ConnectionState::NeedsReauthorization => Some(Attention::NeedsReauthorization),
            ConnectionState::Active if self.last_failure.is_some() => Some(Attention::LastSyncFailed),
            ConnectionState::Active | ConnectionState::Disconnected => None,
        }
    }

    /// Whether it was not ended.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, ConnectionState::Active | ConnectionState::NeedsReauthorization)
    }
}

impl Attention {
    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeedsReauthorization => "needs_reauthorization",
            Self::LastSyncFailed => "last_sync_failed",
        }
    }
}

impl Health {
    /// How a provider does that has these connections.
    #[must_use]
    pub fn of<'a>(is_configured: bool, connections: impl IntoIterator<Item = &'a ConnectionStanding>) -> Self {
        let mut health = if is_configured { Self::NotConnected } else { return Self::NotConfigured };
        for connection in connections.into_iter().filter(|connection| connection.is_live()) {
            if connection.attention().is_some() {
                return Self::NeedsAttention;
            }
            health = Self::Healthy;
        }
        health
    }

    /// As clients call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::NotConnected => "not_connected",
            Self::NeedsAttention => "needs_attention",
            Self::Healthy => "healthy",
        }
    }
}

/// Those that somebody should look at: whose owner has to act first, and of these the newest first.
#[must_use]
pub fn attention_first(connections: &[ConnectionStanding]) -> Vec<(&ConnectionStanding, Attention)> {
    let with = |connection| ConnectionStanding::attention(connection).map(|attention| (connection, attention));
    let mut wanting: Vec<_> = connections.iter().filter_map(with).collect();
    wanting.sort_by_key(|(connection, attention)| (*attention, std::cmp::Reverse(connection.id.get())));
    wanting
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::{date, datetime};

    use super::*;
    use crate::testing::a_standing;

    fn with(id: i64, state: ConnectionState, failure: Option<&str>) -> ConnectionStanding {
        let last_failure = failure.map(ToOwned::to_owned);
        ConnectionStanding { id: ConnectionId::new(id), state, last_failure, ..a_standing() }
    }

    #[rstest]
    #[case::on_its_monday(date!(2025 - 12 - 29))]
    #[case::on_new_years_eve(date!(2025 - 12 - 31))]
    #[case::on_new_years_day(date!(2026 - 01 - 01))]
    #[case::on_its_sunday(date!(2026 - 01 - 04))]
    fn a_week_around_new_year_is_one_week(#[case] day: Date) {
        let week = Week::of(day);

        assert_eq!((week.first(), week.last()), (date!(2025 - 12 - 29), date!(2026 - 01 - 04)));
        assert_eq!(week.begins_at(), datetime!(2025-12-29 0:00 UTC));
        assert_eq!(week.previous().first(), date!(2025 - 12 - 22));
    }

    #[rstest]
    #[case::none(0, 0, None, SyncHealth::Idle)]
    #[case::all(7, 0, Some(100.0), SyncHealth::Healthy)]
    #[case::nearly_all(19, 1, Some(95.0), SyncHealth::Healthy)]
    #[case::two_of_three(2, 1, Some(66.7), SyncHealth::Degraded)]
    #[case::half(1, 1, Some(50.0), SyncHealth::Degraded)]
    #[case::one_of_three(1, 2, Some(33.3), SyncHealth::Failing)]
    #[case::no_one(0, 1, Some(0.0), SyncHealth::Failing)]
    fn syncs_are_as_healthy_as_many_of_them_are_completed(
        #[case] completed: u64,
        #[case] failed: u64,
        #[case] percent: Option<f64>,
        #[case] health: SyncHealth,
    ) {
        let totals = SyncTotals { completed, failed, queued: 9, running: 9, last_completed_at: None };

        assert_eq!((totals.success_percent(), totals.health()), (percent, health));
    }

    #[test]
    fn a_provider_is_as_well_as_the_worst_of_its_connections() {
        use ConnectionState::{Active, Disconnected, NeedsReauthorization};
        let [fine, failed, closed, ended] = [
            with(1, Active, None),
            with(2, Active, Some("provider_unavailable")),
            with(3, NeedsReauthorization, None),
            with(4, Disconnected, Some("provider_unavailable")),
        ];

        assert_eq!(Health::of(false, [&fine]), Health::NotConfigured);
        assert_eq!(Health::of(true, []), Health::NotConnected);
        assert_eq!(Health::of(true, [&ended]), Health::NotConnected);
        assert_eq!(Health::of(true, [&fine, &ended]), Health::Healthy);
        assert_eq!(Health::of(true, [&fine, &failed]), Health::NeedsAttention);
        assert_eq!(Health::of(true, [&closed, &fine]), Health::NeedsAttention);
    }

    #[test]
    fn whose_owner_has_to_act_comes_first_and_what_was_ended_not_at_all() {
        use ConnectionState::{Active, Disconnected, NeedsReauthorization};
        let all = [
            with(1, Active, Some("x")),
            with(2, NeedsReauthorization, None),
            with(3, Disconnected, Some("x")),
            with(4, Active, None),
            with(5, Active, Some("x")),
            with(6, NeedsReauthorization, Some("x")),
        ];

        let ids: Vec<_> = attention_first(&all).into_iter().map(|(one, why)| (one.id.get(), why.name())).collect();

        let (again, failed) = ("needs_reauthorization", "last_sync_failed");
        assert_eq!(ids, [(6, again), (2, again), (5, failed), (1, failed)]);
    }
}
