//! The contracts of the audit log's ports, one case a bullet, and fakes that keep them.
//!
//! What lives in a company's database shares one harness: a row that one port writes another one seals and a third one
//! shows.

mod company_cases;
mod fakes;
mod master_cases;

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, UserId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{NOON, USER_1};
use crate::model::audit::MasterAction;
use crate::ports::{
    AuditChain, AuditCopies, AuditHeads, AuditLog, AuditRetention, AuditSealer, ConnectionActions, MasterActions,
    MasterCopies,
};

pub use company_cases::*;
pub use fakes::{InMemoryAudit, InMemoryAuditHeads, InMemoryMasterActions};
pub use master_cases::*;

/// A row as a store writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRow {
    /// What was done.
    pub action: String,
    /// Who did it.
    pub user_id: Option<UserId>,
    /// When.
    pub at: OffsetDateTime,
    /// The address that asked for it.
    pub address: Option<String>,
    /// The program that asked for it.
    pub user_agent: Option<String>,
    /// The rest, as the database writes JSON.
    pub details: Option<String>,
}

/// A fresh, empty log of two companies.
#[async_trait]
pub trait CompanyHarness: Send + Sync {
    /// The sealer, as the deployment of this company uses it.
    fn sealer(&self, company_id: CompanyId) -> Arc<dyn AuditSealer>;
    /// What whoever checks the log uses.
    fn chain(&self, company_id: CompanyId) -> Arc<dyn AuditChain>;
    /// Where Master's actions are copied to.
    fn copies(&self, company_id: CompanyId) -> Arc<dyn AuditCopies>;
    /// What forgets.
    fn retention(&self, company_id: CompanyId) -> Arc<dyn AuditRetention>;
    /// What admins read.
    fn log(&self, company_id: CompanyId) -> Arc<dyn AuditLog>;
    /// What is told of connections, as the deployment of this company tells it.
    fn connection_actions(&self, company_id: CompanyId) -> Arc<dyn ConnectionActions>;
    /// Writes a row as stores do.
    async fn put(&self, company_id: CompanyId, row: NewRow) -> Uuid;
    /// Writes a row in a way that the sealer is told nothing of it.
    async fn smuggle(&self, company_id: CompanyId, row: NewRow) -> Uuid;
    /// Takes a row away, as only somebody can who owns the database.
    async fn cut_out(&self, company_id: CompanyId, id: Uuid);
    /// Lets a minute pass for all rows that wait for their seals.
    async fn let_wait(&self);
}

/// A fresh, empty Master.
#[async_trait]
pub trait MasterHarness: Send + Sync {
    /// The kept heads, as the deployment of this company uses them.
    fn heads(&self, company_id: CompanyId) -> Arc<dyn AuditHeads>;
    /// What was done in Master.
    fn actions(&self, company_id: CompanyId) -> Arc<dyn MasterActions>;
    /// Where Master keeps what it is told.
    fn copies(&self, company_id: CompanyId) -> Arc<dyn MasterCopies>;
    /// Has something done in Master.
    async fn put(&self, company_id: CompanyId, action: MasterAction);
}

/// Somebody did this at [`NOON`].
#[must_use]
pub fn a_row(action: &str) -> NewRow {
    NewRow {
        action: action.to_owned(),
        user_id: Some(USER_1),
        at: NOON,
        address: Some("203.0.113.7".to_owned()),
        user_agent: Some("browser".to_owned()),
        details: Some(r#"{"provider": "gmail"}"#.to_owned()),
    }
}

/// The action of this number, done at that moment.
#[must_use]
pub fn a_master_action(number: u32, at: OffsetDateTime) -> MasterAction {
    MasterAction {
        id: Uuid::from_u128(0x0d00_0000_0000_4000_8000_0000_0000_0000 + u128::from(number)),
        user_id: Some(USER_1.to_string()),
        action: "user_role_changed".to_owned(),
        resource_type: Some("company_user".to_owned()),
        resource_id: Some("somebody".to_owned()),
        details: Some(r#"{"role": "admin"}"#.to_owned()),
        address: Some("203.0.113.7".to_owned()),
        user_agent: Some("browser".to_owned()),
        request_id: Some(format!("request-{number}")),
        at,
    }
}

/// The same, of which Master says as little as it can.
#[must_use]
pub fn a_bare_master_action(number: u32, at: OffsetDateTime) -> MasterAction {
    MasterAction {
        user_id: None,
        resource_type: None,
        resource_id: None,
        details: None,
        address: None,
        user_agent: None,
        request_id: None,
        ..a_master_action(number, at)
    }
}

/// So many minutes after [`NOON`].
#[must_use]
pub fn minutes_after_noon(minutes: i64) -> OffsetDateTime {
    NOON + Duration::minutes(minutes)
}

/// Runs every case of the ports on a company's database as a test of its own. Takes an expression that makes a fresh
/// [`CompanyHarness`]; it may `.await`.
#[macro_export]
macro_rules! company_audit_contract {
    ($harness:expr) => {
        $crate::audit_contract! { $harness =>
            rows_are_sealed_once_in_the_order_in_which_they_came,
            at_most_so_many_rows_are_sealed_at_once,
            without_rows_there_is_nothing_to_seal,
            the_first_row_follows_on_the_seal_of_the_past,
            rows_of_another_company_are_not_sealed,
            many_sealers_at_once_make_one_chain,
            seals_are_shown_with_their_rows_in_the_order_of_the_chain,
            a_sealed_row_that_is_gone_is_shown_as_absent,
            a_row_that_waits_for_its_seal_is_overdue_after_some_time,
            a_row_that_came_in_past_the_sealer_is_overdue_at_once,
            a_row_that_went_before_it_was_sealed_is_told,
            nothing_of_another_company_is_shown,
            a_copy_says_all_that_the_original_says,
            an_action_is_copied_once_however_often_and_by_how_many_it_is_told,
            a_copy_waits_for_its_seal_like_any_other_row,
            only_rows_older_than_the_moment_forget_what_is_personal,
            at_most_so_many_rows_forget_at_once,
            a_row_tells_up_to_when_was_forgotten_once,
            rows_of_another_company_forget_nothing,
            the_newest_rows_are_listed_first_and_go_on_after_a_cursor,
            rows_of_one_moment_are_each_listed_once,
            a_list_goes_on_where_it_was_although_rows_come_in,
            a_list_is_narrowed_by_action_and_by_person,
            rows_of_another_company_are_not_listed,
            a_cursor_that_is_none_is_refused,
            an_export_leaves_its_audit_row,
            what_was_done_about_connections_is_listed_oldest_first_and_goes_on_after_a_position,
            what_was_done_about_others_is_not_listed,
            what_was_done_in_another_company_is_not_listed,
        }
    };
}

/// Runs every case of the ports on Master as a test of its own. Takes an expression that makes a fresh
/// [`MasterHarness`]; it may `.await`.
#[macro_export]
macro_rules! master_audit_contract {
    ($harness:expr) => {
        $crate::audit_contract! { $harness =>
            a_head_that_was_kept_is_found,
            a_head_moves_forward_only,
            a_head_of_another_company_reads_as_absent,
            actions_are_listed_oldest_first_and_go_on_after_a_position,
            the_request_of_an_action_is_told_beside_its_details,
            what_happened_to_connections_is_not_masters_to_tell,
            actions_of_another_company_are_not_listed,
            what_is_personal_in_old_actions_of_the_company_is_forgotten,
            what_master_is_told_about_a_connection_is_kept_once,
            the_latest_that_master_was_told_about_connections_is_found,
            what_master_is_told_about_a_connection_does_not_come_back,
        }
    };
}

/// Each case as a test.
#[doc(hidden)]
#[macro_export]
macro_rules! audit_contract {
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::audit::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryAudit`] under test.
#[derive(Default)]
pub struct InMemoryCompanyHarness(Arc<InMemoryAudit>);

#[async_trait]
impl CompanyHarness for InMemoryCompanyHarness {
    fn sealer(&self, _: CompanyId) -> Arc<dyn AuditSealer> {
        self.0.clone()
    }

    fn chain(&self, _: CompanyId) -> Arc<dyn AuditChain> {
        self.0.clone()
    }

    fn copies(&self, _: CompanyId) -> Arc<dyn AuditCopies> {
        self.0.clone()
    }

    fn retention(&self, _: CompanyId) -> Arc<dyn AuditRetention> {
        self.0.clone()
    }

    fn log(&self, _: CompanyId) -> Arc<dyn AuditLog> {
        self.0.clone()
    }

    fn connection_actions(&self, _: CompanyId) -> Arc<dyn ConnectionActions> {
        self.0.clone()
    }

    async fn put(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        self.0.put(company_id, row)
    }

    async fn smuggle(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        self.0.smuggle(company_id, row)
    }

    async fn cut_out(&self, _: CompanyId, id: Uuid) {
        self.0.cut_out(id);
    }

    async fn let_wait(&self) {
        self.0.let_wait();
    }
}

/// [`InMemoryAuditHeads`] and [`InMemoryMasterActions`] under test.
#[derive(Default)]
pub struct InMemoryMasterHarness {
    heads: Arc<InMemoryAuditHeads>,
    actions: Arc<InMemoryMasterActions>,
}

#[async_trait]
impl MasterHarness for InMemoryMasterHarness {
    fn heads(&self, _: CompanyId) -> Arc<dyn AuditHeads> {
        self.heads.clone()
    }

    fn actions(&self, _: CompanyId) -> Arc<dyn MasterActions> {
        self.actions.clone()
    }

    fn copies(&self, _: CompanyId) -> Arc<dyn MasterCopies> {
        self.actions.clone()
    }

    async fn put(&self, company_id: CompanyId, action: MasterAction) {
        self.actions.put(company_id, action);
    }
}
