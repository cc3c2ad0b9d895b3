//! What records do not carry, fetched from providers through Nango's proxy.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use cortex_ingestion::content_source::{ContentError, ContentSource, Fetched, Wanted};
use cortex_kernel::{BrokerConnectionId, Provider};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::answer::Answer;
use crate::brokered_connections::segment;
use crate::budget::Urgency;
use crate::client::NangoClient;
use crate::error::NangoError;
use crate::proxy::{Proxy, Refusal};

/// Fetches from providers through Nango's proxy.
#[derive(Clone, Debug)]
pub struct NangoContentSource {
    client: NangoClient,
    proxy: Proxy,
}

/// A provider's own refusal.
#[derive(Debug, Error)]
enum Refused {
    #[error("{provider} answered {status}")]
    Status { provider: Provider, status: u16 },
    #[error("the id cannot stand in an address")]
    Id,
    #[error("the answer of {0} is none of what was asked for")]
    Nonsense(Provider),
}

/// A call to a provider.
struct Question {
    path: String,
    query: Vec<(&'static str, &'static str)>,
    accept: &'static str,
    answer: Shape,
}

/// What an answer is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Bytes,
    Resource,
    /// Gmail's: bytes in base64 in JSON.
    Encoded,
}

/// The answer about a file of a message of Gmail.
#[derive(Deserialize)]
struct Encoded<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// What Google says is wrong: of errors of its older shape the first one's reason, of those of the newer the status.
#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleEnvelope {
    error: GoogleError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleError {
    status: String,
    errors: Vec<GoogleReason>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleReason {
    reason: String,
}

/// How long a file may take from its first byte to its last.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What JSON has around the bytes of a file.
const ENVELOPE: u64 = 4 * 1024;

const JSON: &str = "application/json";
const ANY: &str = "*/*";

/// Gmail's alphabet; whether it pads has changed.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl NangoContentSource {
    /// Fetches from the providers in `integrations`, which has Nango's unique key of each.
    #[must_use]
    pub const fn new(client: NangoClient, integrations: BTreeMap<Provider, String>) -> Self {
        Self { client, proxy: Proxy::new(integrations) }
    }

    async fn ask(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        question: &Question,
        most_bytes: u64,
    ) -> Result<Answer, ContentError> {
        let headers = self.proxy.headers(provider, broker_id, question.accept).map_err(broker)?;
        let Question { path, query, .. } = question;
        let longest = usize::try_from(question.answer.longest(most_bytes)).unwrap_or(usize::MAX);
        let answer = match self.client.fetch(Urgency::Background, path, query, headers, (longest, TIMEOUT)).await {
            Ok(answer) => answer,
            Err(NangoError::TooLong) => return Err(ContentError::TooLarge),
            Err(error) => return Err(broker(error)),
        };
        if answer.status == StatusCode::OK {
            return Ok(answer);
        }
        Err(match self.proxy.refused(provider, answer) {
            Refusal::Nango(error) => broker(error),
            Refusal::Provider(answer) => refused(provider, &answer),
        })
    }
}

#[async_trait]
impl ContentSource for NangoContentSource {
    #[tracing::instrument(name = "nango.content_source.fetch", skip_all, fields(%provider))]
    async fn fetch(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        wanted: &Wanted,
        most_bytes: u64,
    ) -> Result<Fetched, ContentError> {
        let question = Question::of(wanted).ok_or_else(|| ContentError::Refused(Refused::Id.into()))?;
        let answer = self.ask(provider, broker_id, &question, most_bytes).await?;
        let nonsense = || ContentError::Unavailable(Refused::Nonsense(provider).into());
        let bytes = match question.answer {
            Shape::Bytes => answer.into_body(),
            Shape::Resource => {
                let resource: Value = answer.json().map_err(broker)?;
                return if resource.is_object() { Ok(Fetched::Resource(resource)) } else { Err(nonsense()) };
            }
            Shape::Encoded => {
                let body = answer.into_body();
                let Encoded { data } = serde_json::from_slice(&body).map_err(|_| nonsense())?;
                BASE64.decode(data.as_bytes()).map_err(|_| nonsense())?
            }
        };
        if bytes.len() as u64 > most_bytes {
            Err(ContentError::TooLarge)
        } else {
            Ok(Fetched::Bytes(Bytes::from(bytes)))
        }
    }
}

impl Question {
    /// None where an id cannot stand in a path.
    fn of(wanted: &Wanted) -> Option<Self> {
        let gmail = |id: &str| Some(format!("/proxy/gmail/v1/users/me/messages{}", segment(id)?));
        let graph = |id: &str| Some(format!("/proxy/v1.0/me/messages{}", segment(id)?));
        let drive = |id: &str| Some(format!("/proxy/drive/v3/files{}", segment(id)?));
        Some(match wanted {
            Wanted::GmailMessage { id } => Self::resource(gmail(id)?, &[("format", "full")]),
            Wanted::GmailAttachment { message_id, id } => {
                let path = format!("{}/attachments{}", gmail(message_id)?, segment(id)?);
                Self { path, query: Vec::new(), accept: JSON, answer: Shape::Encoded }
            }
            // Without `$select` each file would come with its bytes. What it names, files of every kind have.
            Wanted::OutlookMessage { id } => {
                Self::resource(graph(id)?, &[("$expand", "attachments($select=id,name,contentType,size,isInline)")])
            }
            Wanted::OutlookAttachment { message_id, id } => {
                Self::bytes(format!("{}/attachments{}/$value", graph(message_id)?, segment(id)?), &[])
            }
            Wanted::DriveFile { id } => Self::bytes(drive(id)?, &[("alt", "media"), ("supportsAllDrives", "true")]),
            Wanted::DriveExport { id, mime_type } => {
                Self::bytes(format!("{}/export", drive(id)?), &[("mimeType", *mime_type)])
            }
        })
    }

    fn resource(path: String, query: &[(&'static str, &'static str)]) -> Self {
        Self { path, query: query.to_vec(), accept: JSON, answer: Shape::Resource }
    }

    fn bytes(path: String, query: &[(&'static str, &'static str)]) -> Self {
        Self { path, query: query.to_vec(), accept: ANY, answer: Shape::Bytes }
    }
}

impl Shape {
    /// How many bytes an answer may have so that `most_bytes` are in it.
    const fn longest(self, most_bytes: u64) -> u64 {
        match self {
            Self::Bytes | Self::Resource => most_bytes,
            Self::Encoded => most_bytes.div_ceil(3).saturating_mul(4).saturating_add(ENVELOPE),
        }
    }
}

impl GoogleEnvelope {
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn says(&self, words: &[&str]) -> bool {
        let reasons = self.error.errors.iter().map(|error| error.reason.as_str());
        reasons.chain([self.error.status.as_str()]).any(|word| words.contains(&word))
    }
}

/// What a provider's refusal means, or Nango's for want of a token that works.
fn refused(provider: Provider, answer: &Answer) -> ContentError {
    let status = answer.status.as_u16();
    let error = Refused::Status { provider, status };
    let complaint = answer.complaint();
    match answer.status {
        // Nango renews tokens by itself: one that the provider does not take was taken back.
        StatusCode::UNAUTHORIZED | StatusCode::FAILED_DEPENDENCY => ContentError::NeedsReauthorization(error.into()),
        _ if complaint.is_code("invalid_credentials") => ContentError::NeedsReauthorization(error.into()),
        StatusCode::TOO_MANY_REQUESTS => ContentError::Throttled { retry_after: answer.retry_after() },
        StatusCode::FORBIDDEN => forbidden(answer, error),
        // Nango's, about the connection or its token just now, and about its own plan.
        StatusCode::BAD_REQUEST if complaint.is_code("server_error") => ContentError::Unavailable(error.into()),
        StatusCode::PAYMENT_REQUIRED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
            ContentError::Unavailable(error.into())
        }
        other if other.is_client_error() => ContentError::Refused(error.into()),
        _ => ContentError::Unavailable(error.into()),
    }
}

/// Google says by a 403 that something is too large, and that it is asked too often.
fn forbidden(answer: &Answer, error: Refused) -> ContentError {
    const TOO_OFTEN: [&str; 4] =
        ["rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "RESOURCE_EXHAUSTED"];
    let google = GoogleEnvelope::read(answer.body());
    if google.says(&TOO_OFTEN) {
        return ContentError::Throttled { retry_after: answer.retry_after() };
    }
    if google.says(&["exportSizeLimitExceeded"]) { ContentError::TooLarge } else { ContentError::Refused(error.into()) }
}

/// What trouble with Nango itself means.
fn broker(error: NangoError) -> ContentError {
    match error {
        NangoError::KeyRefused { .. } => ContentError::Unauthorised(error.into()),
        NangoError::Throttled { retry_after } => ContentError::Throttled { retry_after },
        NangoError::TooLong => ContentError::TooLarge,
        NangoError::Unreachable(_)
        | NangoError::Failing { .. }
        | NangoError::Unexpected { .. }
        | NangoError::NoIntegration { .. }
        | NangoError::SwitchedOff(_)
        | NangoError::NotJson
        | NangoError::Cut
        | NangoError::Member(_) => ContentError::Unavailable(error.into()),
    }
}
