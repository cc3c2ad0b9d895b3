//! From where the admin panel may be used.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{Clock, CompanyId, Origin};
use ipnet::IpNet;
use thiserror::Error;

use crate::closed_keys::ClosedKeys;
use crate::model::{AdminRefusal, AdminRefusalReason};
use crate::ports::{AdminSessions, AttemptCounters, Attempts};

/// Lets calls pass that come from where the panel may be used, and tells of others.
pub struct AdminDoor {
    company_id: CompanyId,
    networks: Vec<IpNet>,
    sessions: Arc<dyn AdminSessions>,
    counters: Arc<dyn AttemptCounters>,
    clock: Arc<dyn Clock>,
    silent: ClosedKeys,
}

/// The panel may not be used from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the admin panel may not be used from this address")]
pub struct AddressNotAllowed;

/// So many calls from elsewhere are told in [`WINDOW`]. The audit log is for ever, and anybody can knock as often as he
/// likes.
const MOST_TOLD: u32 = 50;
const WINDOW: Duration = Duration::from_mins(15);
const KEY: &str = "admin_address";

impl AdminDoor {
    /// Guards the panel of `company_id`. No network at all means that it may be used from everywhere.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        networks: Vec<IpNet>,
        sessions: Arc<dyn AdminSessions>,
        counters: Arc<dyn AttemptCounters>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { company_id, networks, sessions, counters, clock, silent: ClosedKeys::default() }
    }

    /// Whether a call from there may go on; one that may not is told in the audit log as `reason`. What cannot be told
    /// there is refused all the same.
    pub async fn pass(&self, origin: &Origin, reason: AdminRefusalReason) -> Result<(), AddressNotAllowed> {
        if self.networks.is_empty() {
            return Ok(());
        }
        // Ranges are written in either form, and so are addresses.
        let address = origin.address.map(|address| address.to_canonical());
        if address.is_some_and(|address| self.networks.iter().any(|network| network.contains(&address))) {
            return Ok(());
        }
        self.tell(origin, reason).await;
        Err(AddressNotAllowed)
    }

    async fn tell(&self, origin: &Origin, reason: AdminRefusalReason) {
        let now = self.clock.now();
        if self.silent.rest_of(KEY, now).is_some() {
            return;
        }
        let told = async {
            let Attempts { count, window_ends_in } = self.counters.count(self.company_id, KEY, WINDOW).await?;
            if count > MOST_TOLD {
                self.silent.note(KEY, now, window_ends_in);
            } else {
                let refusal = AdminRefusal { company_id: self.company_id, reason, origin: origin.clone() };
                self.sessions.tell_refusal(&refusal).await?;
            }
            Ok::<_, cortex_kernel::StoreError>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a refused address could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::{COMPANY_A, InMemoryAdminSessions, InMemoryAttemptCounters, NOON};

    fn door(networks: &[&str], sessions: &Arc<InMemoryAdminSessions>) -> AdminDoor {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        let counters = Arc::new(InMemoryAttemptCounters::default());
        AdminDoor::new(COMPANY_A, networks, sessions.clone(), counters, Arc::new(|| NOON))
    }

    fn from(address: &str) -> Origin {
        Origin { address: Some(address.parse().unwrap()), ..Origin::default() }
    }

    #[rstest]
    #[case::no_list(&[], "203.0.113.7", true)]
    #[case::in_a_range(&["192.0.2.1/32", "203.0.113.0/24"], "203.0.113.7", true)]
    #[case::mapped(&["203.0.113.0/24"], "::ffff:203.0.113.7", true)]
    #[case::version_six(&["2001:db8::/32"], "2001:db8::7", true)]
    #[case::elsewhere(&["192.0.2.0/24"], "203.0.113.7", false)]
    #[case::the_other_version(&["203.0.113.0/24"], "2001:db8::7", false)]
    #[tokio::test]
    async fn who_is_on_the_list_passes(#[case] networks: &[&str], #[case] address: &str, #[case] passes: bool) {
        let passed = door(networks, &Arc::default()).pass(&from(address), AdminRefusalReason::CallFromElsewhere).await;

        assert_eq!(passed.is_ok(), passes);
    }

    #[tokio::test]
    async fn a_list_lets_nobody_pass_whose_address_is_not_known() {
        let passed = door(&["0.0.0.0/0", "::/0"], &Arc::default())
            .pass(&Origin::default(), AdminRefusalReason::LoginFromElsewhere)
            .await;

        assert_eq!(passed, Err(AddressNotAllowed));
    }

    #[tokio::test]
    async fn knocking_for_ever_does_not_fill_the_audit_log() {
        let sessions = Arc::default();
        let door = door(&["192.0.2.0/24"], &sessions);

        for _ in 0..MOST_TOLD + 7 {
            let passed = door.pass(&from("203.0.113.7"), AdminRefusalReason::LoginFromElsewhere).await;
            assert_eq!(passed, Err(AddressNotAllowed));
        }

        assert_eq!(sessions.audited(COMPANY_A), vec!["admin_login_failed"; 50]);
    }
}
