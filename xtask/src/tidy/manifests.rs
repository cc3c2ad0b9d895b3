//! Packages as far as other checks look at them, and that each inherits the workspace's lints.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cargo_metadata::DependencyKind;

use super::Finding;
use crate::workspace::Workspace;

/// A member of the workspace.
pub(super) struct Package {
    pub(super) name: String,
    /// Its `Cargo.toml`, relative to the top of the checkout.
    pub(super) manifest: PathBuf,
    /// The text of that.
    pub(super) text: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// A direct dependency.
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    pub(super) features: Vec<String>,
}

/// What a dependency is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Build,
    Test,
}

pub(super) fn packages(workspace: &Workspace) -> Result<Vec<Package>> {
    workspace.metadata().packages.iter().map(|package| from_metadata(workspace, package)).collect()
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages
        .iter()
        .filter(|package| !inherits_lints(&package.text))
        .map(|package| Finding::new(&*package.manifest, 1, "no inherited lints: add `[lints]` with `workspace = true`"))
        .collect()
}

fn from_metadata(workspace: &Workspace, package: &cargo_metadata::Package) -> Result<Package> {
    let path = package.manifest_path.as_std_path();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let dependencies = package
        .dependencies
        .iter()
        .map(|dependency| Dependency {
            name: dependency.name.clone(),
            kind: match dependency.kind {
                DependencyKind::Development => Kind::Test,
                DependencyKind::Build => Kind::Build,
                _ => Kind::Normal,
            },
            optional: dependency.optional,
            features: dependency.features.clone(),
        })
        .collect();
    Ok(Package {
        name: package.name.to_string(),
        manifest: path.strip_prefix(workspace.root()).unwrap_or(path).to_owned(),
        text,
        dependencies,
    })
}

fn inherits_lints(manifest: &str) -> bool {
    let mut section = "";
    for line in manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        if line.starts_with('[') {
            section = line;
        }
        let setting: String = line.split_whitespace().collect();
        if (section == "[lints]" && setting == "workspace=true")
            || (section.is_empty() && setting == "lints.workspace=true")
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        let package = Package {
            name: "a".to_owned(),
            manifest: "crates/a/Cargo.toml".into(),
            text: text.to_owned(),
            dependencies: Vec::new(),
        };
        check(&[package]).len()
    }

    #[test]
    fn inherited_lints_are_seen_in_both_spellings() {
        assert_eq!(findings("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(findings("lints.workspace = true\n[package]\nname = \"a\"\n"), 0);
    }

    #[test]
    fn a_package_with_lints_of_its_own_or_none_is_found() {
        assert_eq!(findings("[package]\nname = \"a\"\n"), 1);
        assert_eq!(findings("[package]\nedition.workspace = true\n[lints]\n# workspace = true\n"), 1);
        assert_eq!(findings("[lints.rust]\nunsafe_code = \"allow\"\n[other]\nworkspace = true\n"), 1);
    }
}
