//! Licences and sources of what we depend on, against the lists in `deny.toml`.
//!
//! cargo-deny does it where it is installed. It takes minutes to build, so there is a small check of our own for
//! machines without it: the same lists, applied to `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::command::{command, has_subcommand, output_of, root, run as run_command};
use crate::tally::Tally;

/// The part of `deny.toml` that the built-in check reads.
#[derive(Deserialize)]
struct Rules {
    licenses: LicenceRules,
    sources: SourceRules,
}

#[derive(Deserialize)]
struct LicenceRules {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SourceRules {
    allow_registry: Vec<String>,
}

/// The part of `cargo metadata` that the built-in check reads.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// `registry+…`, `git+…`; nothing for a package of this workspace.
    source: Option<String>,
}

/// One check: every dependency has a licence and a source that we allow.
pub(crate) fn check() -> Result<Tally> {
    if has_subcommand("deny") {
        let status = run_command(command("cargo", ["deny", "check", "licenses", "bans", "sources"]))?;
        return Ok(Tally::one(status.success()));
    }
    let rules = fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let rules: Rules = toml::from_str(&rules).context("deny.toml")?;
    let metadata = output_of(command("cargo", ["metadata", "--format-version", "1"]))?;
    let packages = serde_json::from_str::<Metadata>(&metadata).context("cargo metadata")?.packages;
    println!("    cargo-deny is not installed: deny.toml checked by the built-in licence check");
    report_duplicates(&packages);
    let problems = packages.iter().filter_map(|package| problem_of(package, &rules)).collect::<Vec<_>>();
    for problem in &problems {
        println!("    {problem}");
    }
    println!("    {} packages, {} refused", packages.len(), problems.len());
    Ok(Tally::one(problems.is_empty()))
}

/// Why a package is refused, if it is.
fn problem_of(package: &Package, rules: &Rules) -> Option<String> {
    let source = package.source.as_deref().unwrap_or_default();
    let known = rules.sources.allow_registry.iter().any(|registry| source.strip_prefix("registry+") == Some(registry));
    let problem = if !source.is_empty() && !known {
        format!("comes from {source}, which is not among the allowed registries")
    } else {
        licence_problem(package.license.as_deref(), &rules.licenses.allow)?
    };
    Some(format!("{} {} {problem}", package.name, package.version))
}

/// Why a licence expression is refused, if it is.
fn licence_problem(licence: Option<&str>, allowed: &[String]) -> Option<String> {
    let Some(licence) = licence else {
        return Some("states no licence".to_owned());
    };
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Err(error) => Some(format!("has a licence that cannot be read, \"{licence}\": {}", error.reason)),
        Ok(expression) if expression.evaluate(|term| allowed.contains(&term.to_string())) => None,
        Ok(_) => Some(format!("is licensed under \"{licence}\", of which no alternative is allowed")),
    }
}

/// Lists crates that are there in several versions; it refuses none.
fn report_duplicates(packages: &[Package]) {
    let mut versions = BTreeMap::<&str, BTreeSet<&str>>::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let versions = versions.iter().copied().collect::<Vec<_>>();
        println!("    note: {name} is there in {} versions: {}", versions.len(), versions.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "https://github.com/rust-lang/crates.io-index";

    fn is_allowed(licence: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned);
        licence_problem(Some(licence), &allowed).is_none()
    }

    #[test]
    fn one_alternative_is_enough() {
        assert!(is_allowed("MIT OR Apache-2.0"));
        assert!(is_allowed("GPL-3.0-only OR MIT"));
        assert!(is_allowed("MIT OR Apache-2.0 OR LGPL-2.1-or-later"));
        assert!(!is_allowed("GPL-3.0-only OR LGPL-2.1-or-later"));
    }

    #[test]
    fn every_part_of_a_conjunction_counts() {
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!is_allowed("MIT AND GPL-3.0-only"));
        assert!(is_allowed("GPL-3.0-only AND MIT OR Apache-2.0"), "AND binds closer than OR");
        assert!(!is_allowed("GPL-3.0-only AND (MIT OR Apache-2.0)"));
    }

    #[test]
    fn an_exception_is_a_licence_of_its_own() {
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception"));
        assert!(!is_allowed("MIT WITH LLVM-exception"));
        assert!(!is_allowed("GPL-2.0-only WITH Classpath-exception-2.0"));
    }

    #[test]
    fn the_old_slash_means_or() {
        assert!(is_allowed("MIT/Apache-2.0"));
        assert!(is_allowed("Unlicense/MIT"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for licence in ["", "MIT OR", "(MIT", "Made-Up-1.0"] {
            assert!(!is_allowed(licence), "{licence}");
        }
        assert_eq!(licence_problem(None, &[]).as_deref(), Some("states no licence"));
    }

    #[test]
    fn only_allowed_registries_are_sources() {
        let rules = Rules {
            licenses: LicenceRules { allow: vec!["MIT".to_owned()] },
            sources: SourceRules { allow_registry: vec![REGISTRY.to_owned()] },
        };
        let problem = |source: Option<String>| {
            let license = Some("MIT".to_owned());
            problem_of(&Package { name: "part".to_owned(), version: "1.0.0".to_owned(), license, source }, &rules)
        };
        assert_eq!(problem(None), None);
        assert_eq!(problem(Some(format!("registry+{REGISTRY}"))), None);
        assert!(problem(Some("git+https://example.org/part".to_owned())).is_some());
    }

    #[test]
    fn our_own_list_can_be_read() {
        let rules: Rules = toml::from_str(include_str!("../../deny.toml")).expect("deny.toml has the lists");
        assert!(rules.licenses.allow.iter().any(|licence| licence == "MIT"));
        assert_eq!(rules.sources.allow_registry, [REGISTRY]);
    }
}
