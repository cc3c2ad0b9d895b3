//! Whether original files can be kept: the one check that writes, and it takes back what it wrote.

use std::num::NonZeroU16;
use std::time::Duration;

use anyhow::{Context, bail};
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::BlobStore;
use cortex_kernel::{CompanyId, IdGenerator as _, RandomIds};
use cortex_postgres::{Address, Pool, PoolConfig};
use tokio::time::timeout;

use super::check::{Check, Finding, Notes, Outcome};
use crate::blob_store;
use crate::config::{self, DoctorConfig, StorageConfig};

static BLOB_STORE: Check = Check::error(
    "blob_store",
    "a probe cannot be written to, read from or removed from `BLOB_STORE`",
    "directory: mount it and give it to the service's user; bucket: its name, region, endpoint and the rights of the key; \
     `postgres`: see the company's database",
);

pub(super) static CHECKS: &[&Check] = &[&BLOB_STORE];

/// How long writing, reading and removing may take together.
const PATIENCE: Duration = Duration::from_secs(8);

const PROBE: &[u8] = b"cortex doctor";

/// Keeps a probe and takes it back.
pub(super) async fn examine(config: &DoctorConfig) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let (Some(storage), Some(company)) = (&config.storage, config.company_id) else {
        notes.not_made(&BLOB_STORE, "BLOB_STORE or COMPANY_ID cannot be read");
        return notes.outcomes();
    };
    let place = place(&storage.blobs);
    let found = match timeout(PATIENCE, probe(config, storage, company)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{place} cannot keep original files: {error:#}")),
        Err(_) => Some(format!("{place} did not keep a probe within {PATIENCE:?}")),
    };
    notes.made(&BLOB_STORE, found.map(|what| Finding::new(what.replace(['\r', '\n'], " "), BLOB_STORE.remedy)));
    notes.outcomes()
}

fn place(store: &config::BlobStore) -> String {
    match store {
        config::BlobStore::Postgres => "BLOB_STORE=postgres".to_owned(),
        config::BlobStore::Directory(directory) => format!("BLOB_STORE=file://{}", directory.display()),
        config::BlobStore::S3(bucket) => format!("BLOB_STORE=s3://{}/{}", bucket.name, bucket.prefix),
    }
}

async fn probe(config: &DoctorConfig, storage: &StorageConfig, company: CompanyId) -> anyhow::Result<()> {
    let pool = pool(config, company)?;
    let store = blob_store::chosen(&storage.blobs, &pool)?;
    let key = BlobKey::new(RandomIds.new_uuid());
    let kept = keep(&*store, company, key).await;
    // Whatever became of it, nothing of it stays.
    let removed = store.remove(company, key).await.context("the probe cannot be removed");
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
fn pool(config: &DoctorConfig, company: CompanyId) -> anyhow::Result<Pool> {
    let databases = &config.databases;
    let url = databases.company.as_ref().context("DATABASE_URL is not set or cannot be read")?;
    Ok(Pool::new(PoolConfig {
        address: Address::parse(url.as_secret(), databases.ca_file.as_ref(), "cortex doctor")?,
        company,
        pooler: databases.pooler,
        size: NonZeroU16::MIN,
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
    }))
}
