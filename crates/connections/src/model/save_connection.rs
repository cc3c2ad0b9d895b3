//! What saving a connection means, given what is stored.

use cortex_kernel::{BrokerConnectionId, ConnectionId, Origin, Provider};
use time::OffsetDateTime;

use super::{Connect, Connection, ConnectionEvent, ConnectionStatus, Owner, ProviderAccount, StatusReason};

/// A connection that a person made at the broker and that is to become his connection of that provider. Everything that
/// could refuse it was asked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveConnection {
    /// Whose it is.
    pub owner: Owner,
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of the new connection.
    pub broker_id: BrokerConnectionId,
    /// The broker's id that stood in the person's row when this was decided; none where there was no row. The save
    /// holds only as long as that is so: the decision compared the new account with that one's.
    pub decided_on: Option<BrokerConnectionId>,
    /// The connection without user that reaches the same account, and becomes the person's where he has no row of his
    /// own.
    pub claims: Option<ConnectionId>,
    /// The account behind the new connection, if it could be read.
    pub account: Option<ProviderAccount>,
    /// What the person should know about it.
    pub reason: Option<StatusReason>,
    /// When we first heard of it. What the person ended since is not brought back.
    pub heard_at: OffsetDateTime,
    /// When it is saved.
    pub at: OffsetDateTime,
    /// What brought it to us, for the audit row.
    pub origin: Origin,
}

/// What a store makes of a [`SaveConnection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// The person's first connection of the provider.
    Created(Connection),
    /// The person's row took the new connection. The one it held before is of no more use and has to be removed at the
    /// broker.
    Replaced {
        /// The row as it is now.
        connection: Connection,
        /// What it held before.
        previous: BrokerConnectionId,
    },
    /// The row held this connection already; nothing was written.
    AlreadySaved(Connection),
    /// The row holds another connection than the one on which this was decided: decide anew.
    Moved,
    /// The connection was given up, or the person disconnected after we had heard of it: a late or repeated notice does not
    /// bring it back.
    Ended,
    /// Somebody else's row holds this connection; nothing was written.
    TakenByAnother,
}

/// The step from the stored row to the saved one. Stores ask for it while they hold the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveDecision {
    /// Make a row.
    Create,
    /// Make the row of a connection without user the person's, or, if somebody else was quicker, nothing.
    Claim(ConnectionId),
    /// Change the row.
    Replace {
        /// `connected_at` of the row from now on.
        connected_at: OffsetDateTime,
        /// `status_changed_at` of the row from now on.
        status_changed_at: OffsetDateTime,
    },
    /// Write nothing: it is saved.
    Keep,
    /// Write nothing: the row moved.
    Moved,
    /// Write nothing: the person ended it, or has disconnected since.
    Ended,
}

impl SaveConnection {
    /// What to do with the row that the person has of this provider, if he has one.
    #[must_use]
    pub fn against(&self, stored: Option<&Connection>) -> SaveDecision {
        match stored {
            Some(stored) if stored.broker_id == self.broker_id => {
                if stored.status.is_connected() {
                    SaveDecision::Keep
                } else {
                    SaveDecision::Ended
                }
            }
            stored if stored.map(|stored| &stored.broker_id) != self.decided_on.as_ref() => SaveDecision::Moved,
            Some(stored) if stored.was_ended_after(self.heard_at) => SaveDecision::Ended,
            None => self.claims.map_or(SaveDecision::Create, SaveDecision::Claim),
            Some(stored) => SaveDecision::Replace {
                connected_at: if stored.status.is_connected() { stored.connected_at } else { self.at },
                status_changed_at: match stored.status.after(ConnectionEvent::Connected) {
                    Some(_) => self.at,
                    None => stored.status_changed_at,
                },
            },
        }
    }

    /// What a save is to a person who has this row of the provider, if he has one.
    #[must_use]
    pub fn connect(stored: Option<&Connection>) -> Connect {
        if stored.is_some_and(|stored| stored.status.is_connected()) { Connect::Again } else { Connect::First }
    }

    /// The action of the audit row that stands beside the change; none where nothing changes.
    #[must_use]
    pub fn audit_action(&self, stored: Option<&Connection>) -> Option<&'static str> {
        match (self.against(stored), stored.map(|stored| stored.status)) {
            (SaveDecision::Keep | SaveDecision::Moved | SaveDecision::Ended, _) => None,
            (SaveDecision::Replace { .. }, Some(ConnectionStatus::Active | ConnectionStatus::NeedsReauthorization)) => {
                Some("connection_reconnected")
            }
            (SaveDecision::Claim(_), _) => Some("connection_claimed"),
            (SaveDecision::Create | SaveDecision::Replace { .. }, _) => Some("connection_created"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::testing::{NOON, a_connection, a_save};

    const EARLIER: OffsetDateTime = NOON.saturating_sub(Duration::DAY);

    fn stored(status: ConnectionStatus, broker_id: &str) -> Connection {
        let is_recent = broker_id == "ended since";
        Connection {
            status,
            broker_id: BrokerConnectionId::new(broker_id),
            connected_at: EARLIER,
            status_changed_at: if is_recent { NOON + Duration::SECOND } else { EARLIER },
            ..a_connection()
        }
    }

    fn save(decided_on: Option<&str>) -> SaveConnection {
        SaveConnection {
            broker_id: BrokerConnectionId::new("new"),
            decided_on: decided_on.map(BrokerConnectionId::new),
            ..a_save()
        }
    }

    #[rstest]
    #[case::first(None, None, SaveDecision::Create, Some("connection_created"))]
    #[case::row_vanished(None, Some("old"), SaveDecision::Moved, None)]
    #[case::row_appeared(Some((ConnectionStatus::Active, "old")), None, SaveDecision::Moved, None)]
    #[case::row_moved(Some((ConnectionStatus::Active, "other")), Some("old"), SaveDecision::Moved, None)]
    #[case::again(Some((ConnectionStatus::Active, "new")), None, SaveDecision::Keep, None)]
    #[case::again_after_replacing(Some((ConnectionStatus::Active, "new")), Some("old"), SaveDecision::Keep, None)]
    #[case::again_after_a_disconnect(Some((ConnectionStatus::Disconnected, "new")), None, SaveDecision::Ended, None)]
    #[case::again_knowing_of_the_disconnect(
        Some((ConnectionStatus::Disconnected, "new")),
        Some("new"),
        SaveDecision::Ended,
        None
    )]
    #[case::reconnect(
        Some((ConnectionStatus::Active, "old")),
        Some("old"),
        SaveDecision::Replace { connected_at: EARLIER, status_changed_at: EARLIER },
        Some("connection_reconnected")
    )]
    #[case::re_authorization(
        Some((ConnectionStatus::NeedsReauthorization, "old")),
        Some("old"),
        SaveDecision::Replace { connected_at: EARLIER, status_changed_at: NOON },
        Some("connection_reconnected")
    )]
    #[case::after_a_disconnect(
        Some((ConnectionStatus::Disconnected, "old")),
        Some("old"),
        SaveDecision::Replace { connected_at: NOON, status_changed_at: NOON },
        Some("connection_created")
    )]
    #[case::heard_of_before_the_disconnect(
        Some((ConnectionStatus::Disconnected, "ended since")),
        Some("ended since"),
        SaveDecision::Ended,
        None
    )]
    fn what_saving_does_follows_from_what_is_stored(
        #[case] row: Option<(ConnectionStatus, &str)>,
        #[case] decided_on: Option<&str>,
        #[case] decision: SaveDecision,
        #[case] audit_action: Option<&str>,
    ) {
        let row = row.map(|(status, broker_id)| stored(status, broker_id));

        assert_eq!(save(decided_on).against(row.as_ref()), decision);
        assert_eq!(save(decided_on).audit_action(row.as_ref()), audit_action);
    }
}
