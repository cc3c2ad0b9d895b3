//! Migrations have a way back and an order that nobody can mistake.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Finding;

/// Folders of migrations, one for each kind of database.
const DATABASES: &[&str] = &["migrations/master", "migrations/company"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for database in DATABASES {
        check_database(root, database, &mut findings)?;
    }
    Ok(findings)
}

fn check_database(root: &Path, database: &str, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = root.join(database);
    let entries = fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut names: Vec<_> =
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>>>()?;
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    let mut first_of_number = HashMap::new();
    for name in &names {
        let path = Path::new(database).join(name);
        let Some(number) = number_of(name) else {
            findings.push(Finding::new(
                &*path,
                1,
                "no name of a migration: three digits, `_`, and words in snake_case",
            ));
            continue;
        };
        if let Some(first) = first_of_number.insert(number, name) {
            let message = format!("the number {number} is that of {first} already: take the next free one");
            findings.push(Finding::new(&*path, 1, message));
        }
        for (file, what) in [("up.sql", "does nothing"), ("down.sql", "has no way back")] {
            let text = fs::read_to_string(root.join(&path).join(file)).unwrap_or_default();
            if text.trim().is_empty() {
                findings.push(Finding::new(path.join(file), 1, format!("the migration {what}: write {file}")));
            }
        }
    }
    Ok(())
}

fn number_of(name: &str) -> Option<&str> {
    let (number, words) = name.split_once('_')?;
    let is_number = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_snake_case = words
        .split('_')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    (is_number && is_snake_case).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        for database in DATABASES {
            fs::create_dir_all(top.path().join(database)).unwrap();
        }
        for file in files {
            let path = top.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "select 1;").unwrap();
        }
        top
    }

    fn findings(files: &[&str]) -> Vec<String> {
        check(tree(files).path()).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_pair_of_files_in_a_numbered_folder_is_right() {
        let files = [
            "migrations/master/001_companies/up.sql",
            "migrations/master/001_companies/down.sql",
            "migrations/company/001_documents_v2/up.sql",
            "migrations/company/001_documents_v2/down.sql",
        ];
        assert_eq!(findings(&files), [""; 0], "the number is of one database");
    }

    #[test]
    fn a_missing_way_back_is_found() {
        assert_eq!(
            findings(&["migrations/master/001_companies/up.sql"]),
            ["migrations/master/001_companies/down.sql:1: the migration has no way back: write down.sql"]
        );
    }

    #[test]
    fn an_empty_file_is_as_good_as_none() {
        let top = tree(&["migrations/master/001_a/up.sql", "migrations/master/001_a/down.sql"]);
        fs::write(top.path().join("migrations/master/001_a/up.sql"), "\n").unwrap();
        assert_eq!(check(top.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_number_given_twice_is_found() {
        let files = [
            "migrations/company/002_a/up.sql",
            "migrations/company/002_a/down.sql",
            "migrations/company/002_b/up.sql",
            "migrations/company/002_b/down.sql",
        ];
        let found = findings(&files);
        assert!(found.len() == 1 && found[0].contains("the number 002 is that of 002_a"), "{found:?}");
    }

    #[test]
    fn a_name_out_of_order_is_found() {
        for name in ["1_a", "001-a", "001_", "001_CamelCase", "001_two__words", "notes.txt"] {
            assert_eq!(findings(&[&format!("migrations/master/{name}/up.sql")]).len(), 1, "{name}");
        }
    }
}
