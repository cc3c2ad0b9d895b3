//! [`BlobStore`] on an S3-compatible bucket.
//!
//! The protocol is `object_store`'s, the connections are those of our own HTTP client: the service has one way to speak
//! TLS, and one list of whom to trust.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{Blob, BlobError, BlobStore};
use cortex_kernel::CompanyId;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, MultipartUpload, ObjectStoreExt as _, PutPayload, RetryConfig,
};
use reqwest::redirect;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error as ThisError;
use tokio::fs::File;
use tracing::instrument;
use url::Url;

use crate::local_file::{read_piece, unreadable, wrong_size};

/// Original bytes in a bucket.
pub struct S3Blobs {
    bucket: AmazonS3,
    prefix: String,
}

/// A bucket, and the key to it.
pub struct S3Config {
    /// The bucket's name.
    pub bucket: String,
    /// What all keys begin with; may be empty.
    pub prefix: String,
    /// Where it is.
    pub region: String,
    /// Who has it, if that is not AWS.
    pub endpoint: Option<Url>,
    /// By what the key is known.
    pub access_key_id: SecretString,
    /// The key.
    pub secret_access_key: SecretString,
    /// What belongs to a key that is valid for a while only.
    pub session_token: Option<SecretString>,
}

/// The client could not be set up.
#[derive(Debug, ThisError)]
pub enum S3Error {
    /// It cannot speak HTTP.
    #[error("the client of the bucket cannot be set up")]
    Http(#[source] reqwest::Error),
    /// What is said of the bucket makes no sense.
    #[error("the bucket cannot be used as it is described")]
    Bucket(#[source] Error),
}

/// Connections of ours.
#[derive(Debug)]
struct OurClient(reqwest::Client);

/// How much goes up at a time. Parts of an upload must have 5 MiB at least, and there may be 10,000 of them.
const PART: usize = 8 * 1024 * 1024;

/// How often and for how long one request is repeated. People wait for it.
const RETRIES: usize = 3;
const RETRY_FOR: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long nothing may come, be it because a part is still going up.
const SILENCE: Duration = Duration::from_mins(1);

impl S3Blobs {
    /// Makes the client; nothing is asked yet. Redirects are not followed, and no proxy of the environment is used: files
    /// go where the configuration says and nowhere else.
    pub fn new(config: &S3Config, tls: rustls::ClientConfig) -> Result<Self, S3Error> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .no_gzip()
            .build()
            .map_err(S3Error::Http)?;
        let backoff = BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base: 2.0 };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(config.access_key_id.expose_secret())
            .with_secret_access_key(config.secret_access_key.expose_secret())
            .with_retry(RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_FOR })
            // Not every service that speaks as S3 does knows how to delete many at once, and we delete one.
            .with_disable_bulk_delete(true)
            .with_http_connector(OurClient(client));
        if let Some(token) = &config.session_token {
            builder = builder.with_token(token.expose_secret());
        }
        if let Some(endpoint) = &config.endpoint {
            // Where plain HTTP may be spoken is for the configuration to say.
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(true);
        }
        let bucket = builder.build().map_err(S3Error::Bucket)?;
        Ok(Self { bucket, prefix: config.prefix.clone() })
    }

    fn path(&self, company_id: CompanyId, key: BlobKey) -> Path {
        Path::from(format!("{}/{company_id}/{}", self.prefix, key.as_uuid().simple()))
    }

    async fn put_file(&self, path: &Path, mut file: File, size: u64) -> Result<(), BlobError> {
        let first = read_piece(&mut file, PART).await.map_err(unreadable)?;
        if first.len() < PART {
            return match first.len() as u64 {
                read if read == size => self.put_bytes(path, first).await,
                read => Err(unreadable(wrong_size(size, read))),
            };
        }
        let mut upload = self.bucket.put_multipart(path).await.map_err(failed)?;
        let sent = send_file(upload.as_mut(), first, &mut file, size).await;
        end(upload, sent).await
    }

    async fn put_bytes(&self, path: &Path, bytes: Bytes) -> Result<(), BlobError> {
        if bytes.len() <= PART {
            self.bucket.put(path, bytes.into()).await.map_err(failed)?;
            return Ok(());
        }
        let mut upload = self.bucket.put_multipart(path).await.map_err(failed)?;
        let sent = send_bytes(upload.as_mut(), &bytes).await;
        end(upload, sent).await
    }
}

#[async_trait]
impl BlobStore for S3Blobs {
    #[instrument(name = "s3.blob_store.put", skip_all)]
    async fn put(&self, company_id: CompanyId, key: BlobKey, body: FileBody) -> Result<(), BlobError> {
        let path = self.path(company_id, key);
        match body {
            FileBody::InMemory(bytes) => self.put_bytes(&path, bytes).await,
            FileBody::OnDisk { path: source, size } => {
                let file = File::open(source).await.map_err(unreadable)?;
                self.put_file(&path, file, size).await
            }
        }
    }

    #[instrument(name = "s3.blob_store.get", skip_all)]
    async fn get(&self, company_id: CompanyId, key: BlobKey) -> Result<Option<Blob>, BlobError> {
        match self.bucket.get(&self.path(company_id, key)).await {
            Ok(found) => {
                let size = found.meta.size;
                Ok(Some(Blob { size, pieces: found.into_stream().map_err(failed).boxed() }))
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    #[instrument(name = "s3.blob_store.remove", skip_all)]
    async fn remove(&self, company_id: CompanyId, key: BlobKey) -> Result<(), BlobError> {
        match self.bucket.delete(&self.path(company_id, key)).await {
            Err(error) if !is_absent(&error) => Err(failed(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl HttpConnector for OurClient {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// One part after the other: more at a time would be as many in memory.
async fn send_file(
    upload: &mut dyn MultipartUpload,
    first: Bytes,
    file: &mut File,
    size: u64,
) -> Result<(), BlobError> {
    let (mut piece, mut read) = (first, 0);
    while !piece.is_empty() {
        read += piece.len() as u64;
        upload.put_part(PutPayload::from(piece)).await.map_err(failed)?;
        piece = read_piece(file, PART).await.map_err(unreadable)?;
    }
    if read == size { Ok(()) } else { Err(unreadable(wrong_size(size, read))) }
}

async fn send_bytes(upload: &mut dyn MultipartUpload, bytes: &Bytes) -> Result<(), BlobError> {
    for piece in bytes.chunks(PART) {
        upload.put_part(PutPayload::from(bytes.slice_ref(piece))).await.map_err(failed)?;
    }
    Ok(())
}

/// Makes one object of all parts, or none.
async fn end(mut upload: Box<dyn MultipartUpload>, sent: Result<(), BlobError>) -> Result<(), BlobError> {
    let ended = match sent {
        Ok(()) => upload.complete().await.map(drop).map_err(failed),
        Err(error) => Err(error),
    };
    if ended.is_err()
        && let Err(error) = upload.abort().await
    {
        // Parts cost until somebody removes them; buckets have rules for that.
        tracing::warn!(error = &error as &dyn StdError, "parts of a file are left in the bucket");
    }
    ended
}

/// Whether there is no such object. Where there is no such bucket nobody can tell.
fn is_absent(error: &Error) -> bool {
    matches!(error, Error::NotFound { source, .. } if !told(source.as_ref()).contains("NoSuchBucket"))
}

/// All that an error and its causes say.
fn told(error: &(dyn StdError + 'static)) -> String {
    std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect()
}

/// What the service refuses it refuses again; everything else was repeated, and may pass.
fn failed(error: Error) -> BlobError {
    match error {
        Error::Generic { .. } => BlobError::Unavailable(Box::new(error)),
        _ => BlobError::Broken(Box::new(error)),
    }
}
