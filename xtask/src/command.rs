//! Commands that are shown before they run, always in the root of the repository.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// `program arguments…` in the root of the repository; `cargo` is the one that runs us.
pub(crate) fn command<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let cargo = || env::var_os("CARGO").unwrap_or_else(|| program.into());
    let mut command = Command::new(if program == "cargo" { cargo() } else { OsString::from(program) });
    command.current_dir(root()).args(arguments);
    command
}

/// Prints a command as a person would type it.
pub(crate) fn show(command: &Command) {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let variables =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}=\"{}\"", name.display(), value?.display())));
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    let words = variables.chain([program.display().to_string()]).chain(arguments);
    println!("    $ {}", words.collect::<Vec<_>>().join(" "));
}

/// A word as a shell wants it.
fn quoted(word: &str) -> String {
    if word.contains(|c: char| c == '*' || c.is_whitespace()) { format!("'{word}'") } else { word.to_owned() }
}

/// Whether `cargo NAME` is installed: some toolchains come without rustfmt or clippy.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let mut command = command("cargo", [name, "--version"]);
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// Shows and runs a command that writes to our own output.
pub(crate) fn run(mut command: Command) -> Result<ExitStatus> {
    show(&command);
    command.status().with_context(|| format!("cannot start {}", command.get_program().display()))
}

/// Shows and runs a command, passes its standard output on line by line and gives each line to `on_line`.
pub(crate) fn run_reading(mut command: Command, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    show(&command);
    let program = command.get_program().to_owned();
    let context = || format!("cannot run {}", program.display());
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(context)?;
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).split(b'\n')) {
        // A failing test may print anything, also what is not text.
        let line = line.with_context(context)?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        on_line(&line);
    }
    child.wait().with_context(context)
}

/// What a command prints on its standard output; an error if it fails.
pub(crate) fn output_of(mut command: Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    String::from_utf8(output.stdout).with_context(|| format!("{} printed what is not UTF-8", program.display()))
}
