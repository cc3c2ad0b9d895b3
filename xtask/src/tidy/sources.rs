//! Each source file says what it holds, and holds one subject.

use super::{Finding, TextFile};

/// More than this and a file has two subjects.
const MOST_LINES: usize = 600;

/// Longer files, each with its reason.
const LONG: &[(&str, &str)] = &[];

/// Files without a module doc because a program writes them.
const GENERATED: &[&str] = &[];

pub(super) fn check(sources: &[&TextFile]) -> Vec<Finding> {
    sources.iter().flat_map(|file| undocumented(file).into_iter().chain(too_long(file))).collect()
}

fn undocumented(file: &TextFile) -> Option<Finding> {
    let excepted = GENERATED.iter().any(|path| file.path.ends_with(path));
    let first = file.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!["))?;
    (!excepted && !first.starts_with("//!"))
        .then(|| Finding::new(&*file.path, 1, "no module doc: begin with `//!` and say what is here, and what is not"))
}

fn too_long(file: &TextFile) -> Option<Finding> {
    let excepted = LONG.iter().any(|(path, _)| file.path.ends_with(path));
    let lines = file.text.lines().count();
    (!excepted && lines > MOST_LINES).then(|| {
        let message = format!("{lines} lines, more than {MOST_LINES}: split it by subject");
        Finding::new(&*file.path, MOST_LINES + 1, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let file = TextFile { path: "crates/a/src/lib.rs".into(), text: text.to_owned() };
        check(&[&file]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_module_begins_with_its_doc() {
        assert_eq!(findings("//! Words.\n\npub struct A;\n"), [""; 0]);
        assert_eq!(findings("#![expect(missing_docs, reason = \"…\")]\n\n//! Words.\n"), [""; 0]);
    }

    #[test]
    fn a_module_without_one_is_found() {
        for text in ["pub struct A;\n//! Words.\n", "// Words.\n", "/// Words.\npub struct A;\n"] {
            let found = findings(text);
            assert!(found.len() == 1 && found[0].starts_with("crates/a/src/lib.rs:1: no module doc"), "{found:?}");
        }
    }

    #[test]
    fn a_long_file_is_found_at_its_first_line_too_many() {
        let text = |lines: usize| "//! Words.\n".repeat(lines);
        assert_eq!(findings(&text(MOST_LINES)), [""; 0]);
        let found = findings(&text(MOST_LINES + 1));
        assert!(found.len() == 1 && found[0].starts_with("crates/a/src/lib.rs:601: 601 lines"), "{found:?}");
    }
}
