//! Repository text that holds only on the machine where it was written: absolute paths of somebody's folders, and
//! relative paths that lead out of the repository.

use std::fs;

use crate::command::{command, output_of, root};
use crate::tally::Tally;

/// Folders at the root of a machine whose content differs from machine to machine.
const FOLDERS: &[&str] = &["home", "root", "tmp", "work", "Users"];

/// One check: no tracked file names a path of one machine.
pub(crate) fn check() -> Tally {
    let Ok(files) = output_of(command("git", ["ls-files", "-z"])) else {
        println!("    skipped: this is not a git checkout, so the repository's files are not known");
        return Tally::SKIPPED;
    };
    let (mut read, mut found) = (0, 0);
    for file in files.split_terminator('\0') {
        // Deleted since the last commit, or not text.
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        read += 1;
        for (line, path) in machine_paths(&text, file.matches('/').count()) {
            println!("    {file}, line {line}: \"{path}\" is a path of one machine; say it relative to the repository");
            found += 1;
        }
    }
    println!("    {read} text files, {found} paths of one machine");
    Tally::one(found == 0)
}

/// The paths in the text of a file that lies `depth` folders below the root, each with its line, from 1.
fn machine_paths(text: &str, depth: usize) -> Vec<(usize, &str)> {
    let words = text.lines().zip(1..).flat_map(|(line, number)| words(line).map(move |word| (number, word)));
    words.filter(|(_, word)| is_absolute(word) || leads_out(word, depth)).collect()
}

/// The parts of a line that may be paths.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || "\"'`()[]{}<>,;=|:!".contains(c))
}

/// Whether a word starts at the root of a machine. An address does not: it starts with two slashes after its colon.
fn is_absolute(word: &str) -> bool {
    let folder = word.strip_prefix('/').and_then(|path| path.split_once('/'));
    folder.is_some_and(|(folder, _)| FOLDERS.contains(&folder))
}

/// Whether a word goes up more folders than there are.
fn leads_out(word: &str, depth: usize) -> bool {
    word.contains('/') && word.split('/').take_while(|&part| part == "..").count() > depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_absolute_paths_and_their_lines() {
        // Put together here, so that this file passes its own check.
        let path = ["", "home", "somebody", "lib.rs"].join("/");
        let text = format!("first\nsee `{path}`, or\npath={path}\n");
        assert_eq!(machine_paths(&text, 0), [(2, path.as_str()), (3, path.as_str())]);
    }

    #[test]
    fn finds_what_leads_out_of_the_repository() {
        assert_eq!(machine_paths("see ../notes.md", 0), [(1, "../notes.md")]);
        assert_eq!(machine_paths("see ../notes.md and 0..n", 1), []);
    }

    #[test]
    fn leaves_addresses_and_relative_paths_alone() {
        let text = "https://example.org/home/page target/home/x and/or/root/ /usr/bin/env / // .. ...";
        assert_eq!(machine_paths(text, 0), []);
    }
}
