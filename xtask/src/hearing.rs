//! `cargo xtask hearing`: `docs/who-obeys-what.md`, written from what each learner says of itself.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::Result;
use tegmentum::file::write_file;
use tegmentum_study::hearing::{NETWORK, Obedience, all};

use crate::command::root;

/// The page, below the root of the repository.
const PAGE: &str = "docs/who-obeys-what.md";

/// Writes the page.
pub(crate) fn run() -> Result<ExitCode> {
    write_file(&root().join(PAGE), page()?.as_bytes())?;
    println!("    {PAGE}");
    Ok(ExitCode::SUCCESS)
}

fn page() -> Result<String> {
    let all = all()?;
    let mut page = String::from(
        "# Who obeys what\n\n<!-- Written by `cargo xtask hearing` from what each learner says of itself. Do not edit. -->\n\n\
         A receptor acts on a *target* (for example the learning rate) at a *place* (the whole network if none is given). A learner\n\
         obeys the targets and places below. A receptor, drug, coupling, nucleus or constant of kinetics that would change nothing is\n\
         refused before anything runs, with a line that lists what is obeyed. `tegmentum list obeys` prints the same. A test moves\n\
         every entry and sees that the learner changes (`every_entry_moves_its_learner` in `crates/study/tests/library/hearing.rs`).\n\n\
         \"also at\" and \"only at\" name layers, populations and synapses; \"by dopamine\" means the receptors of dopamine alone. What\n\
         targets mean: `tegmentum list targets` and [neuromodulators](neuromodulators.md).\n",
    );
    for (field, title) in [
        ("optimizer", "Optimizers"),
        ("plasticity", "Plasticity rules"),
        ("continual", "Learners of tasks that follow one another"),
        ("agent", "Agents"),
        ("gradient", "Gradient baselines"),
    ] {
        section(&mut page, title, all.iter().filter(|one| one.field == field));
    }
    page.push_str("\nPlaces in networks are those of this one, of two inputs and one output:\n\n");
    for line in NETWORK.lines() {
        let _ = writeln!(page, "    {line}");
    }
    Ok(page)
}

fn section<'a>(page: &mut String, title: &str, learners: impl Iterator<Item = &'a Obedience>) {
    let _ = writeln!(page, "\n## {title}\n\n| learner | obeys |\n|---|---|");
    for one in learners {
        let options = if one.options.is_empty() { String::new() } else { format!(" with `{}`", one.options) };
        let _ = writeln!(page, "| `{}`{options} | {} |", one.name, one.words().replace('_', "\\_"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_written_again() {
        let file = std::fs::read_to_string(root().join(PAGE)).unwrap();
        assert!(page().unwrap() == file, "{PAGE} is not what `cargo xtask hearing` writes: run it");
    }
}
