//! What a test's database is a clone of.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::names::TEMPLATE_PREFIX;
use crate::{TestDatabase, TestServer, session};

/// The advisory lock, in the maintenance database, of whoever makes a template. One for all of them: migrations make
/// roles, which belong to the whole server, and two at once would collide.
const MAKING: i64 = 0x636f_7274_6578;

/// A prepared database, named by the digest of all that it is made from.
///
/// Equal digests must mean equal content: everything that the preparation depends on goes into it.
#[derive(Clone, Debug)]
pub struct Template {
    name: &'static str,
    digest: Sha256,
}

impl Template {
    /// A template by its short name, of lower-case letters, with nothing in its digest.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, digest: Sha256::new() }
    }

    /// Mixes the names and contents of all files below a folder into the digest.
    pub fn folder(mut self, folder: impl AsRef<Path>) -> io::Result<Self> {
        digest_folder(&mut self.digest, folder.as_ref(), "")?;
        Ok(self)
    }

    /// Mixes anything else into the digest: a version of the preparation, for one.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        digest_entry(&mut self.digest, "", text.as_bytes());
        self
    }

    /// The name of its database. At most 63 bytes, as names of Postgres are.
    pub(crate) fn database(&self) -> String {
        use std::fmt::Write as _;

        let mut name = format!("{TEMPLATE_PREFIX}{}_", self.name);
        for byte in &self.digest.clone().finalize()[..10] {
            write!(name, "{byte:02x}").expect("a String takes all text");
        }
        name
    }

    /// Makes its database, unless somebody made it in the meantime.
    ///
    /// It is made under another name and renamed when all is done: a template that exists is complete.
    pub(crate) async fn make(&self, server: &TestServer, prepare: impl AsyncFnOnce(String)) -> Result<(), Error> {
        let session = session::connect(&server.maintenance_url()).await?;
        // Let go of when the session ends, also by a panic of the preparation.
        session.execute("SELECT pg_advisory_lock($1)", &[&MAKING]).await?;
        let database = self.database();
        if exists(&session, &database).await? {
            return Ok(());
        }
        // Dropped when the preparation panics; after the renaming there is nothing of this name to be dropped.
        let draft = TestDatabase::empty_in(server.clone()).await;
        prepare(draft.url()).await;
        let name = draft.name();
        session.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
        let sessions = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        session.execute(sessions, &[&name]).await?;
        session.batch_execute(&format!("ALTER DATABASE {name} RENAME TO {database}")).await?;
        self.remove_older(&session, &database).await
    }

    async fn remove_older(&self, session: &Client, database: &str) -> Result<(), Error> {
        let family = format!("{TEMPLATE_PREFIX}{}_", self.name);
        let older = session
            .query(
                "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1) AND datname <> $2",
                &[&family, &database],
            )
            .await?;
        for row in older {
            let name: String = row.get(0);
            match session.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await {
                // Just being cloned by a run of another checkout; a later run removes it.
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
                other => other?,
            }
        }
        Ok(())
    }
}

async fn exists(session: &Client, database: &str) -> Result<bool, Error> {
    let row = session.query_one("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", &[&database]).await?;
    Ok(row.get(0))
}

fn digest_folder(digest: &mut Sha256, folder: &Path, path: &str) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let inner = format!("{path}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            digest_folder(digest, &entry.path(), &inner)?;
        } else {
            digest_entry(digest, &inner, &fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// With lengths, so that no two lists of entries look the same.
fn digest_entry(digest: &mut Sha256, name: &str, content: &[u8]) {
    for part in [name.as_bytes(), content] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = top.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        top
    }

    fn name(files: &[(&str, &str)]) -> String {
        Template::new("company").folder(folder(files).path()).unwrap().database()
    }

    #[test]
    fn the_same_files_give_the_same_name_wherever_they_are() {
        let files = [("001_a/up.sql", "a"), ("001_a/down.sql", "b")];
        assert_eq!(name(&files), name(&files));
        assert!(name(&files).starts_with("cortex_test_tpl_company_"));
    }

    #[test]
    fn a_change_of_a_name_or_a_content_gives_another_name() {
        let first = name(&[("001_a/up.sql", "a")]);
        assert_ne!(first, name(&[("001_a/up.sql", "b")]));
        assert_ne!(first, name(&[("001_b/up.sql", "a")]));
        assert_ne!(first, name(&[("001_a/up.sql", "a"), ("002_b/up.sql", "")]));
    }

    #[test]
    fn texts_are_not_merely_strung_together() {
        let template =
            |texts: &[&str]| texts.iter().fold(Template::new("a"), |template, text| template.text(text)).database();
        assert_ne!(template(&["ab", "c"]), template(&["a", "bc"]));
        assert_ne!(template(&["a"]), template(&["a", ""]));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(Template::new("a").folder("/absent/folder").is_err());
    }
}
