//! The records that syncs have saved: what changed when, and how a reader follows it.
//!
//! Order is by last modification, then by an internal id. A cursor is a place in that order, so it stays good when
//! records move or vanish.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clock::{micros_offset, parse};

/// The records of one connection, model and variant.
pub(super) type Pile = (u64, String, String);

/// All records of all connections.
#[derive(Debug, Default)]
pub(super) struct RecordStore {
    piles: BTreeMap<Pile, Vec<Record>>,
    last_stamp: Option<OffsetDateTime>,
}

#[derive(Debug, Clone)]
struct Record {
    id: String,
    internal: Uuid,
    payload: Map<String, Value>,
    first_seen: OffsetDateTime,
    modified: OffsetDateTime,
    action: Action,
    deleted_at: Option<OffsetDateTime>,
    pruned_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Added,
    Updated,
    Deleted,
}

/// A place in the order of modification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor(OffsetDateTime, Uuid);

/// How much a batch changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) added: usize,
    pub(super) updated: usize,
    pub(super) deleted: usize,
}

/// What a reader asks for.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) after: Option<Cursor>,
    pub(super) modified_after: Option<OffsetDateTime>,
    pub(super) actions: Option<Vec<Action>>,
    pub(super) ids: Option<Vec<String>>,
    pub(super) limit: usize,
}

impl RecordStore {
    /// Saves records; one with the content that is there already changes nothing. All get the same time.
    pub(super) fn save(&mut self, pile: &Pile, records: &[Value], now: OffsetDateTime) -> Counts {
        let stamp = self.stamp(now);
        let namespace = namespace_of(pile);
        let kept = self.piles.entry(pile.clone()).or_default();
        let mut places: HashMap<String, usize> =
            kept.iter().enumerate().map(|(place, record)| (record.id.clone(), place)).collect();
        let mut counts = Counts::default();
        for record in records {
            let Some((id, payload)) = split(record) else { continue };
            match places.get(&id).and_then(|place| kept.get_mut(*place)) {
                None => {
                    counts.added += 1;
                    let internal = Uuid::new_v5(&namespace, id.as_bytes());
                    places.insert(id.clone(), kept.len());
                    kept.push(Record::new(id, internal, payload, stamp));
                }
                Some(known) if known.action == Action::Deleted => {
                    counts.added += 1;
                    *known = Record::new(id, known.internal, payload, stamp);
                }
                Some(known) if known.payload == payload && known.pruned_at.is_none() => {}
                Some(known) => {
                    counts.updated += 1;
                    known.payload = payload;
                    known.modified = stamp;
                    known.action = Action::Updated;
                    known.pruned_at = None;
                }
            }
        }
        counts
    }

    /// Marks records as deleted. The payload goes with it unless the deletion was found by tracking.
    pub(super) fn delete(&mut self, pile: &Pile, ids: &[String], keep_payload: bool, now: OffsetDateTime) -> usize {
        let stamp = self.stamp(now);
        let Some(kept) = self.piles.get_mut(pile) else { return 0 };
        let ids: BTreeSet<&String> = ids.iter().collect();
        let mut deleted = 0;
        for record in kept.iter_mut().filter(|record| record.action != Action::Deleted && ids.contains(&record.id)) {
            deleted += 1;
            record.action = Action::Deleted;
            record.deleted_at = Some(stamp);
            record.modified = stamp;
            if !keep_payload {
                record.payload.clear();
            }
        }
        deleted
    }

    /// Empties the payloads of records up to a place, oldest first: how many, and whether more are left.
    pub(super) fn prune(&mut self, pile: &Pile, until: Cursor, limit: usize, now: OffsetDateTime) -> (usize, bool) {
        let Some(kept) = self.piles.get_mut(pile) else { return (0, false) };
        kept.sort_by_key(Record::place);
        let mut due = kept.iter_mut().filter(|record| record.pruned_at.is_none() && record.place() <= until);
        let mut count = 0;
        for record in due.by_ref().take(limit) {
            record.payload.clear();
            record.pruned_at = Some(now);
            count += 1;
        }
        (count, due.next().is_some())
    }

    /// Empties the payloads of all records, as time does with old ones.
    pub(super) fn prune_all(&mut self, pile: &Pile, now: OffsetDateTime) -> usize {
        let last = self.piles.get(pile).and_then(|kept| kept.iter().map(Record::place).max());
        last.map_or(0, |last| self.prune(pile, last, usize::MAX, now).0)
    }

    /// Drops records without a trace.
    pub(super) fn clear(&mut self, pile: &Pile) {
        self.piles.remove(pile);
    }

    pub(super) fn drop_connection(&mut self, connection: u64) {
        self.piles.retain(|(of, _, _), _| *of != connection);
    }

    /// How many there are, deleted ones not counted.
    pub(super) fn count(&self, pile: &Pile) -> usize {
        let kept = self.piles.get(pile);
        kept.map_or(0, |kept| kept.iter().filter(|record| record.action != Action::Deleted).count())
    }

    /// Ids of the records that are there, deleted ones not counted.
    pub(super) fn ids(&self, pile: &Pile) -> Vec<String> {
        let kept = self.piles.get(pile).into_iter().flatten();
        kept.filter(|record| record.action != Action::Deleted).map(|record| record.id.clone()).collect()
    }

    /// A page of records, and the cursor of its last one when more follow.
    pub(super) fn list(&self, pile: &Pile, query: &Query) -> (Vec<Value>, Option<String>) {
        let mut hits: Vec<&Record> = self
            .piles
            .get(pile)
            .into_iter()
            .flatten()
            .filter(|record| query.after.is_none_or(|after| record.place() > after))
            .filter(|record| query.modified_after.is_none_or(|least| record.modified >= least))
            .filter(|record| query.actions.as_ref().is_none_or(|actions| actions.contains(&record.action)))
            .filter(|record| query.ids.as_ref().is_none_or(|ids| ids.contains(&record.id)))
            .collect();
        hits.sort_by_key(|record| record.place());
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let next = hits.last().filter(|_| more).map(|record| record.place().to_text());
        (hits.into_iter().map(Record::to_json).collect(), next)
    }

    /// A time later than that of every change before.
    fn stamp(&mut self, now: OffsetDateTime) -> OffsetDateTime {
        let stamp = self.last_stamp.map_or(now, |last| now.max(last + Duration::microseconds(1)));
        self.last_stamp = Some(stamp);
        stamp
    }
}

impl Record {
    fn new(id: String, internal: Uuid, payload: Map<String, Value>, stamp: OffsetDateTime) -> Self {
        Self {
            id,
            internal,
            payload,
            first_seen: stamp,
            modified: stamp,
            action: Action::Added,
            deleted_at: None,
            pruned_at: None,
        }
    }

    fn place(&self) -> Cursor {
        Cursor(self.modified, self.internal)
    }

    fn to_json(&self) -> Value {
        let mut record = self.payload.clone();
        record.insert("id".to_owned(), json!(self.id));
        let metadata = json!({
            "first_seen_at": micros_offset(self.first_seen),
            "last_modified_at": micros_offset(self.modified),
            "last_action": self.action.name(),
            "deleted_at": self.deleted_at.map(micros_offset),
            "pruned_at": self.pruned_at.map(micros_offset),
            "cursor": self.place().to_text(),
        });
        record.insert("_nango_metadata".to_owned(), metadata);
        Value::Object(record)
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "added" | "ADDED" => Some(Self::Added),
            "updated" | "UPDATED" => Some(Self::Updated),
            "deleted" | "DELETED" => Some(Self::Deleted),
            _ => None,
        }
    }
}

impl Cursor {
    fn to_text(self) -> String {
        BASE64_STANDARD.encode(format!("{}||{}", micros_offset(self.0), self.1))
    }

    pub(super) fn of_text(text: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
        let (at, id) = plain.split_once("||")?;
        Some(Self(parse(at)?, Uuid::parse_str(id).ok()?))
    }
}

impl Counts {
    pub(super) fn to_json(self) -> Value {
        json!({ "added": self.added, "updated": self.updated, "deleted": self.deleted })
    }

    pub(super) fn changed(self) -> bool {
        self != Self::default()
    }
}

/// Id and the other fields of a record; ids that are numbers become text.
fn split(record: &Value) -> Option<(String, Map<String, Value>)> {
    let mut payload = record.as_object()?.clone();
    payload.remove("_nango_metadata");
    let id = match payload.remove("id")? {
        Value::String(id) => id,
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    Some((id, payload))
}

fn namespace_of((connection, model, variant): &Pile) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{connection}/{model}/{variant}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pile() -> Pile {
        (1, "Email".to_owned(), "base".to_owned())
    }

    fn mails(numbers: impl IntoIterator<Item = u32>) -> Vec<Value> {
        numbers.into_iter().map(|number| json!({ "id": format!("e{number}"), "subject": number })).collect()
    }

    fn all(limit: usize) -> Query {
        Query { limit, ..Query::default() }
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-21 19:44:17.616747 UTC);

    #[test]
    fn the_next_cursor_is_absent_when_the_last_page_is_exactly_full() {
        let mut store = RecordStore::default();
        store.save(&pile(), &mails(0..4), NOW);
        let (page, next) = store.list(&pile(), &all(4));
        assert_eq!((page.len(), next), (4, None));
        let (first, next) = store.list(&pile(), &all(3));
        assert_eq!(first.len(), 3);
        let after = Cursor::of_text(&next.unwrap());
        let (rest, next) = store.list(&pile(), &Query { after, ..all(3) });
        assert_eq!((rest.len(), next), (1, None));
    }

    #[test]
    fn a_cursor_sees_later_changes_only_and_survives_a_cleared_shelf() {
        let mut store = RecordStore::default();
        store.save(&pile(), &mails(0..3), NOW);
        let (page, _) = store.list(&pile(), &all(10));
        let last = page.last().unwrap()["_nango_metadata"]["cursor"].as_str().unwrap().to_owned();
        let after = Cursor::of_text(&last);
        assert_eq!(store.save(&pile(), &mails(0..3), NOW), Counts::default());
        assert!(store.list(&pile(), &Query { after, ..all(10) }).0.is_empty());
        store.delete(&pile(), &["e1".to_owned()], false, NOW);
        let (changes, _) = store.list(&pile(), &Query { after, ..all(10) });
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0]["_nango_metadata"]["last_action"], "DELETED");
        assert!(changes[0].get("subject").is_none());
        store.clear(&pile());
        store.save(&pile(), &mails([9]), NOW);
        assert_eq!(store.list(&pile(), &Query { after, ..all(10) }).0.len(), 1);
    }

    #[test]
    fn a_deleted_record_that_comes_back_is_new() {
        let mut store = RecordStore::default();
        store.save(&pile(), &mails([1]), NOW);
        store.delete(&pile(), &["e1".to_owned()], true, NOW);
        assert_eq!(store.count(&pile()), 0);
        let counts = store.save(&pile(), &mails([1]), NOW);
        assert_eq!(counts, Counts { added: 1, ..Counts::default() });
        let (page, _) = store.list(&pile(), &all(10));
        assert_eq!(page[0]["_nango_metadata"]["deleted_at"], Value::Null);
        assert_eq!(page[0]["_nango_metadata"]["first_seen_at"], page[0]["_nango_metadata"]["last_modified_at"]);
    }

    #[test]
    fn pruned_records_keep_their_id_only() {
        let mut store = RecordStore::default();
        store.save(&pile(), &mails(0..3), NOW);
        let (page, _) = store.list(&pile(), &all(10));
        let until = Cursor::of_text(page[1]["_nango_metadata"]["cursor"].as_str().unwrap()).unwrap();
        assert_eq!(store.prune(&pile(), until, 1, NOW), (1, true));
        assert_eq!(store.prune(&pile(), until, 10, NOW), (1, false));
        let (page, _) = store.list(&pile(), &all(10));
        assert!(page[0].get("subject").is_none() && page[1].get("subject").is_none());
        assert!(page[2].get("subject").is_some());
    }

    #[test]
    fn nonsense_is_no_cursor() {
        for text in ["abc", "", "YWJj", "MjAyNnx8eA=="] {
            assert!(Cursor::of_text(text).is_none(), "{text}");
        }
    }
}
