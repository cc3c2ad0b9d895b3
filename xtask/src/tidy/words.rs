//! Nothing here may know the machine that it was written on.

use super::{Finding, TextFile};

/// Paths that lead out of a checkout, in pieces so that this file does not find itself.
const FOREIGN: &[&str] =
    &[concat!("/", "home/"), concat!("/", "root/"), concat!("/", "work/"), concat!("..", "/shared")];

pub(super) fn check(texts: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in texts {
        for (index, line) in file.text.lines().enumerate() {
            for word in FOREIGN.iter().filter(|word| contains_path(line, word)) {
                let message = format!("`{word}` is a path of somebody's machine: say it relative to the checkout");
                findings.push(Finding::new(&*file.path, index + 1, message));
            }
        }
    }
    findings
}

/// Whether a path begins here: not within another path or an URL, as in `src/work/`.
fn contains_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !['_', '-', '.', '}'].contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        check(&[TextFile { path: "README.md".into(), text: text.to_owned() }]).len()
    }

    #[test]
    fn paths_of_a_machine_are_found_with_their_line() {
        for path in FOREIGN {
            assert_eq!(findings(&format!("see {path}somebody/notes")), 1, "{path}");
            assert_eq!(findings(&format!("{path}somebody")), 1, "{path}");
        }
        let file = TextFile { path: "README.md".into(), text: format!("fine\n\"{}x\"\n", FOREIGN[0]) };
        assert_eq!(check(&[file])[0].line, 2);
    }

    #[test]
    fn paths_within_the_checkout_and_urls_are_right() {
        for text in ["crates/app/src/work/mod.rs", "https://example.com/home/page", "${HOME}/work/x", "../migrations"] {
            assert_eq!(findings(text), 0, "{text}");
        }
    }
}
