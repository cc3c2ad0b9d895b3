//! [`DirectoryBlobs`].

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cortex_blobs::{DirectoryBlobs, DirectoryError};
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{BlobError, BlobStore};
use cortex_ingestion::testing::COMPANY_A;
use cortex_ingestion::testing::blob_store::Harness;
use cortex_kernel::CompanyId;
use tempfile::TempDir;
use uuid::{Uuid, uuid};

struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn blobs(&self) -> DirectoryBlobs {
        DirectoryBlobs::open(self.0.path()).unwrap()
    }

    /// Every file and folder there, with its mode.
    fn found(&self) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        look(self.0.path(), self.0.path(), &mut found);
        found.sort();
        found
    }
}

impl Harness for InDirectory {
    fn store(&self, _: CompanyId) -> Arc<dyn BlobStore> {
        Arc::new(self.blobs())
    }
}

cortex_ingestion::blob_store_contract!(InDirectory::new());

const KEY: BlobKey = BlobKey::new(uuid!("0e000000-0000-4000-8000-0000000000f7"));

fn look(root: &Path, folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.metadata().unwrap();
        found.push((
            path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
            metadata.permissions().mode() & 0o777,
        ));
        if metadata.is_dir() {
            look(root, &path, found);
        }
    }
}

#[tokio::test]
async fn a_file_has_a_name_of_our_own_and_nobody_else_may_read_it() {
    let directory = InDirectory::new();

    directory.blobs().put(COMPANY_A, KEY, FileBody::InMemory(Bytes::from_static(b"bytes"))).await.unwrap();

    let expected = [
        (format!("{COMPANY_A}"), 0o700),
        (format!("{COMPANY_A}/f7"), 0o700),
        (format!("{COMPANY_A}/f7/0e0000000000400080000000000000f7"), 0o600),
    ];
    assert_eq!(directory.found(), expected);
}

#[tokio::test]
async fn of_a_failed_try_nothing_is_left() {
    let directory = InDirectory::new();
    let gone = FileBody::OnDisk { path: directory.0.path().join("gone"), size: 1 };

    let outcome = directory.blobs().put(COMPANY_A, KEY, gone).await;

    assert!(matches!(outcome, Err(BlobError::Broken(_))), "{outcome:?}");
    assert!(directory.found().iter().all(|(_, mode)| *mode == 0o700), "{:?}", directory.found());
}

/// A process that dies in the midst of writing leaves a part behind.
#[tokio::test]
async fn whoever_removes_a_file_removes_what_was_never_finished_too() {
    let directory = InDirectory::new();
    let folder = directory.0.path().join(COMPANY_A.to_string()).join("f7");
    fs::create_dir_all(&folder).unwrap();
    let part = folder.join(".0e0000000000400080000000000000f7.part");
    fs::write(&part, "byt").unwrap();
    assert!(directory.blobs().get(COMPANY_A, KEY).await.unwrap().is_none());

    directory.blobs().remove(COMPANY_A, KEY).await.unwrap();

    assert!(!part.exists());
}

#[tokio::test]
async fn what_cannot_be_written_is_told_as_ours_to_look_at() {
    let directory = InDirectory::new();
    let blobs = directory.blobs();
    // Where the folder of the company should be: also root cannot make one there.
    fs::write(directory.0.path().join(COMPANY_A.to_string()), "no folder").unwrap();
    let key = BlobKey::new(Uuid::nil());

    let outcome = blobs.put(COMPANY_A, key, FileBody::InMemory(Bytes::new())).await;

    assert!(matches!(outcome, Err(BlobError::Broken(_))), "{outcome:?}");
}

#[test]
fn a_directory_that_cannot_be_used_says_why() {
    let directory = InDirectory::new();
    let (absent, file) = (directory.0.path().join("absent"), directory.0.path().join("file"));
    fs::write(&file, "").unwrap();

    for path in [absent, file] {
        let refused = DirectoryBlobs::open(&path).err().expect("a refusal");
        assert!(matches!(refused, DirectoryError::Missing { .. }), "{refused:?}");
        assert!(refused.to_string().contains(path.to_str().unwrap()), "{refused}");
    }
    // Nobody writes there, root neither.
    let refused = DirectoryBlobs::open(Path::new("/proc")).err().expect("a refusal");
    assert!(matches!(refused, DirectoryError::NotWritable { .. }), "{refused:?}");
}

#[test]
fn to_look_whether_it_can_be_used_leaves_nothing_there() {
    let directory = InDirectory::new();

    directory.blobs();

    assert_eq!(directory.found(), []);
}
