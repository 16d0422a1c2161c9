//! The arrows between the domains point one way, and registries are named by nobody below them.
//!
//! ```text
//!     engine ← data ← model ← neuromodulation ← learning ← behaviour ← evidence ← applied ← study ← cli
//! ```
//! A domain is a crate, or a folder of the library. What a file names is read from its text without comments: paths that
//! begin with `crate`, with the name of a crate, or with enough `super` to leave the domain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The domains in their order: each may name those before it.
const ORDER: [&str; 10] =
    ["engine", "data", "model", "neuromodulation", "learning", "behaviour", "evidence", "applied", "study", "cli"];

/// Modules at the root of the library that are the engine's.
const ENGINE: [&str; 6] = ["error", "file", "kernel", "numerics", "random", "registry"];

/// A kind of named thing: its contract, the folder of its implementations, and the enum of its registry.
const REGISTRIES: [(&str, &str, &str); 8] = [
    ("data/task.rs", "data/tasks", "TaskConfig"),
    ("model/network.rs", "model/networks", "NetworkConfig"),
    ("learning/optimizer.rs", "learning/optimizers", "OptimizerConfig"),
    ("neuromodulation/detector.rs", "neuromodulation/detectors", "DetectorConfig"),
    ("learning/plasticity.rs", "learning/plasticity", "PlasticityConfig"),
    ("learning/gradient/rule.rs", "learning/gradient/rules", "GradientConfig"),
    ("behaviour/environment.rs", "behaviour/environments", "EnvironmentConfig"),
    ("behaviour/agent.rs", "behaviour/agents", "AgentConfig"),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rank(domain: &str) -> usize {
    ORDER.iter().position(|known| *known == domain).expect("a domain")
}

/// Whether a file of the domain `from` may name the domain `to`. Modulators know no model and no data: only the engine.
fn may_name(from: &str, to: &str) -> bool {
    from == to || (rank(to) < rank(from) && (from != "neuromodulation" || to == "engine"))
}

/// Every Rust file under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The text without comments; what follows `//` in a string is lost too, which no path needs.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first names after each `root::` in `code`: one, or those of a group `{a::b, c}`.
fn names_after<'c>(code: &'c str, root: &str) -> Vec<&'c str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = |text: &'c str| &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())];
    let mut found = Vec::new();
    for (start, matched) in code.match_indices(&format!("{root}::")) {
        if code[..start].ends_with(|c| is_name(c) || c == ':' || c == '$') {
            continue;
        }
        let rest = &code[start + matched.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut expects_name = true;
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => expects_name = true,
                c if depth == 0 && expects_name && is_name(c) => {
                    found.push(name(&group[index..]));
                    expects_name = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// The domain of a module at the root of the library, if it is one.
fn domain_of(module: &str) -> Option<&'static str> {
    let module = if ENGINE.contains(&module) { "engine" } else { module };
    ORDER[..7].iter().find(|known| **known == module).copied()
}

/// The domains that `text` names, a file `depth` modules below the root of the crate `own` (the library is `crate`).
fn domains_named(text: &str, own: &str, depth: usize) -> BTreeSet<&'static str> {
    let code = code(text);
    let mut named = BTreeSet::new();
    let mut roots = vec!["tegmentum".to_owned()];
    if own == "tegmentum" {
        roots.push("crate".to_owned());
        // In a module inside the file it takes one `super` more.
        roots.extend((depth..=depth + 1).map(|count| vec!["super"; count.max(1)].join("::")));
    }
    for root in roots {
        named.extend(names_after(&code, &root).into_iter().filter_map(domain_of));
    }
    for (name, domain) in [
        ("tegmentum_engine", "engine"),
        ("tegmentum_applied", "applied"),
        ("tegmentum_study", "study"),
        ("tegmentum_cli", "cli"),
    ] {
        if code.contains(name) {
            named.insert(domain);
        }
    }
    named
}

#[test]
fn what_a_file_names_is_found() {
    let of = |text: &str| domains_named(text, "tegmentum", 2).into_iter().collect::<Vec<_>>();
    assert_eq!(of("use crate::learning::optimizer::Optimizer;"), ["learning"]);
    assert_eq!(of("use crate::{data::{task, batch}, error::Error, model};"), ["data", "engine", "model"]);
    assert_eq!(of("fn f() -> crate::behaviour::agent::Raster"), ["behaviour"]);
    assert_eq!(of("use super::super::evidence::metrics;"), ["evidence"]);
    assert_eq!(of("use super::learning;"), Vec::<&str>::new());
    assert_eq!(of("/// See [x](crate::learning::x).\n// use crate::model::x;"), Vec::<&str>::new());
    assert_eq!(of("use tegmentum_study::StudyConfig;"), ["study"]);
    assert!(!may_name("model", "learning") && !may_name("neuromodulation", "model") && may_name("learning", "data"));
}

#[test]
fn arrows_between_domains_point_one_way() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (own, domain) in [
        ("engine", Some("engine")),
        ("tegmentum", None),
        ("applied", Some("applied")),
        ("study", Some("study")),
        ("cli", Some("cli")),
    ] {
        let source = crates().join(own).join("src");
        for file in files(&source) {
            let inside = file.strip_prefix(&source).expect("below the source").with_extension("");
            let modules: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            // The root of the library and its prelude show what there is; nobody inside names them.
            let Some(domain) = domain.or_else(|| domain_of(&modules[0])) else {
                assert!(["lib", "prelude"].contains(&modules[0].as_str()), "{} belongs to no domain", file.display());
                continue;
            };
            let text = fs::read_to_string(&file).expect("a source file");
            seen.insert(domain);
            for named in domains_named(&text, own, modules.len()) {
                if !may_name(domain, named) {
                    wrong.push(format!("{}: {domain} names {named}", file.display()));
                }
            }
            if names_after(&code(&text), "crate").contains(&"prelude") {
                wrong.push(format!("{}: names the prelude, which names everything", file.display()));
            }
        }
    }
    assert_eq!(seen.len(), ORDER.len(), "a domain has no file: {seen:?}");
    assert!(wrong.is_empty(), "arrows against the order {ORDER:?}:\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_on_those_before_them() {
    for (own, allowed) in [
        ("engine", vec![]),
        ("tegmentum", vec!["tegmentum-engine"]),
        ("applied", vec!["tegmentum", "tegmentum-engine"]),
        ("study", vec!["tegmentum", "tegmentum-engine"]),
        ("report", vec!["tegmentum", "tegmentum-engine", "tegmentum-study"]),
        ("cli", vec!["tegmentum", "tegmentum-engine", "tegmentum-applied", "tegmentum-study", "tegmentum-report"]),
    ] {
        let text = fs::read_to_string(crates().join(own).join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("valid TOML");
        for section in ["dependencies", "build-dependencies"] {
            let dependencies = manifest.get(section).and_then(toml::Value::as_table);
            for name in dependencies.into_iter().flat_map(toml::Table::keys) {
                assert!(!name.starts_with("tegmentum") || allowed.contains(&name.as_str()), "{own} depends on {name}");
            }
        }
    }
}

/// A contract and the files that keep it do not name the list of all that keep it.
#[test]
fn registries_are_named_by_nobody_below_them() {
    let source = crates().join("tegmentum/src");
    for (contract, folder, registry) in REGISTRIES {
        let mut below = files(&source.join(folder));
        below.push(source.join(contract));
        assert!(below.len() > 1, "{folder} is empty");
        for file in below {
            let text = fs::read_to_string(&file).expect("a source file");
            let code = code(&text);
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            let is_test =
                ["tests.rs", "conformance.rs", "units.rs", "going_on.rs"].iter().any(|name| file.ends_with(name));
            let is_registry = code.contains(&format!("pub enum {registry}"));
            assert!(is_test || is_registry || !code.contains(registry), "{} names {registry}", file.display());
        }
    }
}
