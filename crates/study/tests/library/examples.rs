//! Every example of one's own part runs, checks itself and is short.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of an example, its comments included.
const MAX_LINES: usize = 60;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of the examples `own_…` of a crate.
fn examples(of: &str) -> Vec<String> {
    let folder = std::fs::read_dir(crates().join(of).join("examples")).expect("a folder of examples");
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = folder.filter_map(|entry| stem(entry.expect("an entry").path())).collect();
    names.retain(|name| name.starts_with("own_"));
    names.sort();
    names
}

/// Builds the examples of the workspace, and returns the folder where they are.
///
/// The whole workspace, with the profile of this test: then nothing is compiled that `cargo test` has not compiled.
fn build() -> PathBuf {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--offline", "--workspace", "--examples"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.current_dir(crates()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tests = std::env::current_exe().expect("a test program");
    tests.parent().and_then(Path::parent).expect("the folder of the profile").join("examples")
}

fn run(folder: &Path, example: &str) {
    let output = Command::new(folder.join(example)).output().expect("the example starts");
    assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn examples_are_short() {
    for of in ["tegmentum", "study", "applied"] {
        for name in examples(of) {
            let text = std::fs::read_to_string(crates().join(of).join("examples").join(&name).with_extension("rs"));
            let lines = text.expect("an example").lines().count();
            assert!(lines <= MAX_LINES, "{name} has {lines} lines");
        }
    }
}

#[test]
fn every_example_runs() {
    let (own, in_studies) = (examples("tegmentum"), examples("study"));
    for part in ["loss", "data", "network", "optimizer", "environment", "agent", "nucleus", "receptor_target"] {
        assert!(own.contains(&format!("own_{part}")), "{own:?}");
    }
    let folder = build();
    for name in own.iter().chain(&in_studies).chain(&examples("applied")) {
        run(&folder, name);
    }
}
