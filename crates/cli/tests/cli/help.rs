//! Help reads as a guide.

use crate::command::TestCommand;

const COMMANDS: [&str; 11] =
    ["reproduce", "run", "lesion", "dose", "report", "list", "forecast", "train", "stream", "predict", "export"];

#[test]
fn every_command_has_help_with_examples() {
    let test = TestCommand::new();
    let top = test.stdout(&["--help"], 0);
    for command in COMMANDS {
        assert!(top.contains(command), "{top}");
        let help = test.stdout(&[command, "--help"], 0);
        assert!(help.contains("Examples:") && help.contains(&format!("tegmentum {command}")), "{help}");
        let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 120, "{command}: {widest} columns");
    }
    assert!(top.contains("Exit codes:"), "{top}");
}

#[test]
fn nothing_typed_is_answered_with_help() {
    let assert = TestCommand::new().command(&[]).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("Usage: tegmentum"));
}
