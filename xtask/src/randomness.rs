//! `cargo xtask randomness`: a battery of TestU01 on the words from which normal directions are made.
//!
//! TestU01 (L'Ecuyer and Simard, 2007, doi:10.1145/1268776.1268777) is in Debian's section non-free. Its package is fetched by apt
//! into `target/randomness`, with lists of its own there, and unpacked, not installed: no right of the administrator is
//! needed. Elsewhere, `--testu01` names the prefix under which it is installed. The words come through a pipe from
//! `crates/tegmentum/examples/random_words.rs`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::{command, root, run as run_command, run_reading, show};

/// What to test, and how long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// SmallCrush takes seconds, Crush (2³⁷ bytes) about an hour, BigCrush (2⁴⁰ bytes) about eight.
    #[arg(long, value_enum, default_value = "crush")]
    battery: Battery,
    /// One long stream, or 256 sibling keys in turn; both one after the other if not said.
    #[arg(long, value_enum)]
    order: Option<Order>,
    /// The seed of the root key.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where TestU01 is installed (`include/testu01`, `lib`), instead of fetching it.
    #[arg(long)]
    testu01: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Battery {
    Small,
    Crush,
    Big,
}

#[derive(Clone, Copy, ValueEnum)]
enum Order {
    Keys,
    Long,
}

/// Runs the battery; an error if something cannot run, exit code 1 if a statistic is suspicious.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let folder = root().join("target/randomness");
    std::fs::create_dir_all(&folder)?;
    let prefix = match &arguments.testu01 {
        Some(prefix) => prefix.clone(),
        None => fetch(&folder)?,
    };
    let battery = compile(&folder, &prefix)?;
    ensure!(run_command(command("cargo", ["build", "--release", "--example", "random_words"]))?.success());
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let words = target.join("release/examples/random_words");
    let mut passed = true;
    for order in arguments.order.map_or(vec![Order::Keys, Order::Long], |order| vec![order]) {
        passed &= test(&battery, &words, arguments, order)?;
    }
    Ok(ExitCode::from(u8::from(!passed)))
}

/// One run of the battery; whether it found nothing.
fn test(battery: &Path, words: &Path, arguments: &Arguments, order: Order) -> Result<bool> {
    let order = match order {
        Order::Keys => "keys",
        Order::Long => "long",
    };
    let size = match arguments.battery {
        Battery::Small => "small",
        Battery::Crush => "crush",
        Battery::Big => "big",
    };
    let started = Instant::now();
    let mut source = Command::new(words);
    source.args([order, &arguments.seed.to_string()]).stdout(Stdio::piped());
    show(&source);
    let mut source = source.spawn().context("cannot start the example random_words")?;
    let output = source.stdout.take().context("no pipe from random_words")?;
    let mut command = Command::new(battery);
    command.args([size, &format!("philox4x32-7-{order}")]).stdin(output);
    let mut clean = false;
    let status = run_reading(command, |line| clean |= line.contains("All tests were passed"));
    // The source ends by itself when the pipe is closed.
    source.wait()?;
    ensure!(status?.success(), "the battery has ended early");
    println!(
        "{size}, {order}: {}, {:.0} s",
        if clean { "passed" } else { "SUSPICIOUS" },
        started.elapsed().as_secs_f64()
    );
    Ok(clean)
}

/// Fetches and unpacks the Debian packages; the prefix under which they lie.
fn fetch(folder: &Path) -> Result<PathBuf> {
    let prefix = folder.join("testu01/usr");
    if prefix.join("include/testu01/bbattery.h").exists() {
        return Ok(prefix);
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field =
        |name: &str| release.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim_matches('"'));
    ensure!(field("ID=") == Some("debian"), "not Debian: install TestU01 1.2.3 and say where with --testu01 PREFIX");
    let codename = field("VERSION_CODENAME=").context("this Debian has no codename")?;
    for part in ["lists/partial", "cache/archives/partial"] {
        std::fs::create_dir_all(folder.join(part))?;
    }
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let sources = folder.join("sources.list");
    std::fs::write(&sources, format!("deb [signed-by={keyring}] http://deb.debian.org/debian {codename} non-free\n"))?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(folder);
        for (name, value) in [
            ("Dir::Etc::sourcelist", sources.display().to_string()),
            ("Dir::Etc::sourceparts", "-".to_owned()),
            ("Dir::State::lists", folder.join("lists").display().to_string()),
            ("Dir::Cache", folder.join("cache").display().to_string()),
        ] {
            command.args(["-o", &format!("{name}={value}")]);
        }
        command.args(arguments);
        run_command(command)
    };
    ensure!(apt(&["update"])?.success(), "apt-get update has failed");
    ensure!(
        apt(&["download", "libtestu01-0-dev", "libtestu01-0-dev-common"])?.success(),
        "apt-get download has failed"
    );
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let mut unpack = Command::new("dpkg");
            unpack.arg("-x").arg(&path).arg(folder.join("testu01"));
            ensure!(run_command(unpack)?.success(), "cannot unpack {}", path.display());
        }
    }
    Ok(prefix)
}

/// Compiles the driver against the static libraries.
fn compile(folder: &Path, prefix: &Path) -> Result<PathBuf> {
    let program = folder.join("battery");
    let mut compiler = command("cc", ["-O2", "-o"]);
    compiler.arg(&program).arg(root().join("xtask/src/randomness/battery.c"));
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    for include in [prefix.join("include"), prefix.join("include").join(&triplet)] {
        compiler.arg("-I").arg(include);
    }
    for library in [prefix.join("lib"), prefix.join("lib").join(&triplet)] {
        compiler.arg("-L").arg(library);
    }
    compiler.args(["-Wl,-Bstatic", "-ltestu01", "-ltestu01probdist", "-ltestu01mylib", "-Wl,-Bdynamic", "-lm"]);
    ensure!(run_command(compiler)?.success(), "the driver of the battery does not compile");
    Ok(program)
}
