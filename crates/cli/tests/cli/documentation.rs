//! Every command in the documentation works.
//!
//! Run are the lines that begin with `tegmentum` or `cargo run --release --` in blocks marked `sh` or `console` of `README.md`,
//! `CONTRIBUTING.md` and `docs/`, each in a folder with the repository's `data` and a `my-study.toml`. What takes long is shortened:
//! few seeds, few evaluations. On the line before a block, a comment `<!-- run with: ARGUMENTS -->` adds arguments to its commands,
//! and `<!-- no-run: why -->` leaves it out.

use std::path::{Path, PathBuf};

use crate::command::{STUDY, TestCommand};
use crate::interventions::BEHAVIOUR;

/// A command of the documentation, and where it is.
#[derive(Debug)]
struct Documented {
    place: String,
    line: String,
    /// What shortens it further.
    more: String,
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// All pages, in order.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![repository().join("README.md"), repository().join("CONTRIBUTING.md")];
    let mut folders = vec![repository().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The commands of a page.
fn commands(page: &str, text: &str) -> Vec<Documented> {
    let mut commands = Vec::new();
    let (mut inside, mut before, mut more) = (false, "", "");
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            let why = comment(before, "no-run");
            assert!(why.is_none_or(|why| why.len() > 8), "{page}: say why the block is not run");
            let is_left_out = why.is_some();
            more = comment(before, "run with").unwrap_or_default();
            inside = !inside && ["sh", "console", "bash"].contains(&language) && !is_left_out;
        } else if inside {
            let typed = line.strip_prefix("$ ").unwrap_or(line).split(" #").next().unwrap_or_default().trim();
            let ours = typed.strip_prefix("cargo run --release -- ").or_else(|| typed.strip_prefix("tegmentum "));
            let place = format!("{page}:{}", index + 1);
            commands.extend(ours.map(|line| Documented { place, line: line.to_owned(), more: more.to_owned() }));
        }
        if !line.is_empty() {
            before = line;
        }
    }
    commands
}

/// What a comment `<!-- name: text -->` says.
fn comment<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    Some(line.strip_prefix("<!-- ")?.strip_prefix(name)?.strip_prefix(':')?.strip_suffix("-->")?.trim())
}

/// The words of a command as a shell splits them, as far as the documentation goes.
fn words(line: &str) -> Vec<String> {
    let line = line.split([';', '|', '>']).next().unwrap_or_default();
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in line.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') if !word.is_empty() => words.push(std::mem::take(&mut word)),
            (None, ' ') => {}
            (_, other) => word.push(other),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// The same command with less to do.
fn shortened(mut words: Vec<String>) -> Vec<String> {
    let named = |words: &[String]| words.iter().skip(1).any(|word| !word.starts_with('-'));
    let more: &[(&str, &str)] = match words[0].as_str() {
        "reproduce" if named(&words) => &[("--seeds", "1")],
        "reproduce" => &[("theory", ""), ("--seeds", "20")],
        "run" | "lesion" | "dose" => &[("--quick", ""), ("--seeds", "1"), ("--set", "tuning.seeds.count=1")],
        "forecast" => &[("--evaluations", "20"), ("--networks", "1"), ("--horizon", "2")],
        "train" => &[("--evaluations", "200")],
        _ => &[],
    };
    words.retain(|word| word != "--full");
    for &(name, value) in more {
        match words.iter().position(|word| word == name) {
            Some(place) if name != "--set" && !value.is_empty() => value.clone_into(&mut words[place + 1]),
            Some(_) if value.is_empty() => {}
            _ => words.extend([name, value].into_iter().filter(|word| !word.is_empty()).map(str::to_owned)),
        }
    }
    words
}

/// A folder as the documentation has it in mind.
fn folder(command: &[String]) -> TestCommand {
    let treats = ["lesion", "dose"].contains(&command[0].as_str());
    let test = TestCommand::new();
    test.write("my-study.toml", if treats { BEHAVIOUR } else { STUDY });
    std::fs::create_dir(test.path("data")).unwrap();
    for entry in std::fs::read_dir(repository().join("data")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, test.path("data").join(path.file_name().unwrap())).unwrap();
    }
    if command[0] == "report" {
        test.stdout(&["run", "my-study.toml", "--seeds", "1"], 0);
    }
    if ["predict", "export"].contains(&command[0].as_str()) {
        let forecast = ["forecast", "data/sunspots.csv", "--networks", "0", "--horizon", "2"];
        if command[1].contains("forecast") {
            test.stdout(&forecast, 0);
            return test;
        }
        test.stdout(&["train", "data/iris.csv", "--target", "species", "--evaluations", "200"], 0);
    }
    test
}

/// Runs a command; what went wrong, if anything did.
fn failure(Documented { place, line, more }: &Documented) -> Option<String> {
    let mut all = shortened(words(line));
    all.extend(words(more));
    let arguments: Vec<&str> = all.iter().map(String::as_str).collect();
    let output = folder(&all).command(&arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    (output.status.code() != Some(0)).then(|| format!("{place}: tegmentum {}\n{error}", arguments.join(" ")))
}

#[test]
fn every_documented_command_works() {
    let mut documented = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let name = page.strip_prefix(repository()).unwrap().display().to_string();
        documented.extend(commands(&name, &text));
    }
    assert!(documented.len() >= 10, "only {} commands were found", documented.len());
    let failures: Vec<String> = documented.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn blocks_and_comments_are_told_apart() {
    let text = "```sh\ntegmentum list # all\n$ cargo run --release -- run xor --set 'a=[1, 2]'\nls\n```\n\
                <!-- no-run: needs a file of yours -->\n```sh\ntegmentum run mine.toml\n```\n```text\ntegmentum x\n```";
    let found: Vec<_> = commands("page", text).into_iter().map(|one| words(&one.line)).collect();
    assert_eq!(found, [vec!["list"], vec!["run", "xor", "--set", "a=[1, 2]"]]);
    let short = shortened(words("run xor --set budget=5 --seeds 50"));
    assert_eq!(short.join(" "), "run xor --set budget=5 --seeds 1 --quick --set tuning.seeds.count=1");
    assert_eq!(shortened(words("run xor --quick")).iter().filter(|word| *word == "--quick").count(), 1);
    assert_eq!(shortened(words("reproduce --full")).join(" "), "reproduce theory --seeds 20");
}
