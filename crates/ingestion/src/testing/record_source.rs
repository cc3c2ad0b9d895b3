//! A source of records that lives in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, Provider};

use crate::model::{Cursor, Stream};
use crate::record_source::{RecordPage, RecordSource, RecordState, SourceError, SourceRecord};

/// Records of connections, model by model, in the order in which they were put. Cursors are the numbers of records.
#[derive(Debug, Default)]
pub struct InMemoryRecordSource {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<(BrokerConnectionId, String), Vec<RecordState>>,
    failures: VecDeque<SourceError>,
    fetches: Vec<BrokerConnectionId>,
    asked: Vec<Option<Cursor>>,
}

impl InMemoryRecordSource {
    /// Adds records to a model of a connection.
    pub fn put(&self, of: &BrokerConnectionId, model: &str, records: impl IntoIterator<Item = RecordState>) {
        self.state().records.entry((of.clone(), model.to_owned())).or_default().extend(records);
    }

    /// Lets the next call for a page that is not failing already fail like this.
    pub fn fail(&self, error: SourceError) {
        self.state().failures.push_back(error);
    }

    /// The connections that a fetch was asked for, in order.
    pub fn fetches(&self) -> Vec<BrokerConnectionId> {
        self.state().fetches.clone()
    }

    /// After which cursors pages were asked for, in order.
    pub fn asked(&self) -> Vec<Option<Cursor>> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl RecordSource for InMemoryRecordSource {
    async fn request_fetch(&self, _: Provider, broker_id: &BrokerConnectionId) -> Result<(), SourceError> {
        self.state().fetches.push(broker_id.clone());
        Ok(())
    }

    async fn read_page(&self, stream: &Stream, after: Option<Cursor>, limit: u16) -> Result<RecordPage, SourceError> {
        let mut state = self.state();
        state.asked.push(after.clone());
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        let read: usize = after.map_or(0, |cursor| cursor.as_str().parse().expect("a cursor of ours"));
        let records = state.records.get(&(stream.broker_id.clone(), stream.model.clone()));
        let left = records.map(|records| &records[read..]).unwrap_or_default();
        let page = (read + 1..).zip(left).take(limit.into());
        Ok(RecordPage {
            records: page
                .map(|(number, state)| SourceRecord { cursor: Cursor::new(number.to_string()), state: state.clone() })
                .collect(),
            has_more: left.len() > limit.into(),
        })
    }
}
