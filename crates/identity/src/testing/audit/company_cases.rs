//! The cases of the ports on a company's database.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{CompanyId, Origin, Page, PageRequest};
use futures_util::future::join_all;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CompanyHarness, NewRow, a_bare_master_action, a_master_action, a_row, minutes_after_noon};
use crate::model::audit::{
    AuditEntry, AuditFilter, AuditQuery, EntryFacts, ExportFormat, ExportStart, Finding, Link, MasterAction,
    PersonalState, SealHead, Walk,
};
use crate::ports::{ListAuditError, Sealing};
use crate::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};

const PATIENCE: Duration = Duration::from_secs(30);

async fn seal(harness: &impl CompanyHarness, most: u16) -> (usize, Option<SealHead>) {
    match harness.sealer(COMPANY_A).seal_next(COMPANY_A, most).await.expect("an answer") {
        Sealing::Sealed { count, head } => (count, head),
        Sealing::Busy => panic!("nobody else seals"),
    }
}

async fn links(harness: &impl CompanyHarness) -> Vec<Link> {
    harness.chain(COMPANY_A).list_links(COMPANY_A, None, 1_000).await.expect("a list")
}

async fn sealed(harness: &impl CompanyHarness) -> Vec<Uuid> {
    links(harness).await.into_iter().filter_map(|link| link.seal.entry).collect()
}

async fn overdue(harness: &impl CompanyHarness) -> Option<Finding> {
    harness.chain(COMPANY_A).find_overdue(COMPANY_A, PATIENCE).await.expect("an answer")
}

async fn put(harness: &impl CompanyHarness, action: &str) -> Uuid {
    harness.put(COMPANY_A, a_row(action)).await
}

/// The chain is whole, and every row that is shown agrees with its seal.
async fn agrees(harness: &impl CompanyHarness) {
    let mut walk = Walk::begin(COMPANY_A, None);
    for link in links(harness).await {
        walk.link(&link).expect("it agrees");
    }
}

pub async fn rows_are_sealed_once_in_the_order_in_which_they_came(harness: &impl CompanyHarness) {
    let mut came = Vec::new();
    for minutes in [5, 1, 3] {
        came.push(harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row("one") }).await);
    }

    let (first, head) = seal(harness, 100).await;
    let (again, same) = seal(harness, 100).await;
    came.push(put(harness, "two").await);
    let (second, _) = seal(harness, 100).await;

    assert_eq!((first, again, second), (3, 0, 1));
    assert_eq!(head, same);
    assert_eq!(sealed(harness).await, came);
    agrees(harness).await;
}

pub async fn at_most_so_many_rows_are_sealed_at_once(harness: &impl CompanyHarness) {
    for _ in 0..5 {
        put(harness, "one").await;
    }

    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(seal(harness, 2).await.0);
    }

    assert_eq!(counts, [2, 2, 1, 0]);
    agrees(harness).await;
}

pub async fn without_rows_there_is_nothing_to_seal(harness: &impl CompanyHarness) {
    assert_eq!(seal(harness, 100).await, (0, None));
    assert_eq!(links(harness).await, []);
}

pub async fn the_first_row_follows_on_the_seal_of_the_past(harness: &impl CompanyHarness) {
    put(harness, "one").await;
    seal(harness, 100).await;

    let links = links(harness).await;

    let told: Vec<_> = links.iter().map(|link| (link.seal.seq, link.seal.covered)).collect();
    assert_eq!(told, [(0, Some(0)), (1, None)]);
    let sealer = harness.sealer(COMPANY_A);
    for link in &links {
        let seq = link.seal.seq.unsigned_abs();
        let found = sealer.find_seal(COMPANY_A, seq).await.expect("an answer").expect("a seal");
        assert_eq!(link.seal.hash, found.as_bytes());
    }
    assert_eq!(sealer.find_seal(COMPANY_A, 2).await.expect("an answer"), None);
}

pub async fn rows_of_another_company_are_not_sealed(harness: &impl CompanyHarness) {
    harness.put(COMPANY_B, a_row("one")).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let sealing = harness.sealer(deployment).seal_next(COMPANY_A, 100).await.expect("an answer");
        assert_eq!(sealing, Sealing::Sealed { count: 0, head: None });
    }
}

pub async fn many_sealers_at_once_make_one_chain(harness: &impl CompanyHarness) {
    let mut came = Vec::new();
    for _ in 0..40 {
        came.push(put(harness, "one").await);
    }
    let sealer = harness.sealer(COMPANY_A);

    join_all((0..8).map(|_| async {
        for _ in 0..8 {
            sealer.seal_next(COMPANY_A, 3).await.expect("an answer");
        }
    }))
    .await;
    seal(harness, 100).await;

    assert_eq!(sealed(harness).await, came);
    agrees(harness).await;
}

pub async fn seals_are_shown_with_their_rows_in_the_order_of_the_chain(harness: &impl CompanyHarness) {
    for action in ["one", "two", "three"] {
        put(harness, action).await;
    }
    seal(harness, 100).await;
    let chain = harness.chain(COMPANY_A);

    let first = chain.list_links(COMPANY_A, None, 2).await.expect("a list");
    let rest = chain.list_links(COMPANY_A, Some(1), 10).await.expect("a list");

    let told = |links: &[Link]| -> Vec<Option<String>> {
        links.iter().map(|link| link.entry.as_ref().map(|entry| entry.action.clone())).collect()
    };
    assert_eq!(told(&first), [None, Some("one".to_owned())]);
    assert_eq!(told(&rest), [Some("two".to_owned()), Some("three".to_owned())]);
    let entry = rest[0].entry.as_ref().expect("a row");
    assert_eq!(entry.personal.state(), PersonalState::Kept);
    assert_eq!(entry.personal.details.as_deref(), Some(r#"{"provider": "gmail"}"#));
    assert_eq!(entry.at_micros, Some(NOON.unix_timestamp() * 1_000_000));
}

pub async fn a_sealed_row_that_is_gone_is_shown_as_absent(harness: &impl CompanyHarness) {
    let id = put(harness, "one").await;
    put(harness, "two").await;
    seal(harness, 100).await;

    harness.cut_out(COMPANY_A, id).await;

    let links = links(harness).await;
    assert_eq!((links[1].seal.entry, &links[1].entry), (Some(id), &None));
    assert!(links[2].entry.is_some());
    assert_eq!(overdue(harness).await, None);
}

pub async fn a_row_that_waits_for_its_seal_is_overdue_after_some_time(harness: &impl CompanyHarness) {
    let first = put(harness, "one").await;
    put(harness, "two").await;
    assert_eq!(overdue(harness).await, None);

    harness.let_wait().await;
    assert_eq!(overdue(harness).await, Some(Finding::Unsealed { entry: first }));

    seal(harness, 100).await;
    assert_eq!(overdue(harness).await, None);
}

pub async fn a_row_that_came_in_past_the_sealer_is_overdue_at_once(harness: &impl CompanyHarness) {
    put(harness, "one").await;
    let smuggled = harness.smuggle(COMPANY_A, a_row("two")).await;
    seal(harness, 100).await;

    assert_eq!(overdue(harness).await, Some(Finding::Unsealed { entry: smuggled }));
}

pub async fn a_row_that_went_before_it_was_sealed_is_told(harness: &impl CompanyHarness) {
    let gone = put(harness, "one").await;
    harness.cut_out(COMPANY_A, gone).await;
    put(harness, "two").await;

    assert_eq!(seal(harness, 100).await.0, 1);
    assert_eq!(overdue(harness).await, Some(Finding::GoneUnsealed { entry: gone }));
}

pub async fn nothing_of_another_company_is_shown(harness: &impl CompanyHarness) {
    harness.put(COMPANY_B, a_row("one")).await;
    harness.sealer(COMPANY_B).seal_next(COMPANY_B, 10).await.expect("an answer");
    harness.smuggle(COMPANY_B, a_row("two")).await;
    let gone = harness.put(COMPANY_B, a_row("three")).await;
    harness.cut_out(COMPANY_B, gone).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let chain = harness.chain(deployment);
        assert_eq!(chain.list_links(COMPANY_A, None, 10).await.expect("a list"), []);
        assert_eq!(chain.list_past(COMPANY_A, None, 10).await.expect("a list"), []);
        assert_eq!(chain.find_overdue(COMPANY_A, PATIENCE).await.expect("an answer"), None);
        assert_eq!(chain.forgotten_before(COMPANY_A).await.expect("an answer"), None);
    }
}

pub async fn a_copy_says_all_that_the_original_says(harness: &impl CompanyHarness) {
    let original = a_master_action(1, NOON);
    let bare = a_bare_master_action(2, minutes_after_noon(-1));

    let copied = harness.copies(COMPANY_A).copy(COMPANY_A, &[original.clone(), bare.clone()]).await.expect("copied");

    assert_eq!(copied, 2);
    let listed = list(harness, COMPANY_A, &all()).await;
    let expected = [original, bare].map(|action| AuditEntry {
        id: action.id,
        action: action.action,
        user_id: action.user_id,
        company_id: COMPANY_A.to_string(),
        session_id: None,
        resource_type: action.resource_type,
        resource_id: action.resource_id,
        details: action.details,
        address: action.address,
        user_agent: action.user_agent,
        request_id: action.request_id,
        at: action.at,
    });
    assert_eq!(listed.items, expected);
}

pub async fn an_action_is_copied_once_however_often_and_by_how_many_it_is_told(harness: &impl CompanyHarness) {
    let copies = harness.copies(COMPANY_A);
    let actions: Vec<_> = (0..30).map(|number| a_master_action(number, NOON)).collect();

    let counts = join_all((0..8).map(|_| copies.copy(COMPANY_A, &actions))).await;

    assert_eq!(counts.into_iter().map(|count| count.expect("an answer")).sum::<usize>(), 30);
    assert_eq!(copies.copy(COMPANY_A, &actions).await.expect("an answer"), 0);
    assert_eq!(list(harness, COMPANY_A, &all()).await.items.len(), 30);
    assert_eq!(seal(harness, 100).await.0, 30);
}

pub async fn a_copy_waits_for_its_seal_like_any_other_row(harness: &impl CompanyHarness) {
    let action = a_master_action(1, NOON);
    harness.copies(COMPANY_A).copy(COMPANY_A, std::slice::from_ref(&action)).await.expect("copied");
    assert_eq!(overdue(harness).await, None, "although it tells of what was long ago");

    seal(harness, 100).await;

    assert_eq!(sealed(harness).await, [action.id]);
    agrees(harness).await;
}

async fn forget(harness: &impl CompanyHarness, before: OffsetDateTime, most: u16) -> u64 {
    harness.retention(COMPANY_A).forget(COMPANY_A, before, most).await.expect("an answer")
}

async fn entries(harness: &impl CompanyHarness) -> Vec<EntryFacts> {
    links(harness).await.into_iter().filter_map(|link| link.entry).collect()
}

pub async fn only_rows_older_than_the_moment_forget_what_is_personal(harness: &impl CompanyHarness) {
    for minutes in [-1, 0, 1] {
        harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row("one") }).await;
    }
    seal(harness, 100).await;
    let before = entries(harness).await;

    assert_eq!(forget(harness, NOON, 100).await, 1);
    assert_eq!(forget(harness, NOON, 100).await, 0);

    let after = entries(harness).await;
    let forgotten = EntryFacts { personal: before[0].personal.clone().forgotten(), ..before[0].clone() };
    assert_eq!(after, [forgotten, before[1].clone(), before[2].clone()]);
    agrees(harness).await;
}

pub async fn at_most_so_many_rows_forget_at_once(harness: &impl CompanyHarness) {
    for _ in 0..5 {
        put(harness, "one").await;
    }

    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(forget(harness, minutes_after_noon(1), 2).await);
    }

    assert_eq!(counts, [2, 2, 1, 0]);
}

pub async fn a_row_tells_up_to_when_was_forgotten_once(harness: &impl CompanyHarness) {
    let chain = harness.chain(COMPANY_A);
    for minutes in [-3, -2, -1] {
        harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row("one") }).await;
    }
    let early = minutes_after_noon(-2);
    assert_eq!(forget(harness, minutes_after_noon(-10), 10).await, 0);
    assert_eq!(chain.forgotten_before(COMPANY_A).await.expect("an answer"), None);

    forget(harness, early, 1).await;
    assert_eq!(chain.forgotten_before(COMPANY_A).await.expect("an answer"), Some(early));
    forget(harness, NOON, 1).await;
    forget(harness, NOON, 1).await;
    assert_eq!(chain.forgotten_before(COMPANY_A).await.expect("an answer"), Some(NOON));

    let filter = AuditFilter { action: Some("audit_details_forgotten".to_owned()), user_id: None };
    let told = list(harness, COMPANY_A, &AuditQuery { filter, ..all() }).await;
    assert_eq!(told.items.len(), 2);
}

pub async fn rows_of_another_company_forget_nothing(harness: &impl CompanyHarness) {
    harness.put(COMPANY_B, a_row("one")).await;

    assert_eq!(forget(harness, minutes_after_noon(1), 10).await, 0);

    let listed = list(harness, COMPANY_B, &all()).await;
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].address.as_deref(), Some("203.0.113.7"));
}

fn all() -> AuditQuery {
    AuditQuery { filter: AuditFilter::default(), page: PageRequest::new(Some(200), None) }
}

fn part(limit: u16, cursor: Option<String>) -> AuditQuery {
    AuditQuery { filter: AuditFilter::default(), page: PageRequest::new(Some(limit), cursor) }
}

async fn list(harness: &impl CompanyHarness, company_id: CompanyId, query: &AuditQuery) -> Page<AuditEntry> {
    harness.log(company_id).list_entries(company_id, query).await.expect("a list")
}

fn told(page: &Page<AuditEntry>) -> Vec<&str> {
    page.items.iter().map(|entry| entry.action.as_str()).collect()
}

pub async fn the_newest_rows_are_listed_first_and_go_on_after_a_cursor(harness: &impl CompanyHarness) {
    for (minutes, action) in [(1, "second"), (2, "third"), (0, "first")] {
        harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row(action) }).await;
    }

    let first = list(harness, COMPANY_A, &part(2, None)).await;
    let rest = list(harness, COMPANY_A, &part(2, first.next_cursor.clone())).await;

    assert_eq!((told(&first), told(&rest)), (vec!["third", "second"], vec!["first"]));
    assert_eq!(rest.next_cursor, None);
    let entry = &rest.items[0];
    assert_eq!(entry.user_id, Some(USER_1.to_string()));
    assert_eq!((entry.company_id.as_str(), entry.at), (COMPANY_A.to_string().as_str(), NOON));
    assert_eq!(entry.details.as_deref(), Some(r#"{"provider": "gmail"}"#));
    assert_eq!((entry.address.as_deref(), entry.user_agent.as_deref()), (Some("203.0.113.7"), Some("browser")));
}

pub async fn rows_of_one_moment_are_each_listed_once(harness: &impl CompanyHarness) {
    let mut put_in = Vec::new();
    for _ in 0..7 {
        put_in.push(put(harness, "one").await);
    }

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = list(harness, COMPANY_A, &part(3, cursor)).await;
        seen.extend(page.items.iter().map(|entry| entry.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    put_in.sort();
    seen.sort();
    assert_eq!(seen, put_in);
}

pub async fn a_list_goes_on_where_it_was_although_rows_come_in(harness: &impl CompanyHarness) {
    for (minutes, action) in [(0, "first"), (1, "second"), (2, "third")] {
        harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row(action) }).await;
    }
    let first = list(harness, COMPANY_A, &part(2, None)).await;

    harness.put(COMPANY_A, NewRow { at: minutes_after_noon(3), ..a_row("fourth") }).await;

    assert_eq!(told(&list(harness, COMPANY_A, &part(2, first.next_cursor)).await), ["first"]);
}

pub async fn a_list_is_narrowed_by_action_and_by_person(harness: &impl CompanyHarness) {
    for (action, user_id) in [("one", Some(USER_1)), ("two", Some(USER_1)), ("two", Some(USER_2)), ("two", None)] {
        harness.put(COMPANY_A, NewRow { user_id, ..a_row(action) }).await;
    }
    let count = async |action: Option<&str>, user_id| {
        let filter = AuditFilter { action: action.map(ToOwned::to_owned), user_id };
        list(harness, COMPANY_A, &AuditQuery { filter, ..all() }).await.items.len()
    };

    assert_eq!(count(Some("two"), None).await, 3);
    assert_eq!(count(None, Some(USER_1)).await, 2);
    assert_eq!(count(Some("two"), Some(USER_1)).await, 1);
    assert_eq!(count(Some("three"), None).await, 0);
}

pub async fn rows_of_another_company_are_not_listed(harness: &impl CompanyHarness) {
    harness.put(COMPANY_B, a_row("one")).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let listed = harness.log(deployment).list_entries(COMPANY_A, &all()).await.expect("a list");
        assert_eq!(listed, Page { items: Vec::new(), next_cursor: None });
    }
}

pub async fn a_cursor_that_is_none_is_refused(harness: &impl CompanyHarness) {
    put(harness, "one").await;

    for cursor in ["rubbish", "", "1.", ".1", "99999999999999999999.0e000000-0000-4000-8000-000000000001"] {
        let query = part(2, Some(cursor.to_owned()));
        let refused = harness.log(COMPANY_A).list_entries(COMPANY_A, &query).await;
        assert!(matches!(refused, Err(ListAuditError::Cursor(_))), "{cursor}: {refused:?}");
    }
}

pub async fn an_export_leaves_its_audit_row(harness: &impl CompanyHarness) {
    let start = ExportStart {
        company_id: COMPANY_A,
        session_id: None,
        format: ExportFormat::Csv,
        filter: AuditFilter::default(),
        origin: Origin::default(),
    };

    harness.log(COMPANY_A).start_export(&start).await.expect("written");

    let listed = list(harness, COMPANY_A, &all()).await;
    assert_eq!(told(&listed), ["export_started"]);
    assert!(listed.items[0].details.as_deref().is_some_and(|details| details.contains("csv")));
}

pub async fn what_was_done_about_connections_is_listed_oldest_first_and_goes_on_after_a_position(
    harness: &impl CompanyHarness,
) {
    let mut ids = Vec::new();
    for (action, minutes) in [("connection_disconnected", 2), ("connection_created", 1), ("connection_failed", 3)] {
        ids.push(harness.put(COMPANY_A, NewRow { at: minutes_after_noon(minutes), ..a_row(action) }).await);
    }
    let actions = harness.connection_actions(COMPANY_A);

    let first = actions.list_actions(COMPANY_A, None, 2).await.expect("a list");
    let rest = actions.list_actions(COMPANY_A, first.last().map(MasterAction::position), 10).await.expect("a list");

    let told: Vec<_> = first.iter().chain(&rest).map(|told| (told.id, told.action.as_str())).collect();
    let expected = [(ids[1], "connection_created"), (ids[0], "connection_disconnected"), (ids[2], "connection_failed")];
    assert_eq!((first.len(), told.as_slice()), (2, expected.as_slice()));
    assert_eq!(first[0].user_id, Some(USER_1.to_string()));
}

pub async fn what_was_done_about_others_is_not_listed(harness: &impl CompanyHarness) {
    put(harness, "admin_login").await;
    put(harness, "connections").await;

    let listed = harness.connection_actions(COMPANY_A).list_actions(COMPANY_A, None, 10).await;

    assert_eq!(listed.expect("a list"), []);
}

pub async fn what_was_done_in_another_company_is_not_listed(harness: &impl CompanyHarness) {
    harness.put(COMPANY_B, a_row("connection_created")).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let listed = harness.connection_actions(deployment).list_actions(COMPANY_A, None, 10).await;
        assert_eq!(listed.expect("a list"), []);
    }
}
