//! The cases of the contract.

use std::time::Duration as StdDuration;

use cortex_kernel::{CompanyId, Origin, PageRequest, UserId};
use futures_util::future::join_all;
use time::Duration;
use uuid::Uuid;

use super::{BOTH, Harness, standing};
use crate::model::{Invitation, Mapping, Member, MemberChange, Membership, Role, Standing, TeamRefusal};
use crate::ports::{ChangeTeamError, ListMembersError, PendingBinding};
use crate::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_membership};

const LEASE: StdDuration = StdDuration::from_mins(1);

fn user(n: u128) -> UserId {
    UserId::new(Uuid::from_u128(n))
}

/// The one who asks: an owner.
fn owner() -> Membership {
    Membership {
        user_id: USER_2,
        email: "boss@example.com".parse().expect("an address"),
        role: Role::Owner,
        ..a_membership()
    }
}

fn named(user_id: UserId, email: &str) -> Membership {
    Membership { user_id, email: email.parse().expect("an address"), ..a_membership() }
}

fn invitation() -> Invitation {
    Invitation {
        company_id: COMPANY_A,
        user_id: USER_1,
        email: "one@example.com".parse().expect("an address"),
        role: Role::User,
        by: USER_2,
        at: NOON,
        expires_at: NOON + Duration::DAY,
        origin: Origin::default(),
    }
}

fn change(role: Option<Role>, is_active: Option<bool>) -> MemberChange {
    MemberChange {
        company_id: COMPANY_A,
        user_id: USER_1,
        role,
        is_active,
        by: USER_2,
        at: NOON,
        origin: Origin::default(),
    }
}

fn mapping() -> Mapping {
    Mapping {
        company_id: COMPANY_A,
        user_id: USER_1,
        email: "one@example.com".parse().expect("an address"),
        role: Role::Admin,
        at: NOON,
    }
}

async fn invite(harness: &impl Harness, invitation: &Invitation) -> Result<Member, ChangeTeamError> {
    harness.store(COMPANY_A).invite(invitation).await
}

async fn claim(harness: &impl Harness, company_id: CompanyId) -> Option<PendingBinding> {
    harness.store(company_id).claim_binding(company_id, None, LEASE).await.expect("an answer")
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ChangeTeamError>) -> TeamRefusal {
    match answer {
        Err(ChangeTeamError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub async fn members_are_listed_by_address_page_by_page(harness: &impl Harness) {
    for (n, email) in [(1, "dora@example.com"), (2, "Abel@example.com"), (3, "carl@example.com")] {
        harness.put(named(user(n), email)).await;
    }
    harness.put(Membership { is_active: false, ..named(user(4), "bert@example.com") }).await;

    let (mut cursor, mut listed) = (None, Vec::new());
    loop {
        let request = PageRequest::new(Some(3), cursor);
        let page = harness.store(COMPANY_A).list_members(COMPANY_A, &request).await.expect("an answer");
        assert_eq!(page.total, 4);
        listed.push(page.members.iter().map(|member| member.membership.email.folded()).collect::<Vec<_>>());
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }

    let first = ["abel@example.com", "bert@example.com", "carl@example.com"];
    assert_eq!(listed, [first.map(ToOwned::to_owned).to_vec(), vec!["dora@example.com".to_owned()]]);
}

pub async fn a_cursor_that_is_none_is_refused(harness: &impl Harness) {
    for cursor in ["rubbish".to_owned(), Uuid::from_u128(77).to_string()] {
        let request = PageRequest::new(None, Some(cursor));
        let listed = harness.store(COMPANY_A).list_members(COMPANY_A, &request).await;
        assert!(matches!(listed, Err(ListMembersError::InvalidCursor)), "{listed:?}");
    }
}

pub async fn members_of_another_company_are_not_listed(harness: &impl Harness) {
    harness.put(Membership { company_id: COMPANY_B, ..a_membership() }).await;

    let request = PageRequest::new(None, None);
    let page = harness.store(COMPANY_A).list_members(COMPANY_A, &request).await.expect("an answer");

    assert_eq!((page.members, page.total), (Vec::new(), 0));
    assert_eq!(standing(harness, COMPANY_A, "one@example.com").await, []);
}

pub async fn places_are_found_by_address_without_case(harness: &impl Harness) {
    harness.put(a_membership()).await;

    assert_eq!(standing(harness, COMPANY_A, "ONE@Example.com").await, [Standing::Active]);
    assert_eq!(standing(harness, COMPANY_A, "two@example.com").await, []);
}

pub async fn an_invitation_makes_an_open_place_and_one_audit_row(harness: &impl Harness) {
    harness.put(owner()).await;

    let member = invite(harness, &invitation()).await.expect("an open place");

    assert_eq!(member.membership.standing(NOON), Standing::Invited);
    assert_eq!(member.membership.invitation_expires_at, Some(NOON + Duration::DAY));
    assert_eq!((member.membership.user_id, member.membership.role), (USER_1, Role::User));
    assert_eq!((member.invited_by, member.invited_at), (Some(USER_2), Some(NOON)));
    assert_eq!(standing(harness, COMPANY_A, "one@example.com").await, [Standing::Invited]);
    assert_eq!(harness.audited(COMPANY_A).await, ["user_invited"]);
}

pub async fn an_open_invitation_is_renewed(harness: &impl Harness) {
    harness.put(owner()).await;
    let first = invite(harness, &invitation()).await.expect("an open place");

    let later = Invitation { role: Role::Viewer, expires_at: NOON + Duration::DAY * 2, ..invitation() };
    let again = invite(harness, &later).await.expect("an open place");

    assert_eq!(again.id, first.id);
    assert_eq!(again.membership.role, Role::Viewer);
    assert_eq!(again.membership.invitation_expires_at, Some(NOON + Duration::DAY * 2));
    assert_eq!(harness.audited(COMPANY_A).await, ["user_invited", "user_reinvited"]);
}

pub async fn an_active_member_is_not_invited(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(a_membership()).await;

    assert_eq!(refusal(invite(harness, &invitation()).await), TeamRefusal::AlreadyAMember);

    let of_another_account = Invitation { user_id: user(7), ..invitation() };
    assert_eq!(refusal(invite(harness, &of_another_account).await), TeamRefusal::AlreadyAMember);
    assert_eq!(standing(harness, COMPANY_A, "one@example.com").await, [Standing::Active]);
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

pub async fn a_deactivated_member_can_be_invited_again(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(Membership { is_active: false, ..a_membership() }).await;

    invite(harness, &invitation()).await.expect("an open place");

    assert_eq!(standing(harness, COMPANY_A, "one@example.com").await, [Standing::Invited]);
    assert_eq!(harness.audited(COMPANY_A).await, ["user_invited"]);
}

pub async fn an_address_that_another_account_left_behind_is_free(harness: &impl Harness) {
    harness.put(owner()).await;
    let abandoned = Membership { invitation_expires_at: Some(NOON + Duration::HOUR), ..a_membership() };
    harness.put(Membership { is_active: false, user_id: user(7), ..abandoned }).await;

    invite(harness, &invitation()).await.expect("an open place");

    let mut standings = standing(harness, COMPANY_A, "one@example.com").await;
    standings.sort_by_key(|standing| *standing == Standing::Invited);
    assert_eq!(
        standings,
        [Standing::Deactivated, Standing::Invited],
        "one account has the address, one invitation is open"
    );
}

pub async fn twenty_invitations_of_one_address_at_once_make_one_place(harness: &impl Harness) {
    harness.put(owner()).await;
    let store = harness.store(COMPANY_A);
    // Two accounts, as after one was deleted, and every spelling.
    let invitations: Vec<_> = (0..20_u128)
        .map(|n| {
            let email = if n % 3 == 0 { "One@Example.com" } else { "one@example.com" };
            let email = email.parse().expect("an address");
            Invitation { user_id: user(1 + n % 2), email, ..invitation() }
        })
        .collect();

    for invited in join_all(invitations.iter().map(|invitation| store.invite(invitation))).await {
        invited.expect("an open place");
    }

    let standings = standing(harness, COMPANY_A, "one@example.com").await;
    assert_eq!(standings.iter().filter(|standing| **standing == Standing::Invited).count(), 1, "{standings:?}");
}

pub async fn a_role_is_changed_with_one_audit_row(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(a_membership()).await;

    let changed = harness.store(COMPANY_A).change(&change(Some(Role::Admin), None)).await.expect("a change");

    assert_eq!(changed.membership, Membership { role: Role::Admin, ..a_membership() });
    assert_eq!(harness.audited(COMPANY_A).await, ["user_role_changed"]);
}

pub async fn what_changes_nothing_leaves_no_audit_row(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(a_membership()).await;

    for nothing in [change(None, None), change(Some(Role::User), Some(true))] {
        let unchanged = harness.store(COMPANY_A).change(&nothing).await.expect("an answer");
        assert_eq!(unchanged.membership, a_membership());
    }
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

pub async fn a_deactivated_member_is_marked_inactive_and_has_no_invitation(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");

    for _ in 0..2 {
        let gone = harness.store(COMPANY_A).change(&change(None, Some(false))).await.expect("a change");
        assert_eq!((gone.membership.is_active, gone.membership.invitation_expires_at), (false, None));
    }
    assert_eq!(harness.audited(COMPANY_A).await, ["user_invited", "user_deactivated"]);
}

pub async fn a_member_comes_back_with_one_audit_row(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(Membership { is_active: false, ..a_membership() }).await;

    let back = harness.store(COMPANY_A).change(&change(None, Some(true))).await.expect("a change");

    assert_eq!(back.membership, a_membership());
    assert_eq!(harness.audited(COMPANY_A).await, ["user_reactivated"]);
}

pub async fn an_address_that_another_member_has_by_now_keeps_a_member_out(harness: &impl Harness) {
    harness.put(owner()).await;
    harness.put(Membership { is_active: false, ..a_membership() }).await;
    harness.put(named(user(7), "ONE@example.com")).await;

    let refused = harness.store(COMPANY_A).change(&change(None, Some(true))).await;
    assert_eq!(refusal(refused), TeamRefusal::EmailTaken);
    assert_eq!(refusal(harness.store(COMPANY_A).map(&mapping()).await), TeamRefusal::EmailTaken);
    assert_eq!(harness.audited(COMPANY_A).await, [""; 0]);
}

pub async fn a_member_of_another_company_is_none(harness: &impl Harness) {
    for company_id in BOTH {
        harness.put(Membership { company_id, ..owner() }).await;
    }
    harness.put(Membership { company_id: COMPANY_B, ..a_membership() }).await;

    let refused = harness.store(COMPANY_A).change(&change(Some(Role::Viewer), None)).await;

    assert_eq!(refusal(refused), TeamRefusal::NoSuchMember);
    assert_eq!(standing(harness, COMPANY_B, "one@example.com").await, [Standing::Active]);
}

pub async fn of_twenty_changes_at_once_one_owner_is_left(harness: &impl Harness) {
    for n in 0..20 {
        harness.put(Membership { role: Role::Owner, ..named(user(n), &format!("owner{n}@example.com")) }).await;
    }
    let store = harness.store(COMPANY_A);
    // Each takes out the next one, by turns in two ways.
    let changes: Vec<_> = (0..20)
        .map(|n| {
            let (role, is_active) = if n % 2 == 0 { (Some(Role::User), None) } else { (None, Some(false)) };
            MemberChange { user_id: user((n + 1) % 20), by: user(n), ..change(role, is_active) }
        })
        .collect();

    let outcomes = join_all(changes.iter().map(|change| store.change(change))).await;

    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let page = store.list_members(COMPANY_A, &PageRequest::new(None, None)).await.expect("an answer");
    let memberships = page.members.iter().map(|member| &member.membership);
    let owners = memberships.filter(|place| place.is_active && place.role == Role::Owner).count();
    assert_eq!(owners, 20 - made);
    assert!(owners >= 1, "{outcomes:?}");

    // Whoever is left cannot be taken by anybody, himself included.
    for member in page.members.iter().filter(|member| member.membership.is_active) {
        let by = member.membership.user_id;
        for n in 0..20 {
            let _ = store.change(&MemberChange { user_id: user(n), by, ..change(Some(Role::User), None) }).await;
        }
    }
    let page = store.list_members(COMPANY_A, &PageRequest::new(None, None)).await.expect("an answer");
    let memberships = page.members.iter().map(|member| &member.membership);
    assert_eq!(memberships.filter(|place| place.is_active && place.role == Role::Owner).count(), 1);
}

pub async fn a_mapping_makes_an_active_member_once(harness: &impl Harness) {
    harness.put(Membership { is_active: false, ..a_membership() }).await;
    let store = harness.store(COMPANY_A);

    let (member, is_new) = store.map(&mapping()).await.expect("a member");
    assert_eq!(member.membership, Membership { role: Role::Admin, ..a_membership() });
    assert!(is_new);
    let (again, is_new) = store.map(&mapping()).await.expect("a member");
    assert_eq!(again, member);
    assert!(!is_new);

    let other = Mapping { user_id: user(7), email: "two@example.com".parse().expect("an address"), ..mapping() };
    let (member, is_new) = store.map(&other).await.expect("a member");
    assert!(is_new && member.membership.is_active);
    assert_eq!(harness.audited(COMPANY_A).await, ["user_mapped", "user_mapped"]);
}

pub async fn a_mapping_does_not_take_the_last_owner(harness: &impl Harness) {
    harness.put(Membership { role: Role::Owner, ..a_membership() }).await;

    assert_eq!(refusal(harness.store(COMPANY_A).map(&mapping()).await), TeamRefusal::LastOwner);
}

pub async fn a_mark_is_found_once_until_its_time_is_over(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");
    let store = harness.store(COMPANY_A);

    let other = store.claim_binding(COMPANY_A, Some(USER_2), LEASE).await.expect("an answer");
    assert_eq!(other, None, "nobody marked the one who invites");
    let first = store.claim_binding(COMPANY_A, Some(USER_1), LEASE).await.expect("an answer");
    assert_eq!(first, Some(PendingBinding { user_id: USER_1, attempt: 1 }));
    assert_eq!(claim(harness, COMPANY_A).await, None);

    harness.pass(LEASE).await;
    assert_eq!(claim(harness, COMPANY_A).await, Some(PendingBinding { user_id: USER_1, attempt: 2 }));
}

pub async fn a_mark_that_was_put_off_is_found_later(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");
    claim(harness, COMPANY_A).await.expect("a mark");

    let (store, delay) = (harness.store(COMPANY_A), StdDuration::from_secs(20));
    store.put_off_binding(COMPANY_A, USER_1, delay).await.expect("an answer");

    assert_eq!(claim(harness, COMPANY_A).await, None);
    harness.pass(delay).await;
    assert_eq!(claim(harness, COMPANY_A).await.map(|mark| mark.attempt), Some(2));
}

pub async fn a_settled_mark_is_gone(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");
    claim(harness, COMPANY_A).await.expect("a mark");
    let store = harness.store(COMPANY_A);

    store.settle_binding(COMPANY_A, USER_1).await.expect("an answer");
    store.put_off_binding(COMPANY_A, USER_1, StdDuration::ZERO).await.expect("an answer");

    harness.pass(LEASE).await;
    assert_eq!(claim(harness, COMPANY_A).await, None);
    invite(harness, &invitation()).await.expect("an open place");
    assert_eq!(claim(harness, COMPANY_A).await.map(|mark| mark.attempt), Some(1), "and comes anew");
}

pub async fn a_deactivated_member_has_no_mark(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");
    let store = harness.store(COMPANY_A);

    store.change(&change(None, Some(false))).await.expect("a change");
    assert_eq!(claim(harness, COMPANY_A).await, None);

    store.change(&change(None, Some(true))).await.expect("a change");
    assert_eq!(claim(harness, COMPANY_A).await.map(|mark| mark.user_id), Some(USER_1), "and one when he is back");
}

pub async fn marks_of_another_company_are_not_found(harness: &impl Harness) {
    harness.put(owner()).await;
    invite(harness, &invitation()).await.expect("an open place");

    assert_eq!(claim(harness, COMPANY_B).await, None);
    harness.store(COMPANY_B).settle_binding(COMPANY_B, USER_1).await.expect("an answer");

    assert!(claim(harness, COMPANY_A).await.is_some());
}
