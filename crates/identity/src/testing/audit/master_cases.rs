//! The cases of the ports on Master.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use super::{MasterHarness, a_bare_master_action, a_master_action, minutes_after_noon};
use crate::model::audit::{ChainHash, MasterAction, SealHead};
use crate::testing::{COMPANY_A, COMPANY_B, NOON};

const fn a_head(seq: u64, byte: u8) -> SealHead {
    SealHead { seq, hash: ChainHash::new([byte; 32]) }
}

pub async fn a_head_that_was_kept_is_found(harness: &impl MasterHarness) {
    let heads = harness.heads(COMPANY_A);
    assert_eq!(heads.find_head(COMPANY_A).await.expect("an answer"), None);

    for head in [a_head(0, 1), a_head(7, 2)] {
        heads.keep_head(COMPANY_A, head).await.expect("kept");
        assert_eq!(heads.find_head(COMPANY_A).await.expect("an answer"), Some(head));
    }
}

pub async fn a_head_moves_forward_only(harness: &impl MasterHarness) {
    let heads = harness.heads(COMPANY_A);
    heads.keep_head(COMPANY_A, a_head(7, 1)).await.expect("kept");

    for other in [a_head(6, 2), a_head(7, 3)] {
        heads.keep_head(COMPANY_A, other).await.expect("an answer");
    }

    assert_eq!(heads.find_head(COMPANY_A).await.expect("an answer"), Some(a_head(7, 1)));
}

pub async fn a_head_of_another_company_reads_as_absent(harness: &impl MasterHarness) {
    harness.heads(COMPANY_B).keep_head(COMPANY_B, a_head(7, 1)).await.expect("kept");

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_eq!(harness.heads(deployment).find_head(COMPANY_A).await.expect("an answer"), None);
    }
}

pub async fn actions_are_listed_oldest_first_and_go_on_after_a_position(harness: &impl MasterHarness) {
    let noon = a_master_action(3, NOON);
    let also_noon = a_master_action(4, NOON);
    let earlier = a_master_action(5, minutes_after_noon(-1));
    let later = a_master_action(1, minutes_after_noon(1));
    for action in [&later, &also_noon, &noon, &earlier] {
        harness.put(COMPANY_A, action.clone()).await;
    }
    let actions = harness.actions(COMPANY_A);

    let first = actions.list_actions(COMPANY_A, None, 2).await.expect("a list");
    let position = first.last().map(MasterAction::position);
    let rest = actions.list_actions(COMPANY_A, position, 10).await.expect("a list");

    assert_eq!((first, rest), (vec![earlier, noon], vec![also_noon, later]));
}

pub async fn the_request_of_an_action_is_told_beside_its_details(harness: &impl MasterHarness) {
    let bare = a_bare_master_action(2, minutes_after_noon(1));
    for action in [a_master_action(1, NOON), bare.clone()] {
        harness.put(COMPANY_A, action).await;
    }

    let listed = harness.actions(COMPANY_A).list_actions(COMPANY_A, None, 10).await.expect("a list");

    assert_eq!(listed, [a_master_action(1, NOON), bare]);
    assert_eq!(listed[0].request_id.as_deref(), Some("request-1"));
}

pub async fn what_happened_to_connections_is_not_masters_to_tell(harness: &impl MasterHarness) {
    let connected = MasterAction { action: "connection_created".to_owned(), ..a_master_action(1, NOON) };
    harness.put(COMPANY_A, connected).await;

    assert_eq!(harness.actions(COMPANY_A).list_actions(COMPANY_A, None, 10).await.expect("a list"), []);
}

pub async fn actions_of_another_company_are_not_listed(harness: &impl MasterHarness) {
    harness.put(COMPANY_B, a_master_action(1, NOON)).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let listed = harness.actions(deployment).list_actions(COMPANY_A, None, 10).await.expect("a list");
        assert_eq!(listed, []);
    }
}

pub async fn what_is_personal_in_old_actions_of_the_company_is_forgotten(harness: &impl MasterHarness) {
    let (old, young) = (a_master_action(1, minutes_after_noon(-1)), a_master_action(2, NOON));
    for action in [&old, &young] {
        harness.put(COMPANY_A, action.clone()).await;
    }
    harness.put(COMPANY_B, a_master_action(3, minutes_after_noon(-1))).await;
    let actions = harness.actions(COMPANY_A);

    let forgotten = actions.forget_details(COMPANY_A, NOON, 10).await.expect("an answer");

    assert_eq!(forgotten, 1);
    assert_eq!(actions.forget_details(COMPANY_A, NOON, 10).await.expect("an answer"), 0);
    let bare = MasterAction { details: None, address: None, user_agent: None, request_id: None, ..old };
    assert_eq!(actions.list_actions(COMPANY_A, None, 10).await.expect("a list"), [bare, young]);
    let elsewhere = harness.actions(COMPANY_B).list_actions(COMPANY_B, None, 10).await.expect("a list");
    assert!(elsewhere[0].address.is_some(), "{elsewhere:?}");
}

fn about_a_connection(number: u32, minutes: i64) -> MasterAction {
    let action = "connection_created".to_owned();
    MasterAction { action, ..a_master_action(number, minutes_after_noon(minutes)) }
}

pub async fn what_master_is_told_about_a_connection_is_kept_once(harness: &impl MasterHarness) {
    let copies = harness.copies(COMPANY_A);
    let actions = [
        about_a_connection(1, 0),
        MasterAction { action: "connection_failed".to_owned(), ..a_bare_master_action(2, NOON) },
    ];

    assert_eq!(copies.copy(COMPANY_A, &actions).await.expect("an answer"), 2);
    assert_eq!(copies.copy(COMPANY_A, &actions).await.expect("an answer"), 0);
    assert_eq!(copies.copy(COMPANY_A, &[]).await.expect("an answer"), 0);
}

pub async fn the_latest_that_master_was_told_about_connections_is_found(harness: &impl MasterHarness) {
    let copies = harness.copies(COMPANY_A);
    harness.put(COMPANY_A, a_master_action(9, minutes_after_noon(9))).await;
    assert_eq!(copies.find_latest(COMPANY_A).await.expect("an answer"), None);

    let (earlier, later) = (about_a_connection(1, 1), about_a_connection(2, 2));
    copies.copy(COMPANY_A, &[later.clone(), earlier]).await.expect("an answer");

    assert_eq!(copies.find_latest(COMPANY_A).await.expect("an answer"), Some(later.position()));
    let elsewhere = harness.copies(COMPANY_B).find_latest(COMPANY_B).await;
    assert_eq!(elsewhere.expect("an answer"), None);
}

pub async fn what_master_is_told_about_a_connection_does_not_come_back(harness: &impl MasterHarness) {
    harness.copies(COMPANY_A).copy(COMPANY_A, &[about_a_connection(1, 0)]).await.expect("an answer");

    let listed = harness.actions(COMPANY_A).list_actions(COMPANY_A, None, 10).await;

    assert_eq!(listed.expect("a list"), []);
}
