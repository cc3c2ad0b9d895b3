//! The text files of a checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::TextFile;

/// Never part of the source, where git is not there to say so.
const NOT_SOURCE: &[&str] = &[".git", "target", ".env"];

/// Files that git knows or would add; without git all below the top. Binary files are left out.
pub(super) fn texts(root: &Path) -> Result<Vec<TextFile>> {
    let mut paths = match known_to_git(root) {
        Some(paths) => paths,
        None => below(root, Path::new(""))?,
    };
    paths.sort();
    let read = |path: PathBuf| {
        // Deleted in the work tree but not yet in git, or no UTF-8.
        let text = fs::read_to_string(root.join(&path)).ok()?;
        (!text.contains('\0')).then_some(TextFile { path, text })
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

fn known_to_git(root: &Path) -> Option<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = String::from_utf8(output.stdout).ok()?;
    Some(names.split_terminator('\0').map(PathBuf::from).collect())
}

fn below(root: &Path, directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(root.join(directory))? {
        let entry = entry?;
        if NOT_SOURCE.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let path = directory.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            paths.extend(below(root, &path)?);
        } else {
            paths.push(path);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_everything_but_what_is_built_counts() {
        let top = tempfile::tempdir().unwrap();
        for directory in ["src/inner", "target/debug", ".git"] {
            fs::create_dir_all(top.path().join(directory)).unwrap();
        }
        for file in ["src/inner/a.rs", "target/debug/b.rs", ".git/c", ".env", "d.md"] {
            fs::write(top.path().join(file), "text").unwrap();
        }
        fs::write(top.path().join("picture.png"), [0xff, 0x00]).unwrap();
        let mut paths = below(top.path(), Path::new("")).unwrap();
        paths.sort();
        assert_eq!(paths, ["d.md", "picture.png", "src/inner/a.rs"].map(PathBuf::from));
    }

    #[test]
    fn binary_files_have_no_text() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("a.md"), "text").unwrap();
        fs::write(top.path().join("b.bin"), "nul \0").unwrap();
        fs::write(top.path().join("c.bin"), [0xff]).unwrap();
        let names: Vec<_> = texts(top.path()).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(names, [PathBuf::from("a.md")]);
    }
}
