//! The contract of [`UsageReader`](crate::ports::UsageReader).

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{CompanyId, PageRequest, UserId};
use uuid::Uuid;

use super::super::{COMPANY_A, COMPANY_B, USER_1, USER_2};
use super::writer::put;
use super::{Harness, a_contributor, a_put};
use crate::model::{Amount, CompanyUsage, Contributor, DocumentPut, MemberUsage};
use crate::ports::ListError;

const DAY: Duration = Duration::from_hours(24);

pub async fn who_brought_in_nothing_has_nothing_and_a_day_that_ends(harness: &impl Harness) {
    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.expect("an answer");

    assert_eq!((usage.total, usage.today), (Amount::default(), Amount::default()));
    assert_eq!((usage.resets_at.hour(), usage.resets_at.minute(), usage.resets_at.second()), (0, 0, 0));
    assert_eq!(of_company(harness, COMPANY_A).await.members.items, []);
}

pub async fn what_was_brought_in_on_other_days_counts_in_the_total_only(harness: &impl Harness) {
    bring(harness, USER_1, "1", 5).await;
    harness.pass(DAY).await;
    bring(harness, USER_1, "2", 7).await;

    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.expect("an answer");

    assert_eq!((usage.total, usage.today), (amount(2, 12), amount(1, 7)));
    let member = MemberUsage { user_id: USER_1, total: amount(2, 12), today: amount(1, 7) };
    assert_eq!(of_company(harness, COMPANY_A).await.members.items, [member]);
}

pub async fn what_a_company_brought_in_is_the_sum_of_its_members(harness: &impl Harness) {
    bring(harness, USER_1, "1", 5).await;
    harness.pass(DAY).await;
    bring(harness, USER_2, "2", 7).await;

    let CompanyUsage { of_all, members } = of_company(harness, COMPANY_A).await;

    assert_eq!((of_all.total, of_all.today), (amount(2, 12), amount(1, 7)));
    let of = |user_id, total, today| MemberUsage { user_id, total, today };
    let expected = [of(USER_1, amount(1, 5), Amount::default()), of(USER_2, amount(1, 7), amount(1, 7))];
    assert_eq!((members.items.as_slice(), members.next_cursor), (expected.as_slice(), None));
}

pub async fn members_follow_each_other_in_pages_without_a_gap(harness: &impl Harness) {
    for n in 1..=5 {
        bring(harness, UserId::new(Uuid::from_u128(n)), &n.to_string(), 1).await;
    }

    let mut cursor = None;
    for (expected, is_last) in [(vec![1, 2], false), (vec![3, 4], false), (vec![5], true)] {
        let page = PageRequest::new(Some(2), cursor);
        let usage = harness.usage(COMPANY_A).of_company(COMPANY_A, &page).await.expect("an answer");
        let users: Vec<_> = usage.members.items.iter().map(|member| member.user_id.as_uuid().as_u128()).collect();
        assert_eq!((users, usage.of_all.total), (expected, amount(5, 5)));
        assert_eq!(usage.members.next_cursor.is_none(), is_last);
        cursor = usage.members.next_cursor;
    }
}

pub async fn a_cursor_that_is_none_is_refused(harness: &impl Harness) {
    let page = PageRequest::new(None, Some("somewhere".to_owned()));

    let outcome = harness.usage(COMPANY_A).of_company(COMPANY_A, &page).await;

    assert!(matches!(outcome, Err(ListError::Cursor(_))), "{outcome:?}");
}

pub async fn another_companys_usage_is_not_told(harness: &impl Harness) {
    let by = Contributor { company_id: COMPANY_B, ..a_contributor() };
    put(harness, &DocumentPut { by, ..a_put("1") }).await;

    let usage = harness.usage(COMPANY_A).of_user(COMPANY_A, USER_1).await.expect("an answer");

    assert_eq!(usage.total, Amount::default());
    assert_eq!(of_company(harness, COMPANY_A).await.members.items, []);
    assert_eq!(of_company(harness, COMPANY_B).await.of_all.total, amount(1, 50));
}

async fn bring(harness: &impl Harness, user_id: UserId, source_id: &str, bytes: u64) {
    let by = Contributor { user_id, ..a_contributor() };
    put(harness, &DocumentPut { by, bytes, ..a_put(source_id) }).await;
}

async fn of_company(harness: &impl Harness, company_id: CompanyId) -> CompanyUsage {
    let page = PageRequest::new(None, None);
    harness.usage(company_id).of_company(company_id, &page).await.expect("an answer")
}

const fn amount(documents: u64, bytes: u64) -> Amount {
    Amount { documents, bytes }
}
