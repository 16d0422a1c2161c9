//! The benchmark of the workloads as a program that other commands start.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{command, output_of, show};

/// Builds it and says where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let arguments = ["bench", "-p", "tegmentum", "--bench", "workloads", "--no-run", "--message-format=json"];
    let command = command("cargo", arguments);
    show(&command);
    path_in(&output_of(command)?).context("cargo named no program for the benchmark `workloads`")
}

/// The program among cargo's messages, one JSON object a line.
fn path_in(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(message.get("executable")?.as_str()?.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_messages() {
        let messages = "not JSON\n{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"executable\":\"target/release/deps/workloads-1\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(path_in(messages), Some("target/release/deps/workloads-1".into()));
        assert_eq!(path_in("{\"reason\":\"build-finished\",\"success\":false}\n"), None);
    }
}
