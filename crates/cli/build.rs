//! Tells the binary the commit it was built from, where there is one, and whether its sources were changed since then.

use std::path::Path;
use std::process::Command;

/// What the binary is made of, from the root of the repository.
const SOURCES: [&str; 10] = [
    "Cargo.toml",
    "crates/engine/src",
    "crates/tegmentum/src",
    "crates/tegmentum/data",
    "crates/applied/src",
    "crates/study/src",
    "crates/report/src",
    "crates/cli/src",
    "studies",
    "Cargo.lock",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The log of HEAD grows with every commit, checkout and merge.
    for name in ["HEAD", "logs/HEAD"] {
        watch(&git(&["rev-parse", "--git-path", name]).unwrap_or_default());
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    // A change of these makes the binary anew in any case, so that looking costs what git needs to look.
    for source in SOURCES.iter().filter(|_| commit.is_some()) {
        watch(&format!("../../{source}"));
    }
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=TEGMENTUM_COMMIT={commit}{}", changes());
}

/// Cargo runs this anew when a file, or one in a folder, is changed.
fn watch(path: &str) {
    if Path::new(path).exists() {
        println!("cargo::rerun-if-changed={path}");
    }
}

/// Nothing, or a mark with a number that says which changes: two builds from one commit may differ.
fn changes() -> String {
    let of_sources = |command: &[&str]| {
        let paths = SOURCES.iter().map(|source| format!(":/{source}"));
        let all: Vec<String> = command.iter().map(|&word| word.to_owned()).chain(paths).collect();
        git(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let Some(status) = of_sources(&["--no-optional-locks", "status", "--porcelain", "--"]) else {
        return String::new();
    };
    let difference = of_sources(&["diff", "HEAD", "--"]).unwrap_or_default();
    // FNV-1a, 32 bits.
    let number = status
        .bytes()
        .chain(difference.bytes())
        .fold(0x811c_9dc5_u32, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("-modified-{number:08x}")
}

/// What git says, if it is there, this is a repository, and it says anything.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
