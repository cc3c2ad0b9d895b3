//! The contract of [`SetAsideRecords`](crate::ports::SetAsideRecords), one case a bullet. What it reads is put there by
//! the store of pages, so it runs on the same [`Harness`].

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{CompanyId, PageRequest, Provider};

use super::page_store::{Harness, Run, all_set_aside, put_set_aside};
use super::{COMPANY_A, COMPANY_B, USER_1, USER_2};
use crate::model::{SetAsideFilter, SetAsideQuery, Stream};
use crate::ports::ListError;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! set_aside_records_contract {
    ($harness:expr) => {
        $crate::set_aside_records_contract! { $harness =>
            records_are_listed_with_those_first_seen_last_first,
            pages_follow_each_other_without_a_gap_and_without_repetition,
            a_cursor_that_is_none_is_refused,
            a_filter_by_person_and_by_provider_narrows_the_list,
            another_companys_records_are_not_listed,
            what_was_not_set_aside_again_for_long_is_forgotten,
            another_companys_records_are_not_forgotten,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::set_aside_records::$case(&$harness).await;
            }
        )+
    };
}

pub async fn records_are_listed_with_those_first_seen_last_first(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    for (run, id) in [(&run, "1"), (&colleagues, "2"), (&run, "3")] {
        put_set_aside(harness, run, [id]).await;
    }

    assert_eq!(listed(harness, COMPANY_A, SetAsideFilter::default()).await, ["3", "2", "1"]);
}

pub async fn pages_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    for id in ["1", "2", "3", "4", "5"] {
        put_set_aside(harness, &run, [id]).await;
    }

    let mut cursor = None;
    for (expected, is_last) in [(vec!["5", "4"], false), (vec!["3", "2"], false), (vec!["1"], true)] {
        let query = SetAsideQuery { filter: SetAsideFilter::default(), page: PageRequest::new(Some(2), cursor) };
        let page = harness.set_aside(COMPANY_A).list(COMPANY_A, &query).await.expect("an answer");
        let ids: Vec<_> = page.items.iter().map(|view| view.record_id.as_deref().expect("an id")).collect();
        assert_eq!(ids, expected);
        assert_eq!(page.next_cursor.is_none(), is_last);
        cursor = page.next_cursor;
        put_set_aside(harness, &run, [format!("after {expected:?}").as_str()]).await;
    }
}

pub async fn a_cursor_that_is_none_is_refused(harness: &impl Harness) {
    for cursor in ["", "one", "1;", "99999999999999999999"] {
        let page = PageRequest::new(None, Some(cursor.to_owned()));
        let query = SetAsideQuery { filter: SetAsideFilter::default(), page };
        let outcome = harness.set_aside(COMPANY_A).list(COMPANY_A, &query).await;
        assert!(matches!(outcome, Err(ListError::Cursor(_))), "{cursor}: {outcome:?}");
    }
}

pub async fn a_filter_by_person_and_by_provider_narrows_the_list(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    put_set_aside(harness, &run, ["1"]).await;
    put_set_aside(harness, &colleagues, ["2"]).await;
    let stream = Stream { provider: Provider::Outlook, model: "Mail".to_owned(), ..colleagues.stream.clone() };
    put_set_aside(harness, &Run { stream, ..colleagues }, ["3"]).await;

    let filters = [
        (Some(USER_1), None, vec!["1"]),
        (Some(USER_2), None, vec!["3", "2"]),
        (None, Some(Provider::Gmail), vec!["2", "1"]),
        (Some(USER_2), Some(Provider::Outlook), vec!["3"]),
        (Some(USER_1), Some(Provider::Outlook), vec![]),
    ];
    for (user_id, provider, expected) in filters {
        let filter = SetAsideFilter { user_id, provider };
        assert_eq!(listed(harness, COMPANY_A, filter).await, expected, "{filter:?}");
    }
}

pub async fn another_companys_records_are_not_listed(harness: &impl Harness) {
    let elsewhere = harness.run(COMPANY_B, USER_1).await;
    put_set_aside(harness, &elsewhere, ["1"]).await;

    assert_eq!(listed(harness, COMPANY_A, SetAsideFilter::default()).await, [""; 0]);
    assert_eq!(listed(harness, COMPANY_B, SetAsideFilter::default()).await, ["1"]);
}

pub async fn what_was_not_set_aside_again_for_long_is_forgotten(harness: &impl Harness) {
    const DAY: Duration = Duration::from_hours(24);
    let run = harness.run(COMPANY_A, USER_1).await;
    put_set_aside(harness, &run, ["1", "2", "3", "4"]).await;
    harness.pass(2 * DAY).await;
    put_set_aside(harness, &run, ["1"]).await;

    let records = harness.set_aside(COMPANY_A);
    let forget = async |age| records.forget(COMPANY_A, age, 2).await.expect("an answer");
    assert_eq!(forget(3 * DAY).await, 0);
    assert_eq!((forget(DAY).await, forget(DAY).await, forget(DAY).await), (2, 1, 0));
    assert_eq!(listed(harness, COMPANY_A, SetAsideFilter::default()).await, ["1"]);
}

pub async fn another_companys_records_are_not_forgotten(harness: &impl Harness) {
    let elsewhere = harness.run(COMPANY_B, USER_1).await;
    put_set_aside(harness, &elsewhere, ["1"]).await;
    harness.pass(Duration::from_hours(24)).await;

    let records = harness.set_aside(COMPANY_A);
    assert_eq!(records.forget(COMPANY_A, Duration::ZERO, 9).await.expect("an answer"), 0);
    assert_eq!(listed(harness, COMPANY_B, SetAsideFilter::default()).await, ["1"]);
}

/// The ids of the records that the filter lets through.
async fn listed(harness: &impl Harness, company_id: CompanyId, filter: SetAsideFilter) -> Vec<String> {
    let views = all_set_aside(harness, company_id, filter).await;
    views.into_iter().map(|view| view.record_id.expect("an id")).collect()
}
