//! The architecture document knows every crate, and each invariant in it names a test that exists.
//!
//! Rows of invariants look like `` | 7 | what always holds | `name::of_a_test` | ``.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::manifests::Package;
use super::{Finding, TextFile};

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

pub(super) fn check(root: &Path, packages: &[Package], sources: &[&TextFile]) -> Vec<Finding> {
    match fs::read_to_string(root.join(ARCHITECTURE)) {
        Ok(text) => {
            let mut findings = unlisted(&text, packages);
            findings.extend(wishes(&text, &functions(sources)));
            findings
        }
        Err(_) => vec![Finding::new(ARCHITECTURE, 1, "missing: list every crate and every invariant in it")],
    }
}

fn unlisted(text: &str, packages: &[Package]) -> Vec<Finding> {
    let crates = packages.iter().filter_map(|package| package.manifest.strip_prefix("crates").ok()?.parent()?.to_str());
    crates
        .filter(|folder| !is_listed(text, folder))
        .map(|folder| Finding::new(ARCHITECTURE, 1, format!("does not list `crates/{folder}`: say what it is for")))
        .collect()
}

fn is_listed(text: &str, folder: &str) -> bool {
    let in_tree = format!("{folder}/");
    let as_code = [format!("`{folder}`"), format!("`cortex-{folder}`"), format!("`crates/{folder}`")];
    text.lines().any(|line| {
        let words = line.trim_start_matches(['│', '├', '└', '─', ' ', '|', '`', '-']);
        words.starts_with(&in_tree) || as_code.iter().any(|code| line.contains(&**code))
    })
}

/// Invariants without a test.
fn wishes(text: &str, functions: &HashSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(proof) = invariant(line) else { continue };
        let tests: Vec<_> = proof.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            findings.push(Finding::new(
                ARCHITECTURE,
                index + 1,
                "an invariant without a test is a wish: name its test",
            ));
        }
        for test in tests {
            let name = test.rsplit("::").next().unwrap_or(test);
            if !functions.contains(name) {
                let message = format!("there is no test `{name}`: write it, or name the one that proves this");
                findings.push(Finding::new(ARCHITECTURE, index + 1, message));
            }
        }
    }
    findings
}

/// The last cell of a row whose first is a number.
fn invariant(line: &str) -> Option<&str> {
    let cells: Vec<_> = line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let is_number = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    (cells.len() >= 3 && is_number(cells[0])).then(|| cells[cells.len() - 1])
}

/// The names of all functions.
fn functions<'a>(sources: &[&'a TextFile]) -> HashSet<&'a str> {
    let names = |line: &'a str| {
        let rest = line.split_once("fn ")?.1;
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    };
    sources.iter().flat_map(|file| file.text.lines()).filter_map(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str) -> Package {
        Package {
            name: format!("cortex-{folder}"),
            manifest: format!("crates/{folder}/Cargo.toml").into(),
            text: String::new(),
            dependencies: Vec::new(),
        }
    }

    fn findings(text: &str) -> Vec<String> {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("docs")).unwrap();
        fs::write(top.path().join(ARCHITECTURE), text).unwrap();
        let source = TextFile {
            path: "a.rs".into(),
            text: "    async fn a_page_moves_the_cursor() {}\nfn other_test<T>() {}\n".to_owned(),
        };
        let found = check(top.path(), &[package("kernel"), package("sync-jobs")], &[&source]);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn crates_may_be_listed_in_prose_or_in_a_tree() {
        assert_eq!(findings("`kernel`: words\n├── sync-jobs/  jobs\n"), [""; 0]);
        assert_eq!(findings("| `cortex-kernel` | words |\n| `crates/sync-jobs` | jobs |\n"), [""; 0]);
    }

    #[test]
    fn a_crate_that_is_not_listed_is_found() {
        let found = findings("  kernel/  words\nsync-jobs are mentioned, kernels too\n");
        assert_eq!(found, ["docs/ARCHITECTURE.md:1: does not list `crates/sync-jobs`: say what it is for"]);
    }

    #[test]
    fn an_invariant_names_tests_that_exist() {
        let crates = "`kernel` `sync-jobs`\n";
        let proven = "| 1 | Pages move cursors. | `a::b::a_page_moves_the_cursor`, `other_test` |\n";
        assert_eq!(findings(&format!("{crates}| n | invariant | test |\n|---|---|---|\n{proven}")), [""; 0]);
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        let found = findings("`kernel` `sync-jobs`\n| 1 | Holds. | `it::absent_test` |\n| 2 | Holds. | soon |\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("docs/ARCHITECTURE.md:2: there is no test `absent_test`"), "{found:?}");
        assert!(found[1].starts_with("docs/ARCHITECTURE.md:3: an invariant without a test"), "{found:?}");
    }

    #[test]
    fn a_missing_document_is_found() {
        let top = tempfile::tempdir().unwrap();
        assert_eq!(check(top.path(), &[], &[]).len(), 1);
    }
}
