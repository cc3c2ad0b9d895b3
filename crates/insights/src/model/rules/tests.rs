//! Formulas on data made by hand.

use cortex_kernel::{ConnectionId, DocumentId, Provider};
use rstest::rstest;
use time::macros::{date, datetime};
use time::{Date, Duration};

use super::*;
use crate::model::Money;
use crate::testing::{NOON, TODAY};

fn judge(rule: AlertRule, fact: &Fact) -> Option<Finding> {
    RuleSetting::default_of(rule).judge(fact, DayLimit::default(), NOON)
}

fn entry(due_day: Date) -> OpenEntry {
    OpenEntry {
        document_id: DocumentId::new(7),
        kind: BookKind::Invoice,
        title: "Invoice 1042 - Tern Hotels".to_owned(),
        number: Some("1042".to_owned()),
        party: Some("Tern Hotels".to_owned()),
        due_day,
        balance: Money::of_cents(48_050),
        currency: Some("GBP".to_owned()),
    }
}

fn mail(keywords: &[(&str, SignalCategory)]) -> Fact {
    Fact::AlarmingMail(AlarmingMail {
        document_id: DocumentId::new(7),
        sender: Some("nora@yard.example".to_owned()),
        sender_name: Some("Nora Dahl".to_owned()),
        subject: "Crane\n stands still".to_owned(),
        keywords: keywords.iter().map(|(word, category)| ((*word).to_owned(), *category)).collect(),
    })
}

fn thread(sender: &str, sent_at: OffsetDateTime) -> Fact {
    Fact::OpenThread(OpenThread {
        thread: "t-1".to_owned(),
        document_id: DocumentId::new(7),
        sender: sender.to_owned(),
        sender_name: None,
        subject: "Crane".to_owned(),
        sent_at,
    })
}

fn sender(mails: u64, mails_before: u64) -> Fact {
    let week = Week::of(date!(2026 - 02 - 23));
    Fact::Sender(SenderWeeks { sender: "nora@yard.example".to_owned(), sender_name: None, week, mails, mails_before })
}

fn connection(failures: u64, needs_reauthorization: bool) -> Fact {
    Fact::Connection(SyncFailures {
        id: ConnectionId::new(3),
        provider: Provider::Gmail,
        user_id: Some("one".to_owned()),
        account: Some("mailbox@example.com".to_owned()),
        needs_reauthorization,
        connected_at: NOON,
        failures,
        last_completed_at: Some(NOON),
    })
}

#[rstest]
#[case::today(TODAY, None)]
#[case::yesterday(date!(2026 - 03 - 01), Some(Urgency::Low))]
#[case::six_days(date!(2026 - 02 - 24), Some(Urgency::Low))]
#[case::a_week(date!(2026 - 02 - 23), Some(Urgency::Medium))]
#[case::thirty_days(date!(2026 - 01 - 31), Some(Urgency::High))]
#[case::sixty_days(date!(2026 - 01 - 01), Some(Urgency::Critical))]
fn an_entry_is_overdue_the_day_after(#[case] due_day: Date, #[case] urgency: Option<Urgency>) {
    let found = judge(AlertRule::OverdueInvoice, &Fact::OpenEntry(entry(due_day)));

    assert_eq!(found.map(|found| found.urgency), urgency);
}

#[test]
fn an_overdue_entry_tells_whose_it_is_and_what_is_open() {
    let bill = OpenEntry { kind: BookKind::Bill, number: None, currency: None, ..entry(date!(2026 - 02 - 01)) };
    let nobodys = OpenEntry { number: None, party: None, ..entry(date!(2026 - 02 - 01)) };

    let told = |rule, entry| judge(rule, &Fact::OpenEntry(entry)).expect("an alert");

    let invoice = told(AlertRule::OverdueInvoice, entry(date!(2026 - 02 - 01)));
    assert_eq!(invoice.summary, "Invoice 1042 to Tern Hotels was due on 2026-02-01; 480.50 GBP is open.");
    assert_eq!(invoice.key_entities, ["Tern Hotels", "1042", "480.50 GBP"]);
    assert_eq!((invoice.subject.as_str(), invoice.mark.as_str()), ("7", "2026-02-01"));
    let bill = told(AlertRule::OverdueBill, bill).summary;
    assert_eq!(bill, "Bill from Tern Hotels was due on 2026-02-01; 480.50 is open.");
    let nobodys = told(AlertRule::OverdueInvoice, nobodys).summary;
    assert!(nobodys.starts_with("Invoice \"Invoice 1042 - Tern Hotels\" was due"), "{nobodys}");
}

#[test]
fn what_is_paid_is_not_overdue() {
    for cents in [0, -100] {
        let paid = OpenEntry { balance: Money::of_cents(cents), ..entry(date!(2026 - 01 - 01)) };
        assert_eq!(judge(AlertRule::OverdueInvoice, &Fact::OpenEntry(paid)), None);
    }
}

#[test]
fn a_mail_is_as_urgent_as_its_words() {
    use SignalCategory::{Complaint, Urgency as Urgent};
    let urgency =
        |words: &[(&str, SignalCategory)]| judge(AlertRule::UrgentMail, &mail(words)).map(|found| found.urgency);

    assert_eq!(urgency(&[]), None);
    assert_eq!(urgency(&[("refund", Complaint), ("faulty", Complaint)]), Some(Urgency::Medium));
    assert_eq!(urgency(&[("urgent", Urgent)]), Some(Urgency::High));
    assert_eq!(urgency(&[("faulty", Complaint), ("urgent", Urgent)]), Some(Urgency::Critical));
    let found = judge(AlertRule::UrgentMail, &mail(&[("faulty", Complaint), ("urgent", Urgent)])).expect("an alert");
    assert_eq!(found.summary, "Mail from Nora Dahl, \"Crane stands still\", says: faulty, urgent.");
    assert_eq!(found.mark, "faulty,urgent");
}

#[test]
fn a_rule_finds_from_its_threshold_on() {
    let two = RuleSetting { threshold: 2, ..RuleSetting::default_of(AlertRule::UrgentMail) };
    let judge = |fact: &Fact| two.judge(fact, DayLimit::default(), NOON).is_some();

    assert!(!judge(&mail(&[("urgent", SignalCategory::Urgency)])));
    assert!(judge(&mail(&[("asap", SignalCategory::Urgency), ("urgent", SignalCategory::Urgency)])));
}

#[rstest]
#[case::two_days(2, None)]
#[case::three_days(3, Some(Urgency::Low))]
#[case::a_week(7, Some(Urgency::Medium))]
#[case::two_weeks(14, Some(Urgency::High))]
fn a_thread_waits_some_days_before_it_is_an_alert(#[case] days: i64, #[case] urgency: Option<Urgency>) {
    let found = judge(AlertRule::UnansweredMail, &thread("nora@yard.example", NOON - Duration::days(days)));

    assert_eq!(found.map(|found| found.urgency), urgency);
}

#[rstest]
fn machines_wait_for_no_answer(
    #[values("no-reply@x.example", "noreply+7@x.example", "do_not_reply@x.example", "mailer-daemon@x.example")]
    address: &str,
) {
    assert_eq!(judge(AlertRule::UnansweredMail, &thread(address, NOON - Duration::days(9))), None);
}

#[rstest]
#[case::too_few(0, 9, None)]
#[case::the_same(10, 10, None)]
#[case::a_little(5, 10, None)]
#[case::by_sixty_percent(4, 10, Some(Urgency::Medium))]
#[case::to_nothing(0, 10, Some(Urgency::High))]
#[case::more(40, 10, None)]
fn a_sender_falls(#[case] now: u64, #[case] before: u64, #[case] urgency: Option<Urgency>) {
    assert_eq!(judge(AlertRule::SenderFell, &sender(now, before)).map(|found| found.urgency), urgency);
}

#[rstest]
#[case::too_few(9, 1, None)]
#[case::the_same(10, 10, None)]
#[case::twice(20, 10, None)]
#[case::three_times(30, 10, Some(Urgency::Low))]
#[case::five_times(50, 10, Some(Urgency::Medium))]
#[case::from_nothing(10, 0, Some(Urgency::Medium))]
#[case::less(4, 10, None)]
fn a_sender_rises(#[case] now: u64, #[case] before: u64, #[case] urgency: Option<Urgency>) {
    assert_eq!(judge(AlertRule::SenderRose, &sender(now, before)).map(|found| found.urgency), urgency);
}

#[test]
fn a_change_is_told_with_its_numbers() {
    let found = judge(AlertRule::SenderFell, &sender(4, 10)).expect("an alert");

    let expected = "nora@yard.example wrote far fewer: 4 mails in the week of 2026-02-23, 10 before (-60 %).";
    assert_eq!((found.summary.as_str(), found.mark.as_str()), (expected, "2026-02-23"));
}

#[test]
fn syncs_fail_three_times_before_they_are_an_alert() {
    let urgency = |failures| judge(AlertRule::FailedSyncs, &connection(failures, false)).map(|found| found.urgency);

    assert_eq!([urgency(0), urgency(2)], [None, None]);
    assert_eq!([urgency(3), urgency(10)], [Some(Urgency::Medium), Some(Urgency::High)]);
    assert_eq!(judge(AlertRule::FailedSyncs, &connection(9, true)), None);
}

#[test]
fn who_has_to_connect_again_is_told() {
    assert_eq!(judge(AlertRule::ReauthorizationNeeded, &connection(0, false)), None);
    let found = judge(AlertRule::ReauthorizationNeeded, &connection(0, true)).expect("an alert");

    assert_eq!(found.summary, "gmail of mailbox@example.com is not read any more: its owner has to connect it again.");
    assert_eq!((found.user_id.as_deref(), found.subject.as_str()), (Some("one"), "3"));
}

#[rstest]
#[case::no_limit(None, None, 1_000, 1_000, None)]
#[case::little(Some(10), Some(1_000), 7, 100, None)]
#[case::eighty_percent(Some(10), None, 8, 0, Some(Urgency::Medium))]
#[case::of_bytes(Some(10), Some(1_000), 1, 999, Some(Urgency::Medium))]
#[case::all(None, Some(1_000), 0, 1_000, Some(Urgency::High))]
#[case::who_may_nothing(Some(0), None, 0, 0, None)]
fn a_quota_is_nearly_used(
    #[case] most_documents: Option<u64>,
    #[case] most_bytes: Option<u64>,
    #[case] documents: u64,
    #[case] bytes: u64,
    #[case] urgency: Option<Urgency>,
) {
    let usage = UsedToday { user_id: "one".to_owned(), email: None, day: TODAY, documents, bytes };
    let limit = DayLimit { documents: most_documents, bytes: most_bytes };

    let found = RuleSetting::default_of(AlertRule::QuotaNearlyUsed).judge(&Fact::Usage(usage), limit, NOON);

    assert_eq!(found.map(|found| found.urgency), urgency);
}

#[test]
fn what_is_new_is_asked_for_or_all() {
    let own = OwnAddresses::default();
    let setting = RuleSetting::default_of(AlertRule::UnansweredMail);

    let until = datetime!(2026-02-27 12:00 UTC);
    let since = Some(datetime!(2026-01-31 12:00 UTC));
    assert_eq!(setting.query(&own, Scope::New, NOON), FactQuery::OpenThreads { own: own.clone(), since, until });
    assert_eq!(setting.query(&own, Scope::All, NOON), FactQuery::OpenThreads { own: own.clone(), since: None, until });
    let week = Week::of(date!(2026 - 02 - 23));
    let fell = RuleSetting::default_of(AlertRule::SenderFell).query(&own, Scope::New, NOON);
    assert_eq!(fell, FactQuery::Senders { own, week, at_least: 10 });
}

#[test]
fn a_fact_of_another_rule_is_no_alert() {
    assert_eq!(judge(AlertRule::OverdueInvoice, &connection(9, true)), None);
}
