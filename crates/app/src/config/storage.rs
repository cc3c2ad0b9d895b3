//! What is kept: original bytes, quotas, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::reader::{Reader, Reading, quoted};
use super::variable::{SERVE_WORK, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::preset(
        "BLOB_STORE",
        "postgres",
        SERVE_WORK,
        "where original files are kept: `postgres`, `file:///directory` or `s3://bucket/prefix`",
    ),
    Variable::optional(
        "USER_DAILY_DOCUMENT_QUOTA",
        SERVE_WORK,
        "documents that one user may bring in on a day; without limit where it is not set",
    )
    .within(1, 1_000_000_000),
    Variable::optional(
        "USER_DAILY_BYTE_QUOTA",
        SERVE_WORK,
        "bytes that one user may bring in on a day; without limit where it is not set",
    )
    .within(1, 1_000_000_000_000_000),
    Variable::preset("RETENTION_INBOX_DAYS", "14", SERVE_WORK, "how long handled webhooks are kept").within(1, 36_500),
    Variable::preset(
        "RETENTION_SET_ASIDE_DAYS",
        "90",
        SERVE_WORK,
        "how long records that could not be taken in are kept",
    )
    .within(1, 36_500),
    Variable::optional(
        "RETENTION_AUDIT_DAYS",
        SERVE_WORK,
        "how long address, agent and details stand in audit rows; the rows themselves stay. For ever where it is not set",
    )
    .within(1, 36_500),
];

/// What is kept.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// Where original files are.
    pub blobs: BlobStore,
    /// Documents per user and day; none is without limit.
    pub daily_document_quota: Option<u64>,
    /// Bytes per user and day; none is without limit.
    pub daily_byte_quota: Option<u64>,
    /// How long handled webhooks are kept.
    pub inbox_retention: Duration,
    /// How long records that could not be taken in are kept.
    pub set_aside_retention: Duration,
    /// How long what is personal stands in audit rows; none is for ever.
    pub audit_retention: Option<Duration>,
}

/// Where original files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobStore {
    /// In the company's database.
    Postgres,
    /// In a directory that every process of the deployment sees.
    Directory(PathBuf),
    /// In an S3-compatible bucket.
    S3 {
        /// Its name.
        bucket: String,
        /// What all keys begin with; may be empty.
        prefix: String,
    },
}

const DAY: Duration = Duration::from_hours(24);

impl StorageConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let blobs = reader.required("BLOB_STORE", BlobStore::parse);
        let daily_document_quota = reader.optional_integer("USER_DAILY_DOCUMENT_QUOTA");
        let daily_byte_quota = reader.optional_integer("USER_DAILY_BYTE_QUOTA");
        let inbox_days = reader.integer::<u32>("RETENTION_INBOX_DAYS");
        let set_aside_days = reader.integer::<u32>("RETENTION_SET_ASIDE_DAYS");
        let audit_days = reader.optional_integer::<u32>("RETENTION_AUDIT_DAYS");
        Ok(Self {
            blobs: blobs?,
            daily_document_quota: daily_document_quota?,
            daily_byte_quota: daily_byte_quota?,
            inbox_retention: DAY * inbox_days?,
            set_aside_retention: DAY * set_aside_days?,
            audit_retention: audit_days?.map(|days| DAY * days),
        })
    }
}

impl BlobStore {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected postgres, file:///directory or s3://bucket/prefix, found {}", quoted(text));
        if text == "postgres" {
            return Ok(Self::Postgres);
        }
        let url = Url::parse(text).map_err(|_| expected())?;
        match (url.scheme(), url.host_str()) {
            ("file", None) if url.path() != "/" => url.to_file_path().map(Self::Directory).map_err(|()| expected()),
            ("s3", Some(bucket)) if url.username().is_empty() && url.password().is_none() => {
                Ok(Self::S3 { bucket: bucket.to_owned(), prefix: url.path().trim_matches('/').to_owned() })
            }
            ("s3", Some(_)) => Err("holds a login: remove it".to_owned()),
            _ => Err(expected()),
        }
    }
}
