//! Where original bytes are kept, as the deployment chose.

use std::sync::Arc;

use cortex_blobs::{DirectoryBlobs, S3Blobs, S3Config};
use cortex_ingestion::ports::BlobStore;
use cortex_postgres::Pool;
use cortex_postgres::stores::PgBlobStore;

use crate::config::{self, Secret};
use crate::tls;

/// The adapter of the chosen store. A directory has to be there; everything else is looked for when it is needed.
pub(crate) fn chosen(store: &config::BlobStore, company: &Pool) -> anyhow::Result<Arc<dyn BlobStore>> {
    Ok(match store {
        config::BlobStore::Postgres => Arc::new(PgBlobStore::new(company.clone())),
        config::BlobStore::Directory(directory) => Arc::new(DirectoryBlobs::open(directory)?),
        config::BlobStore::S3(bucket) => {
            let config = S3Config {
                bucket: bucket.name.clone(),
                prefix: bucket.prefix.clone(),
                region: bucket.region.clone(),
                endpoint: bucket.endpoint.clone(),
                access_key_id: bucket.access_key_id.as_secret().clone(),
                secret_access_key: bucket.secret_access_key.as_secret().clone(),
                session_token: bucket.session_token.as_ref().map(Secret::as_secret).cloned(),
            };
            Arc::new(S3Blobs::new(&config, tls::client_config()?)?)
        }
    })
}
