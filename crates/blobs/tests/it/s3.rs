//! [`S3Blobs`].

use std::io::Write as _;
use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use bytes::Bytes;
use cortex_blobs::{S3Blobs, S3Config};
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{BlobError, BlobStore};
use cortex_ingestion::testing::COMPANY_A;
use cortex_ingestion::testing::blob_store::Harness;
use cortex_kernel::CompanyId;
use rstest::rstest;
use uuid::uuid;

use crate::bucket::{Bucket, KEY_ID, NAME};

impl Bucket {
    fn config(&self) -> S3Config {
        S3Config {
            bucket: NAME.to_owned(),
            prefix: "cortex/original".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(format!("http://{}/", self.address).parse().unwrap()),
            access_key_id: KEY_ID.into(),
            secret_access_key: "the-key".into(),
            session_token: None,
        }
    }

    fn blobs(&self) -> S3Blobs {
        blobs(&self.config())
    }
}

impl Harness for Bucket {
    fn store(&self, _: CompanyId) -> Arc<dyn BlobStore> {
        Arc::new(self.blobs())
    }
}

cortex_ingestion::blob_store_contract!(Bucket::start());

const KEY: BlobKey = BlobKey::new(uuid!("0e000000-0000-4000-8000-0000000000f7"));

fn blobs(config: &S3Config) -> S3Blobs {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    S3Blobs::new(config, tls).unwrap()
}

fn body() -> FileBody {
    FileBody::InMemory(Bytes::from_static(b"bytes"))
}

#[rstest]
#[case("cortex/original", "cortex/original/")]
#[case("", "")]
#[tokio::test]
async fn an_object_has_a_key_of_our_own_below_the_prefix(#[case] prefix: &str, #[case] expected: &str) {
    let bucket = Bucket::start();
    let blobs = blobs(&S3Config { prefix: prefix.to_owned(), ..bucket.config() });

    blobs.put(COMPANY_A, KEY, body()).await.unwrap();

    let keys: Vec<_> = bucket.state().objects.keys().cloned().collect();
    assert_eq!(keys, [format!("{expected}{COMPANY_A}/0e0000000000400080000000000000f7")]);
}

#[tokio::test]
async fn a_large_file_goes_up_in_parts_and_one_that_breaks_off_leaves_none() {
    const MIB: usize = 1024 * 1024;
    let bucket = Bucket::start();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![7; 20 * MIB]).unwrap();
    let on_disk = |size| FileBody::OnDisk { path: file.path().to_owned(), size };

    bucket.blobs().put(COMPANY_A, KEY, on_disk(20 * MIB as u64)).await.unwrap();

    let parts: Vec<_> = bucket.state().requests.iter().filter(|(method, _)| method == Method::PUT).cloned().collect();
    assert_eq!(parts, [8 * MIB, 8 * MIB, 4 * MIB].map(|size| (Method::PUT, size)));
    assert_eq!(bucket.state().objects.values().map(Bytes::len).collect::<Vec<_>>(), [20 * MIB]);

    bucket.state().objects.clear();
    let outcome = bucket.blobs().put(COMPANY_A, KEY, on_disk(21 * MIB as u64)).await;
    assert!(matches!(outcome, Err(BlobError::Broken(_))), "{outcome:?}");
    assert!(bucket.state().objects.is_empty() && bucket.state().uploads.is_empty());
}

/// Nobody can tell what is in a bucket that is not there: its files are not absent.
#[rstest]
#[case::a_wrong_key(StatusCode::FORBIDDEN, "AccessDenied")]
#[case::no_bucket(StatusCode::NOT_FOUND, "NoSuchBucket")]
#[tokio::test]
async fn what_is_refused_is_for_somebody_to_look_at(#[case] status: StatusCode, #[case] code: &'static str) {
    let bucket = Bucket::start();
    bucket.state().refusal = Some((status, code));
    let blobs = bucket.blobs();

    let put = blobs.put(COMPANY_A, KEY, body()).await;
    assert!(matches!(put, Err(BlobError::Broken(_))), "{put:?}");
    let get = blobs.get(COMPANY_A, KEY).await.map(drop);
    assert!(matches!(get, Err(BlobError::Broken(_))), "{get:?}");
    let remove = blobs.remove(COMPANY_A, KEY).await;
    assert!(matches!(remove, Err(BlobError::Broken(_))), "{remove:?}");
}

#[tokio::test]
async fn a_service_that_is_away_is_asked_again_and_then_told_as_away() {
    let bucket = Bucket::start();
    bucket.state().refusal = Some((StatusCode::SERVICE_UNAVAILABLE, "SlowDown"));
    let blobs = bucket.blobs();

    let get = blobs.get(COMPANY_A, KEY).await.map(drop);

    assert!(matches!(get, Err(BlobError::Unavailable(_))), "{get:?}");
    assert_eq!(bucket.state().requests.len(), 4);

    let config = bucket.config();
    drop(bucket);
    let nobody = S3Config { endpoint: Some("http://127.0.0.1:1".parse().unwrap()), ..config };
    let outcome = self::blobs(&nobody).put(COMPANY_A, KEY, body()).await;
    assert!(matches!(outcome, Err(BlobError::Unavailable(_))), "{outcome:?}");
}
