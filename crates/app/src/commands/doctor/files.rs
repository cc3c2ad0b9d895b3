//! Whether original files can be kept: the one check that writes, and it takes back what it wrote.

use std::num::NonZeroU16;
use std::time::Duration;

use anyhow::{Context, bail};
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{BlobError, BlobStore};
use cortex_kernel::{CompanyId, IdGenerator as _, RandomIds};
use cortex_postgres::{Address, Pool, PoolConfig};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::check::{Check, Finding, Notes, Outcome};
use crate::blob_store;
use crate::config::{self, DatabaseUrl, DoctorConfig, StorageConfig};

static BLOB_STORE: Check = Check::error(
    "blob_store",
    "a probe cannot be written to, read from or removed from `BLOB_STORE`",
    "directory: mount it and give it to the service's user; bucket: its name, region, endpoint and the rights of the key; \
     `postgres`: see the company's database",
);

pub(super) static CHECKS: &[&Check] = &[&BLOB_STORE];

/// How long opening may take, and then writing and reading.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for removing.
const FAREWELL: Duration = Duration::from_secs(3);

const PROBE: &[u8] = b"cortex doctor";

/// Keeps a probe and takes it back.
pub(super) async fn examine(config: &DoctorConfig) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let (Some(storage), Some(company), Some(url)) = (&config.storage, config.company_id, &config.databases.company)
    else {
        notes.not_made(&BLOB_STORE, "BLOB_STORE, COMPANY_ID or DATABASE_URL is not set or cannot be read");
        return notes.outcomes();
    };
    let place = place(&storage.blobs);
    match probe(config, storage, company, url).await {
        Ok(()) => notes.made(&BLOB_STORE, None),
        Err(error) if is_the_database(&storage.blobs, &error) => {
            notes.not_made(&BLOB_STORE, "files are kept in the company's database, and it does not answer");
        }
        Err(error) => {
            let what = format!("{place} cannot keep original files: {error:#}").replace(['\r', '\n'], " ");
            notes.made(&BLOB_STORE, [Finding::new(what, BLOB_STORE.remedy)]);
        }
    }
    notes.outcomes()
}

/// Whether it is the company's database that is away: that has a check of its own.
fn is_the_database(store: &config::BlobStore, error: &anyhow::Error) -> bool {
    let is_away = matches!(error.downcast_ref(), Some(BlobError::Unavailable(_))) || error.is::<Elapsed>();
    matches!(store, config::BlobStore::Postgres) && is_away
}

fn place(store: &config::BlobStore) -> String {
    match store {
        config::BlobStore::Postgres => "BLOB_STORE=postgres".to_owned(),
        config::BlobStore::Directory(directory) => format!("BLOB_STORE=file://{}", directory.display()),
        config::BlobStore::S3(bucket) => format!("BLOB_STORE=s3://{}/{}", bucket.name, bucket.prefix),
    }
}

async fn probe(
    config: &DoctorConfig,
    storage: &StorageConfig,
    company: CompanyId,
    url: &DatabaseUrl,
) -> anyhow::Result<()> {
    let (pool, chosen) = (pool(config, company, url)?, storage.blobs.clone());
    // A directory of another machine may hang as soon as it is looked at.
    let opened = tokio::task::spawn_blocking(move || blob_store::chosen(&chosen, &pool));
    let store = timeout(PATIENCE, opened).await.context("it gave no answer")???;
    let key = BlobKey::new(RandomIds.new_uuid());
    let kept = timeout(PATIENCE, keep(&*store, company, key)).await.context("it gave no answer").flatten();
    // Whatever became of it, nothing of it stays.
    let removed = timeout(FAREWELL, store.remove(company, key)).await.context("it gave no answer");
    let removed = removed.and_then(|removed| removed.context("the probe cannot be removed"));
    kept.and(removed)
}

async fn keep(store: &dyn BlobStore, company: CompanyId, key: BlobKey) -> anyhow::Result<()> {
    store.put(company, key, FileBody::InMemory(PROBE.into())).await.context("the probe cannot be written")?;
    match store.get(company, key).await.context("the probe cannot be read")? {
        Some(blob) if blob.size == PROBE.len() as u64 => Ok(()),
        Some(_) => bail!("the probe came back in another size"),
        None => bail!("the probe was written and is not there"),
    }
}

/// Made without a connection: a directory or a bucket needs none.
fn pool(config: &DoctorConfig, company: CompanyId, url: &DatabaseUrl) -> anyhow::Result<Pool> {
    let databases = &config.databases;
    Ok(Pool::new(PoolConfig {
        address: Address::parse(url.as_secret(), databases.ca_file.as_ref(), "cortex doctor")?,
        company,
        pooler: databases.pooler,
        size: NonZeroU16::MIN,
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
    }))
}
