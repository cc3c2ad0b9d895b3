//! The records that Nango keeps of connections.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_ingestion::model::{Cursor, Stream};
use cortex_ingestion::readers::BASE_VARIANT;
use cortex_ingestion::record_source::{RecordPage, RecordSource, RecordState, SourceError, SourceRecord};
use cortex_kernel::{BrokerConnectionId, Provider};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::budget::Urgency;
use crate::client::NangoClient;
use crate::error::NangoError;

/// Reads records from Nango, and asks it to fetch.
///
/// Pages are asked for without a filter: with any other than `deleted` alone, Nango leaves deletions out.
#[derive(Clone, Debug)]
pub struct NangoRecordSource {
    client: NangoClient,
    integrations: BTreeMap<Provider, String>,
}

/// The body of `POST /sync/trigger`. No names of syncs stand for all that the connection has.
#[derive(Serialize)]
struct FetchRequest<'a> {
    provider_config_key: &'a str,
    connection_id: &'a str,
    syncs: [&'a str; 0],
}

#[derive(Deserialize)]
struct Fetching {
    success: bool,
}

/// The answer of `GET /records`.
#[derive(Deserialize)]
struct Page {
    records: Vec<Map<String, Value>>,
    next_cursor: Option<String>,
}

/// Nango's own fields of a record.
#[derive(Deserialize)]
struct Metadata {
    cursor: String,
    last_action: String,
    #[serde(default)]
    pruned_at: Option<Value>,
}

/// Where those stand.
const METADATA: &str = "_nango_metadata";

/// Longest page that is read, in bytes. One that is longer is asked for again with half as many records.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// Longest page of a single record, in bytes. Nango takes none that is longer than 75 MB.
const MAX_SINGLE_RECORD: usize = 80 * 1024 * 1024;

/// How often a page is asked for that Nango fails to make before it is asked whether that is for the cursor.
const ATTEMPTS: u32 = 3;

impl NangoRecordSource {
    /// Reads records of the providers in `integrations`, which has Nango's unique key of each.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>) -> Self {
        Self { client, integrations }
    }

    async fn fetch(&self, provider: Provider, broker_id: &BrokerConnectionId) -> Result<(), NangoError> {
        let request = FetchRequest {
            provider_config_key: self.integration(provider)?,
            connection_id: broker_id.as_str(),
            syncs: [],
        };
        let Fetching { success } =
            self.client.post(Urgency::Background, "/sync/trigger", &request, StatusCode::OK).await?;
        if success { Ok(()) } else { Err(NangoError::Member("success".to_owned())) }
    }

    /// A page of at most `limit` records, and of fewer where they are large.
    async fn page(&self, stream: &Stream, after: Option<&Cursor>, limit: u16) -> Result<RecordPage, NangoError> {
        let mut limit = limit;
        loop {
            let longest = if limit > 1 { MAX_PAGE } else { MAX_SINGLE_RECORD };
            match self.page_within(stream, after, limit, longest).await {
                Err(NangoError::TooLong) if limit > 1 => limit /= 2,
                page => return page?.try_into(),
            }
        }
    }

    async fn page_within(
        &self,
        stream: &Stream,
        after: Option<&Cursor>,
        limit: u16,
        longest: usize,
    ) -> Result<Page, NangoError> {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("provider-config-key"), value(self.integration(stream.provider)?)?),
            (HeaderName::from_static("connection-id"), value(stream.broker_id.as_str())?),
        ]);
        let limit = limit.to_string();
        let mut query = vec![("model", stream.model.as_str()), ("limit", &limit)];
        if stream.variant != BASE_VARIANT {
            query.push(("variant", &stream.variant));
        }
        if let Some(after) = after {
            query.push(("cursor", after.as_str()));
        }
        self.client.get(Urgency::Background, "/records", &query, headers, longest).await
    }

    /// A cursor that Nango cannot read fails just as Nango itself does, so it is asked for what needs no cursor.
    async fn page_or_lost(&self, stream: &Stream, after: &Cursor, limit: u16) -> Result<RecordPage, SourceError> {
        let mut attempt = 1;
        loop {
            match self.page(stream, Some(after), limit).await {
                Err(NangoError::Failing { status: 500, .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error @ NangoError::Failing { status: 500, .. }) => {
                    let works = self.page(stream, None, 1).await.is_ok();
                    return Err(if works { SourceError::CursorLost } else { error.into() });
                }
                page => return Ok(page?),
            }
        }
    }

    fn integration(&self, provider: Provider) -> Result<&str, NangoError> {
        self.integrations.get(&provider).map(String::as_str).ok_or(NangoError::SwitchedOff(provider))
    }
}

#[async_trait]
impl RecordSource for NangoRecordSource {
    async fn request_fetch(&self, provider: Provider, broker_id: &BrokerConnectionId) -> Result<(), SourceError> {
        Ok(self.fetch(provider, broker_id).await?)
    }

    async fn read_page(&self, stream: &Stream, after: Option<Cursor>, limit: u16) -> Result<RecordPage, SourceError> {
        match after {
            None => Ok(self.page(stream, None, limit).await?),
            Some(after) => self.page_or_lost(stream, &after, limit).await,
        }
    }
}

impl TryFrom<Page> for RecordPage {
    type Error = NangoError;

    fn try_from(page: Page) -> Result<Self, NangoError> {
        let records = page.records.into_iter().enumerate().map(|(at, record)| read(at, record));
        Ok(Self { records: records.collect::<Result<_, _>>()?, has_more: page.next_cursor.is_some() })
    }
}

impl From<NangoError> for SourceError {
    fn from(error: NangoError) -> Self {
        match error {
            NangoError::KeyRefused { .. } => Self::Unauthorised(error.into()),
            NangoError::Throttled { retry_after } => Self::Throttled { retry_after },
            NangoError::Unreachable(_) | NangoError::Failing { .. } => Self::Unavailable(error.into()),
            // Nango could not refresh the credentials, or was told that they no longer hold.
            NangoError::Unexpected { status: 424, .. } => Self::NeedsReauthorization(error.into()),
            NangoError::Unexpected { ref complaint, .. } if complaint.is_code("invalid_credentials") => {
                Self::NeedsReauthorization(error.into())
            }
            NangoError::Unexpected { .. }
            | NangoError::NoIntegration { .. }
            | NangoError::SwitchedOff(_)
            | NangoError::NotJson
            | NangoError::TooLong
            | NangoError::Cut
            | NangoError::Member(_) => Self::BadAnswer(error.into()),
        }
    }
}

fn read(at: usize, mut record: Map<String, Value>) -> Result<SourceRecord, NangoError> {
    let unusable = |member: &str| NangoError::Member(format!("records[{at}].{member}"));
    let metadata = record.remove(METADATA).and_then(|metadata| Metadata::deserialize(metadata).ok());
    let metadata = metadata.filter(|metadata| !metadata.cursor.is_empty()).ok_or_else(|| unusable(METADATA))?;
    let state = if metadata.pruned_at.is_some() {
        RecordState::Pruned
    } else if metadata.last_action.eq_ignore_ascii_case("deleted") {
        let id = record.get("id").and_then(Value::as_str).ok_or_else(|| unusable("id"))?;
        RecordState::Deleted { id: id.to_owned() }
    } else {
        RecordState::Present(Value::Object(record))
    };
    Ok(SourceRecord { cursor: Cursor::new(metadata.cursor), state })
}

/// An id that came from Nango, on its way back.
fn value(id: &str) -> Result<HeaderValue, NangoError> {
    HeaderValue::try_from(id).map_err(|_| NangoError::Member("connection_id".to_owned()))
}
