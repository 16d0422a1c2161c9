//! From what was typed to a study that can run: a file or a built-in name, with `--set`, `--quick` and `--seeds`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tegmentum_study::BUILT_IN;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::names::listed;

use crate::overrides;

/// A study that can run.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// As it is run.
    pub(crate) study: StudyConfig,
    /// The whole of it, if it is run shortened; some studies are short enough as they are.
    pub(crate) whole: Option<StudyConfig>,
}

/// The study called `name`: a file, if it looks like one or is one, else a built-in study.
///
/// # Errors
/// If there is no such study, it is wrong, or a change cannot be made.
pub(crate) fn study(name: &str, changes: &[String], quick: bool, seeds: Option<u64>) -> Result<Source> {
    let (text, origin) = text_of(name)?;
    let mut study = StudyConfig::from_toml(&text, &origin)?;
    if !changes.is_empty() {
        let mut table = toml::from_str(&text).with_context(|| origin.clone())?;
        overrides::apply(&mut table, changes)?;
        study = StudyConfig::from_toml(&toml::to_string(&table)?, &format!("{origin} with --set"))?;
    }
    let whole = (quick && !study.quick.whole).then(|| study.clone());
    if quick {
        // What is left of a study may lack an arm that an answer names.
        study = StudyConfig::from_toml(&study.shortened().to_toml()?, &format!("{origin} with --quick"))?;
    }
    if let Some(seeds) = seeds {
        study.seeds.count = seeds;
        study = StudyConfig::from_toml(&study.to_toml()?, &format!("{origin} with --seeds {seeds}"))?;
    }
    Ok(Source { study, whole })
}

/// The text of a study and where it is from.
fn text_of(name: &str) -> Result<(String, String)> {
    let path = Path::new(name);
    let looks_like_a_file =
        path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1;
    if looks_like_a_file || path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the study {name}"))?;
        return Ok((text, name.to_owned()));
    }
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        bail!("there is no study {name:?}: must be a file that ends in .toml, or one of {}", listed(name, &known));
    };
    Ok(((*text).to_owned(), format!("built-in study {name}")))
}
