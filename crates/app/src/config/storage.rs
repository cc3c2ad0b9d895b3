//! What is kept: original bytes, quotas, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::reader::{Reader, Reading, Scheme, quoted};
use super::secret::Secret;
use super::variable::{SERVE_WORK, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::preset(
        "BLOB_STORE",
        "postgres",
        SERVE_WORK,
        "where original files are kept: `postgres`, `file:///directory` or `s3://bucket/prefix`",
    ),
    Variable::optional(
        "AWS_ACCESS_KEY_ID",
        SERVE_WORK,
        "with `BLOB_STORE=s3://`, which needs it: the id of the key to the bucket",
    )
    .secret(),
    Variable::optional(
        "AWS_SECRET_ACCESS_KEY",
        SERVE_WORK,
        "with `BLOB_STORE=s3://`, which needs it: the key to the bucket",
    )
    .secret(),
    Variable::optional(
        "AWS_SESSION_TOKEN",
        SERVE_WORK,
        "with `BLOB_STORE=s3://`: what belongs to a key that is valid for a while only",
    )
    .secret(),
    Variable::preset("AWS_REGION", "us-east-1", SERVE_WORK, "with `BLOB_STORE=s3://`: the region of the bucket"),
    Variable::optional(
        "AWS_ENDPOINT_URL",
        SERVE_WORK,
        "with `BLOB_STORE=s3://`: base URL of a service that speaks as S3 does, in production `http://` only within \
         one's own network; AWS where it is not set",
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
#[derive(Clone, Debug)]
pub enum BlobStore {
    /// In the company's database.
    Postgres,
    /// In a directory that every process of the deployment sees.
    Directory(PathBuf),
    /// In an S3-compatible bucket.
    S3(Bucket),
}

/// A bucket, and the key to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What all keys begin with; may be empty.
    pub prefix: String,
    /// Where it is.
    pub region: String,
    /// Who has it, if that is not AWS.
    pub endpoint: Option<Url>,
    /// By what the key is known.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
    /// What belongs to a key that is valid for a while only.
    pub session_token: Option<Secret>,
}

/// The value of `BLOB_STORE`.
enum Place {
    Postgres,
    Directory(PathBuf),
    Bucket { name: String, prefix: String },
}

const DAY: Duration = Duration::from_hours(24);

impl StorageConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let blobs = BlobStore::read(reader);
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
    fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        Ok(match reader.required("BLOB_STORE", Place::parse)? {
            Place::Postgres => Self::Postgres,
            Place::Directory(directory) => Self::Directory(directory),
            Place::Bucket { name, prefix } => Self::S3(Bucket::read(reader, name, prefix)?),
        })
    }
}

impl Bucket {
    fn read(reader: &mut Reader<'_>, name: String, prefix: String) -> Reading<Self> {
        let access_key_id = reader.secret("AWS_ACCESS_KEY_ID");
        let secret_access_key = reader.secret("AWS_SECRET_ACCESS_KEY");
        let session_token = reader.optional_secret("AWS_SESSION_TOKEN");
        let region = reader.word("AWS_REGION");
        let endpoint = reader.optional_url("AWS_ENDPOINT_URL", Scheme::SecureInProduction);
        Ok(Self {
            name,
            prefix,
            region: region?,
            endpoint: endpoint?,
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token: session_token?,
        })
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("expected postgres, file:///directory or s3://bucket/prefix, found {}", quoted(text));
        if text == "postgres" {
            return Ok(Self::Postgres);
        }
        let url = Url::parse(text).map_err(|_| expected())?;
        match (url.scheme(), url.host_str()) {
            ("file", None) if url.path() != "/" => url.to_file_path().map(Self::Directory).map_err(|()| expected()),
            ("s3", Some(bucket)) if url.username().is_empty() && url.password().is_none() => {
                Ok(Self::Bucket { name: bucket.to_owned(), prefix: url.path().trim_matches('/').to_owned() })
            }
            ("s3", Some(_)) => Err("holds a login: remove it".to_owned()),
            _ => Err(expected()),
        }
    }
}
