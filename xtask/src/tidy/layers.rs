//! Who may use whom.
//!
//! A line here is the architecture: a new dependency between crates edits the table, and says why in `docs/adr/`.

use super::manifests::{Dependency, Kind, Package};
use super::{Finding, line_where};

/// What one package may use and must not.
struct Layer {
    package: &'static str,
    /// Workspace packages that it may use.
    uses: &'static [&'static str],
    /// Further workspace packages that its tests may use; itself with `testing` it always may.
    tests_use: &'static [&'static str],
    /// Outside packages that it must not use.
    never: &'static [&'static str],
    /// Those of them that it may use behind a feature, for `testing`.
    never_unless_optional: &'static [&'static str],
}

const DOMAINS: &[&str] =
    &["cortex-connections", "cortex-identity", "cortex-ingestion", "cortex-insights", "cortex-sync-jobs"];

const KERNEL_AND_DOMAINS: &[&str] = &[
    "cortex-connections",
    "cortex-identity",
    "cortex-ingestion",
    "cortex-insights",
    "cortex-kernel",
    "cortex-sync-jobs",
];

const TECHNOLOGY: &[&str] = &[
    "actix-web",
    "anyhow",
    "chrono",
    "diesel",
    "diesel-async",
    "opentelemetry",
    "prometheus-client",
    "reqwest",
    "tokio-postgres",
];

const LAYERS: &[Layer] = &[
    Layer {
        package: "cortex-kernel",
        uses: &[],
        tests_use: &[],
        never: &[
            "actix-web",
            "anyhow",
            "chrono",
            "diesel",
            "diesel-async",
            "reqwest",
            "serde",
            "tokio",
            "tokio-postgres",
        ],
        never_unless_optional: &[],
    },
    domain("cortex-connections"),
    domain("cortex-identity"),
    domain("cortex-ingestion"),
    domain("cortex-insights"),
    // Its worker loop waits and selects: the one domain with a runtime.
    Layer { never_unless_optional: &[], ..domain("cortex-sync-jobs") },
    Layer {
        package: "cortex-postgres",
        uses: KERNEL_AND_DOMAINS,
        tests_use: &["cortex-test-support"],
        never: &["actix-web", "anyhow", "opentelemetry", "prometheus-client", "reqwest"],
        never_unless_optional: &[],
    },
    remote_adapter("cortex-blobs", &["cortex-ingestion", "cortex-kernel"]),
    remote_adapter("cortex-extract", &["cortex-ingestion", "cortex-kernel"]),
    remote_adapter("cortex-nango", &["cortex-connections", "cortex-ingestion", "cortex-kernel", "cortex-sync-jobs"]),
    remote_adapter("cortex-summarizer", &["cortex-insights"]),
    remote_adapter("cortex-supabase", &["cortex-identity", "cortex-kernel"]),
    // Its tests read the files again.
    Layer { tests_use: &["cortex-extract", "cortex-kernel"], ..remote_adapter("cortex-typeset", &["cortex-insights"]) },
    Layer {
        package: "cortex-http",
        uses: KERNEL_AND_DOMAINS,
        tests_use: &[],
        never: &["anyhow", "diesel", "diesel-async", "opentelemetry", "prometheus-client", "reqwest", "tokio-postgres"],
        never_unless_optional: &[],
    },
    Layer {
        package: "cortex-app",
        uses: &[
            "cortex-blobs",
            "cortex-connections",
            "cortex-extract",
            "cortex-http",
            "cortex-identity",
            "cortex-ingestion",
            "cortex-insights",
            "cortex-kernel",
            "cortex-nango",
            "cortex-postgres",
            "cortex-summarizer",
            "cortex-supabase",
            "cortex-sync-jobs",
            "cortex-typeset",
        ],
        tests_use: &["cortex-test-support"],
        never: &[],
        never_unless_optional: &[],
    },
    // An independent witness of the wire contracts: it shares no code with the adapters that it answers.
    Layer {
        package: "cortex-sandbox",
        uses: &["cortex-kernel"],
        tests_use: &[],
        never: &["diesel", "diesel-async", "tokio-postgres"],
        never_unless_optional: &[],
    },
    // A client from outside: it links the world around the product, and nothing of the product (ADR 0008).
    Layer {
        package: "cortex-demo",
        uses: &["cortex-kernel", "cortex-sandbox"],
        tests_use: &[],
        never: &["actix-web", "diesel", "diesel-async"],
        never_unless_optional: &[],
    },
    Layer {
        package: "cortex-test-support",
        uses: &[],
        tests_use: &[],
        never: &["actix-web", "diesel", "diesel-async", "reqwest"],
        never_unless_optional: &[],
    },
    Layer {
        package: "cortex-e2e",
        uses: &[],
        tests_use: &[
            "cortex-app",
            "cortex-connections",
            "cortex-extract",
            "cortex-identity",
            "cortex-ingestion",
            "cortex-insights",
            "cortex-kernel",
            "cortex-sandbox",
            "cortex-sync-jobs",
            "cortex-test-support",
        ],
        never: &[],
        never_unless_optional: &[],
    },
    Layer {
        package: "xtask",
        uses: &["cortex-sandbox", "cortex-test-support"],
        tests_use: &[],
        never: &["actix-web", "diesel", "diesel-async"],
        never_unless_optional: &[],
    },
];

const fn domain(package: &'static str) -> Layer {
    Layer { package, uses: &["cortex-kernel"], tests_use: &[], never: TECHNOLOGY, never_unless_optional: &["tokio"] }
}

const fn remote_adapter(package: &'static str, uses: &'static [&'static str]) -> Layer {
    Layer {
        package,
        uses,
        tests_use: &[],
        never: &[
            "actix-web",
            "anyhow",
            "diesel",
            "diesel-async",
            "opentelemetry",
            "prometheus-client",
            "tokio-postgres",
        ],
        never_unless_optional: &[],
    }
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    check_against(LAYERS, packages)
}

fn check_against(layers: &[Layer], packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for layer in layers {
        if !packages.iter().any(|package| package.name == layer.package) {
            let message = format!("the table has a line for {}, which is no package: remove it", layer.package);
            findings.push(Finding::new("xtask/src/tidy/layers.rs", 1, message));
        }
    }
    for package in packages {
        match layers.iter().find(|layer| layer.package == package.name) {
            Some(layer) => {
                let ours = |name: &str| packages.iter().any(|package| package.name == name);
                for dependency in &package.dependencies {
                    findings.extend(
                        complaint(layer, dependency, ours(&dependency.name))
                            .map(|message| Finding::new(&*package.manifest, line_of(package, dependency), message)),
                    );
                }
            }
            None => findings.push(Finding::new(
                &*package.manifest,
                line_where(&package.text, |line| line.starts_with("name")),
                format!("{} has no layer: give it a line in xtask/src/tidy/layers.rs", package.name),
            )),
        }
    }
    findings
}

fn complaint(layer: &Layer, dependency: &Dependency, is_ours: bool) -> Option<String> {
    let name = dependency.name.as_str();
    let for_tests = dependency.kind == Kind::Test;
    if !is_ours {
        let never =
            layer.never.contains(&name) || (layer.never_unless_optional.contains(&name) && !dependency.optional);
        return (never && !for_tests)
            .then(|| format!("{} must not use {name}: the adapter that may is behind a port", layer.package));
    }
    if !for_tests && dependency.features.iter().any(|feature| feature == "testing") {
        return Some(format!("the feature `testing` of {name} is for tests: move it to [dev-dependencies]"));
    }
    let allowed =
        layer.uses.contains(&name) || (for_tests && (layer.tests_use.contains(&name) || name == layer.package));
    (!allowed).then(|| {
        let advice = if DOMAINS.contains(&layer.package) && DOMAINS.contains(&name) {
            "state the need in a port of its own"
        } else {
            "see docs/ARCHITECTURE.md, and if the architecture changes edit xtask/src/tidy/layers.rs"
        };
        format!("{} must not use {name}: {advice}", layer.package)
    })
}

fn line_of(package: &Package, dependency: &Dependency) -> usize {
    let is_it = |line: &str| line.strip_prefix(&*dependency.name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    line_where(&package.text, is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        let lines: Vec<_> =
            dependencies.iter().map(|dependency| format!("{}.workspace = true", dependency.name)).collect();
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml").into(),
            text: format!("[package]\nname = \"{name}\"\n\n[dependencies]\n{}\n", lines.join("\n")),
            dependencies,
        }
    }

    fn uses(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), kind: Kind::Normal, optional: false, features: Vec::new() }
    }

    fn findings_about(name: &str, dependency: Dependency) -> Vec<String> {
        let mut packages: Vec<_> =
            LAYERS.iter().map(|layer| package(layer.package, Vec::new())).filter(|other| other.name != name).collect();
        packages.push(package(name, vec![dependency]));
        check(&packages).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_domain_may_use_the_kernel_and_no_other_domain() {
        assert_eq!(findings_about("cortex-identity", uses("cortex-kernel")), [""; 0]);
        assert_eq!(
            findings_about("cortex-identity", uses("cortex-ingestion")),
            ["crates/cortex-identity/Cargo.toml:5: cortex-identity must not use cortex-ingestion: \
              state the need in a port of its own"]
        );
    }

    #[test]
    fn a_domain_may_use_no_technology_but_in_tests() {
        for name in ["diesel", "reqwest", "actix-web", "tokio", "anyhow", "chrono"] {
            assert_eq!(findings_about("cortex-ingestion", uses(name)).len(), 1, "{name}");
            let in_tests = Dependency { kind: Kind::Test, ..uses(name) };
            assert_eq!(findings_about("cortex-ingestion", in_tests), [""; 0], "{name}");
        }
        let behind_a_feature = Dependency { optional: true, ..uses("tokio") };
        assert_eq!(findings_about("cortex-ingestion", behind_a_feature), [""; 0]);
        let behind_a_feature = Dependency { optional: true, ..uses("diesel") };
        assert_eq!(findings_about("cortex-ingestion", behind_a_feature).len(), 1);
    }

    #[test]
    fn the_domain_of_jobs_may_have_a_runtime() {
        assert_eq!(findings_about("cortex-sync-jobs", uses("tokio")), [""; 0]);
        assert_eq!(findings_about("cortex-sync-jobs", uses("diesel")).len(), 1);
    }

    #[test]
    fn a_build_script_is_bound_as_the_crate_is() {
        let in_build = Dependency { kind: Kind::Build, ..uses("tokio") };
        assert_eq!(findings_about("cortex-kernel", in_build).len(), 1);
    }

    #[test]
    fn adapters_do_not_use_adapters_and_http_knows_none() {
        assert_eq!(findings_about("cortex-nango", uses("cortex-postgres")).len(), 1);
        assert_eq!(findings_about("cortex-http", uses("cortex-postgres")).len(), 1);
        assert_eq!(findings_about("cortex-http", uses("diesel")).len(), 1);
    }

    #[test]
    fn the_product_does_not_contain_the_sandbox_or_test_support() {
        assert_eq!(findings_about("cortex-app", uses("cortex-sandbox")).len(), 1);
        assert_eq!(findings_about("cortex-app", uses("cortex-test-support")).len(), 1);
        let in_tests = Dependency { kind: Kind::Test, ..uses("cortex-test-support") };
        assert_eq!(findings_about("cortex-app", in_tests), [""; 0]);
    }

    #[test]
    fn the_sandbox_shares_no_code_with_what_it_answers() {
        assert_eq!(findings_about("cortex-sandbox", uses("cortex-nango")).len(), 1);
        assert_eq!(findings_about("cortex-sandbox", uses("cortex-identity")).len(), 1);
    }

    #[test]
    fn testing_features_are_for_tests() {
        let testing = Dependency { features: vec!["testing".to_owned()], ..uses("cortex-identity") };
        let found = findings_about("cortex-postgres", testing);
        assert!(found.len() == 1 && found[0].contains("[dev-dependencies]"), "{found:?}");
        let in_tests = Dependency { kind: Kind::Test, features: vec!["testing".to_owned()], ..uses("cortex-identity") };
        assert_eq!(findings_about("cortex-postgres", in_tests), [""; 0]);
    }

    #[test]
    fn every_package_has_a_line_and_every_line_a_package() {
        let found = check_against(&[domain("cortex-old")], &[package("cortex-new", Vec::new())]);
        let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "xtask/src/tidy/layers.rs:1: the table has a line for cortex-old, which is no package: remove it",
                "crates/cortex-new/Cargo.toml:2: cortex-new has no layer: give it a line in xtask/src/tidy/layers.rs",
            ]
        );
    }
}
