//! A wrapper around the program in a folder of its own.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// The smallest study worth running.
pub(crate) const STUDY: &str = r#"name = "small"
title = "A small study"
question = "Does it learn exclusive or?"
budget = 600
seeds = { first = 100, count = 6 }
metrics = ["mean_squared_error"]
targets = [0.01]
[task.xor]
[network.mlp]
hidden = [4]
[[arm]]
name = "dopamine"
[arm.optimizer.dopamine]
[[arm]]
name = "wp"
tune = { learning_rate = [0.1, 0.3] }
[arm.optimizer.weight_perturbation]
[[claim]]
text = "It becomes better than nothing"
arm = "dopamine"
metric = "mean_squared_error"
at_most = 10.0
"#;

/// The program, and a folder that is its working directory.
pub(crate) struct TestCommand {
    folder: TempDir,
}

impl TestCommand {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with `study.toml`.
    pub(crate) fn with_study(text: &str) -> Self {
        let command = Self::new();
        command.write("study.toml", text);
        command
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text of a file in the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// All files and folders below the folder.
    pub(crate) fn entries(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.folder.path()).unwrap();
                found.push(name.to_string_lossy().into_owned());
                if path.is_dir() {
                    open.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// The program with arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// What it prints, if it ends with `code`.
    pub(crate) fn stdout(&self, arguments: &[&str], code: i32) -> String {
        let assert = self.command(arguments).assert().code(code);
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// The line of its error, if it could not run and printed nothing else.
    pub(crate) fn error(&self, arguments: &[&str]) -> String {
        let assert = self.command(arguments).assert().code(2).stdout("");
        String::from_utf8(assert.get_output().stderr.clone()).unwrap()
    }
}

/// The program.
pub(crate) fn program() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("tegmentum")
}
