//! From a text to a study that can run: everything that can be wrong is told before anything runs, in one line that names
//! the field, its value, and what would be right.

use std::collections::BTreeSet;
use std::path::Path;

use super::answer;
use super::config::{Arm, Claim, StudyConfig, check_numbers};
use super::kind::StudyKind;
use super::metric::Metric;
use super::names::{self, MAX_ERROR, listed, shortened};
use super::{kinds, limits};
use tegmentum::error::{Error, Result};

/// Most characters of the text around a mistake that an error shows.
const MAX_PLACE: usize = 40;

impl StudyConfig {
    /// A study from its text; `origin` names it in errors.
    ///
    /// # Errors
    /// [`Error::Study`] with the line for a text that is not TOML or has an unknown key, else with the field.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let wrong = |problem: String| {
            let room = MAX_ERROR.saturating_sub(origin.chars().count() + 2).max(MAX_ERROR / 2);
            Error::Study { origin: origin.to_owned(), problem: shortened(&problem, room) }
        };
        let mut study: Self = toml::from_str(text).map_err(|error| wrong(problem_of(&error, text)))?;
        study.arm.iter_mut().try_for_each(Arm::place_modulators).map_err(wrong)?;
        let table: toml::Table = text.parse().map_err(|error| wrong(problem_of(&error, text)))?;
        check_numbers(&table).and_then(|()| study.check()).map_err(wrong)?;
        Ok(study)
    }

    /// The study as TOML, which [`from_toml`](Self::from_toml) reads back.
    ///
    /// # Errors
    /// [`Error::Study`] for a value that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Study {
            origin: self.name.clone(),
            problem: format!("cannot be written as TOML: {error}"),
        })
    }

    /// A study from a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, else as [`StudyConfig::from_toml`].
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// The kind of the study. A study that was checked has one.
    pub(crate) fn study_kind(&self) -> Result<&'static dyn StudyKind, String> {
        kinds::find(&self.kind)
    }

    /// The names of the arms as claims have them; for a study of lesions or doses those of the variants of its one arm.
    pub fn arm_names(&self) -> Vec<String> {
        self.study_kind().map_or_else(|_| Vec::new(), |kind| kind.arm_names(self))
    }

    /// The metrics of a run of this study, the first being what arms are compared on.
    pub fn run_metrics(&self) -> Vec<Metric> {
        self.study_kind().map_or_else(|_| Vec::new(), |kind| kind.metrics(self))
    }

    /// The metrics worth a column in a table of the arms.
    pub fn shown_metrics(&self) -> Vec<Metric> {
        self.study_kind().map_or_else(|_| Vec::new(), |kind| kind.shown(self))
    }

    /// What is wrong with it, if anything is.
    fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            return Err(format!("name = {:?}: must be letters, digits, '-' and '_'", shortened(&self.name, MAX_PLACE)));
        }
        names::check("name", &self.name)?;
        check_range("seeds.count", self.seeds.count, 1, 1_000_000)?;
        check_range("seeds.first", self.seeds.first, 0, 1 << 53)?;
        check_range("tuning.seeds.count", self.tuning.seeds.count, 1, 1_000_000)?;
        check_range("tuning.seeds.first", self.tuning.seeds.first, 0, 1 << 53)?;
        check_range("budget", self.budget, 1, 1_000_000_000_000)?;
        self.quick.check()?;
        self.check_names()?;
        self.check_stream()?;
        if !self.world.is_empty() && self.kind != "many_to_one" {
            return Err("[[world]] belongs to kind = \"many_to_one\"".to_owned());
        }
        let kind = self.study_kind()?;
        kind.check(self)?;
        limits::check(self)?;
        let mut texts = BTreeSet::new();
        self.claim.iter().try_for_each(|claim| {
            if !texts.insert(&claim.text) {
                return Err(format!("two claims say {:?}", shortened(&claim.text, MAX_PLACE)));
            }
            self.check_claim(kind, claim)
                .map_err(|problem| format!("claim {:?}: {problem}", shortened(&claim.text, MAX_PLACE)))
        })
    }

    /// What is wrong with the names of settings and arms.
    fn check_names(&self) -> Result<(), String> {
        let mut settings = BTreeSet::new();
        for setting in &self.setting {
            names::check("setting.name", &setting.name)?;
            if !settings.insert(&setting.name) {
                return Err(format!("two settings are called {:?}: each needs a name of its own", setting.name));
            }
            if setting.budget == Some(0) {
                return Err(format!("setting {:?}: budget = 0: must be at least 1", setting.name));
            }
        }
        let mut arms = BTreeSet::new();
        for arm in &self.arm {
            names::check("arm.name", &arm.name)?;
            if !arms.insert(&arm.name) {
                return Err(format!("two arms are called {:?}: each needs a name of its own", arm.name));
            }
        }
        if let Some(unknown) = self.quick.arms.iter().find(|name| !arms.contains(name) && self.shortened.is_none()) {
            let known: Vec<&String> = arms.iter().copied().collect();
            return Err(format!("quick.arms: unknown arm {unknown:?}: known are {}", listed(unknown, &known)));
        }
        for arm in &self.arm {
            let Some(whole) = &arm.lesion_of else { continue };
            if !arms.contains(whole) || *whole == arm.name {
                let known: Vec<&String> = arms.iter().copied().collect();
                return Err(format!(
                    "arm {:?}: lesion_of = {whole:?}: must be another arm of {}",
                    arm.name,
                    listed(whole, &known)
                ));
            }
            if self.phase.is_empty() {
                return Err(format!("arm {:?}: lesion_of belongs to kinds with phases", arm.name));
            }
        }
        Ok(())
    }

    /// What is said of a stream of tasks in a study whose arms do not learn from one.
    fn check_stream(&self) -> Result<(), String> {
        if self.kind == "continual" || self.arm.iter().any(|arm| arm.continual.is_some()) {
            return Ok(());
        }
        if self.stream.is_some() {
            return Err("[stream] belongs to learners of tasks that follow one another".to_owned());
        }
        match self.phase.iter().find(|phase| phase.label_noise != 0.0) {
            None => Ok(()),
            Some(phase) => Err(format!("phase: label_noise = {} belongs to kind = \"continual\"", phase.label_noise)),
        }
    }

    fn check_claim(&self, kind: &dyn StudyKind, claim: &Claim) -> Result<(), String> {
        if claim.at_most.is_some() == claim.at_least.is_some() {
            return Err("give either at_most or at_least".to_owned());
        }
        if let Some(setting) = &claim.setting {
            let known = self.setting_names();
            if !known.contains(setting) {
                return Err(format!("unknown setting {setting:?}: known are {}", listed(setting, &known)));
            }
        }
        if let Some(answer) = &claim.answer {
            let settings = self.setting_names();
            let of =
                |setting: &String| self.arm_names().into_iter().map(|arm| self.result_name(setting, &arm)).collect();
            let arms: Vec<String> = settings.iter().flat_map::<Vec<String>, _>(of).collect();
            let metrics: Vec<String> = kind.metrics(self).into_iter().map(|metric| metric.name).collect();
            answer::check(answer, &arms, &metrics)?;
        }
        kind.check_claim(self, claim)
    }
}

/// A mistake in a text: its line and column, what is there, and what is wrong, in one line.
fn problem_of(error: &toml::de::Error, text: &str) -> String {
    let message = shortened(error.message(), MAX_ERROR - 2 * MAX_PLACE);
    let Some(span) = error.span() else { return message };
    let before = text.get(..span.start).unwrap_or(text);
    let (line, column) =
        (before.matches('\n').count() + 1, before.chars().rev().take_while(|&c| c != '\n').count() + 1);
    let found =
        text.get(span).map(|found| shortened(found.lines().next().unwrap_or(""), MAX_PLACE)).unwrap_or_default();
    let found = if found.is_empty() { String::new() } else { format!(" at `{found}`") };
    format!("line {line}, column {column}{found}: {message}")
}

fn check_range(name: &str, value: u64, least: u64, most: u64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{name} = {value}: must be between {least} and {most}"))
    }
}
