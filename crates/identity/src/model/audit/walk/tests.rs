//! A walk ends at the first thing that does not agree, whatever somebody made of it.

use super::*;
use crate::model::audit::{Covers, NewSeal, Personal};
use crate::testing::{COMPANY_A, NOON};

fn entry(number: u128) -> EntryFacts {
    let text = |word: &str| Some(format!("{word} {number}"));
    EntryFacts {
        id: Uuid::from_u128(number),
        tenant_id: COMPANY_A.to_string(),
        company_id: COMPANY_A.to_string(),
        user_id: text("user"),
        session_id: Some(Uuid::from_u128(100 + number)),
        action: format!("action {number}"),
        resource_type: text("type"),
        resource_id: text("resource"),
        request_id: text("request"),
        at_micros: Some(NOON.unix_timestamp() * 1_000_000),
        personal: Personal::salted(vec![1; 32], text("address"), text("agent"), text("details")),
    }
}

fn stored(seal: &NewSeal) -> StoredSeal {
    let (entry, covered) = match seal.covers {
        Covers::Past(count) => (None, Some(i64::try_from(count).unwrap())),
        Covers::Entry(id) => (Some(id), None),
    };
    StoredSeal {
        seq: i64::try_from(seal.seq).unwrap(),
        entry,
        covered,
        previous: seal.previous.as_bytes().to_vec(),
        hash: seal.hash.as_bytes().to_vec(),
    }
}

/// Two rows from before, and a chain of four.
struct Log {
    past: Vec<EntryFacts>,
    links: Vec<Link>,
}

impl Log {
    fn whole() -> Self {
        let past: Vec<_> = (1..=2).map(entry).collect();
        let mut folded = Past::NONE;
        for row in &past {
            folded.add(row);
        }
        let mut log = Self { past, links: Vec::new() };
        let seal = folded.seal(COMPANY_A);
        log.links.push(Link { seal: stored(&seal), entry: None });
        (3..=6).for_each(|number| log.add(entry(number)));
        log
    }

    fn add(&mut self, row: EntryFacts) {
        let seal = self.head().seal(COMPANY_A, &row);
        self.links.push(Link { seal: stored(&seal), entry: Some(row) });
    }

    fn head(&self) -> SealHead {
        let last = &self.links.last().unwrap().seal;
        SealHead { seq: last.seq.unsigned_abs(), hash: last.hash.as_slice().try_into().unwrap() }
    }

    fn walk(&self, known: Option<SealHead>, forgotten_before: Option<OffsetDateTime>) -> Result<Checked, Finding> {
        let mut walk = Walk::begin(COMPANY_A, known);
        self.past.iter().try_for_each(|row| walk.past(row))?;
        self.links.iter().try_for_each(|link| walk.link(link))?;
        walk.end(forgotten_before)
    }

    fn finding(&self) -> Finding {
        self.walk(None, None).unwrap_err()
    }
}

const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Every change that one column allows.
fn changes() -> Vec<fn(&mut EntryFacts)> {
    vec![
        |row| row.tenant_id.push('x'),
        |row| row.company_id.push('x'),
        |row| row.user_id = None,
        |row| row.session_id = None,
        |row| row.action = "nothing".to_owned(),
        |row| row.resource_type = None,
        |row| row.resource_id = Some(String::new()),
        |row| row.request_id = None,
        |row| row.at_micros = Some(0),
        |row| row.at_micros = None,
        |row| row.personal.salt = Some(vec![2; 32]),
        |row| row.personal.salt = None,
        |row| row.personal.address = None,
        |row| row.personal.user_agent = Some("another".to_owned()),
        |row| row.personal.details = Some("{}".to_owned()),
        |row| row.personal.address_digest = None,
        |row| row.personal.agent_digest = Some(vec![0; 32]),
        |row| row.personal.details_digest = Some(Vec::new()),
    ]
}

#[test]
fn a_chain_that_nobody_touched_agrees() {
    let log = Log::whole();

    let checked = log.walk(Some(log.head()), None).unwrap();

    assert_eq!(checked, Checked { past: 2, entries: 4, head: Some(log.head()), known: Some(4) });
    let empty = Log { past: Vec::new(), links: Vec::new() };
    assert_eq!(empty.walk(None, None), Ok(Checked::default()));
}

#[test]
fn a_sealed_row_is_changed_in_no_column_unseen() {
    for change in changes() {
        let mut log = Log::whole();
        change(log.links[2].entry.as_mut().unwrap());

        assert_eq!(log.finding(), Finding::Changed { seq: Some(2), entry: id(4) });
    }
}

#[test]
fn a_row_from_before_is_changed_in_no_column_unseen() {
    for change in changes() {
        let mut log = Log::whole();
        change(&mut log.past[1]);

        let finding = log.finding();

        let is_found = [Finding::Changed { seq: None, entry: id(2) }, Finding::PastChanged { sealed: 2, found: 2 }];
        assert!(is_found.contains(&finding), "{finding:?}");
    }
}

#[test]
fn rows_that_are_gone_or_swapped_or_more_are_found() {
    let mut log = Log::whole();
    log.links[2].entry = None;
    assert_eq!(log.finding(), Finding::Missing { seq: 2, entry: id(4) });

    let mut log = Log::whole();
    let (one, other) = (log.links[2].entry.clone(), log.links[3].entry.clone());
    (log.links[2].entry, log.links[3].entry) = (other, one);
    assert_eq!(log.finding(), Finding::Changed { seq: Some(2), entry: id(4) });

    let mut log = Log::whole();
    log.past.pop();
    assert_eq!(log.finding(), Finding::PastChanged { sealed: 2, found: 1 });

    let mut log = Log::whole();
    log.past.push(entry(9));
    assert_eq!(log.finding(), Finding::PastChanged { sealed: 2, found: 3 });
}

#[test]
fn seals_that_are_gone_or_changed_are_found() {
    let mut log = Log::whole();
    log.links.remove(2);
    assert_eq!(log.finding(), Finding::SealMissing { seq: 2 });

    let mut log = Log::whole();
    log.links.remove(0);
    assert_eq!(log.finding(), Finding::SealMissing { seq: 0 });

    let changes: [fn(&mut StoredSeal); 6] = [
        |seal| seal.previous = vec![0; 32],
        |seal| seal.previous = Vec::new(),
        |seal| seal.hash = vec![0; 4],
        |seal| seal.entry = None,
        |seal| seal.covered = Some(0),
        |seal| seal.covered = Some(-1),
    ];
    for change in changes {
        let mut log = Log::whole();
        change(&mut log.links[2].seal);
        assert_eq!(log.finding(), Finding::SealChanged { seq: 2 });
    }

    let mut log = Log::whole();
    log.links[2].seal.hash = vec![0; 32];
    assert_eq!(log.finding(), Finding::Changed { seq: Some(2), entry: id(4) });

    let mut log = Log::whole();
    log.links[0].seal.covered = Some(3);
    assert_eq!(log.finding(), Finding::SealChanged { seq: 0 });

    let mut log = Log::whole();
    log.links[0].seal.seq = -1;
    assert_eq!(log.finding(), Finding::SealMissing { seq: 0 });

    let log = Log { links: Vec::new(), ..Log::whole() };
    assert_eq!(log.finding(), Finding::SealMissing { seq: 0 });
}

#[test]
fn a_tail_that_went_with_its_seals_is_missed_by_who_knew_it() {
    let mut log = Log::whole();
    let known = Some(log.head());
    log.links.truncate(3);
    assert!(log.walk(None, None).is_ok(), "from inside nothing is to be seen");
    assert_eq!(log.walk(known, None), Err(Finding::CutOff { reached: 4, ends: Some(2) }));

    let nothing = Log { past: Vec::new(), links: Vec::new() };
    assert_eq!(nothing.walk(known, None), Err(Finding::CutOff { reached: 4, ends: None }));

    // New rows in its place make another chain, however long it is.
    (7..=12).for_each(|number| log.add(entry(number)));
    assert_eq!(log.walk(known, None), Err(Finding::Rewritten { seq: 4 }));
}

#[test]
fn what_retention_forgot_agrees_and_what_somebody_took_does_not() {
    let mut log = Log::whole();
    for row in [&mut log.past[0], log.links[1].entry.as_mut().unwrap()] {
        row.personal = std::mem::take(&mut row.personal).forgotten();
    }

    assert!(log.walk(None, Some(NOON + time::Duration::MICROSECOND)).is_ok());
    for before in [None, Some(NOON)] {
        let taken = log.walk(None, before).unwrap_err();
        assert!(matches!(taken, Finding::Taken { .. }), "{taken:?}");
    }
}

#[test]
fn every_finding_has_words_and_a_name_of_its_own() {
    let entry = id(1);
    let findings = [
        Finding::Changed { seq: Some(1), entry },
        Finding::Missing { seq: 1, entry },
        Finding::SealChanged { seq: 1 },
        Finding::SealMissing { seq: 1 },
        Finding::PastChanged { sealed: 2, found: 1 },
        Finding::Unsealed { entry },
        Finding::GoneUnsealed { entry },
        Finding::CutOff { reached: 1, ends: Some(0) },
        Finding::Rewritten { seq: 1 },
        Finding::Taken { entry },
    ];
    let names: std::collections::BTreeSet<_> = findings.iter().map(Finding::name).collect();
    let words: std::collections::BTreeSet<_> = findings.iter().map(ToString::to_string).collect();

    assert_eq!((names.len(), words.len()), (findings.len(), findings.len()));
    for finding in findings {
        let leads = finding.seq().is_some() || finding.entry() == Some(entry);
        assert!(leads, "{finding:?} leads somewhere");
    }
}
