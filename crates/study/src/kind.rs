//! The contract of a kind of study.

use super::config::{Arm, Claim, StudyConfig};
use super::execution::{Criterion, Design, Runner};
use super::metric::{self, Metric, Role};
use super::monitor::Monitor;
use super::names::listed;
use super::result::StudyResult;
use tegmentum::error::{Error, Result};

/// A kind of study: what it asks of a study's text, what it measures, and how it runs.
///
/// One kind is one file below `kinds/` (with a folder for its figures) and a line in their list.
pub(crate) trait StudyKind: Sync {
    /// Its name in study files.
    fn name(&self) -> &'static str;

    /// What it does, in a line.
    fn summary(&self) -> &'static str;

    /// What is wrong with a study of this kind, if anything is: the field, its value, and what would be right. Names,
    /// seeds and claims are checked for all kinds alike.
    fn check(&self, study: &StudyConfig) -> Result<(), String>;

    /// The names of the arms as claims and results have them.
    fn arm_names(&self, study: &StudyConfig) -> Vec<String> {
        study.arm.iter().map(|arm| arm.name.clone()).collect()
    }

    /// The names of what is measured along a run.
    fn curve_names(&self, study: &StudyConfig) -> Vec<String> {
        study.metrics.iter().map(|metric| metric.name().to_owned()).collect()
    }

    /// What the horizontal axis of a run counts.
    fn x_unit(&self) -> &'static str {
        "evaluations"
    }

    /// The metrics of a run, the first being what arms are compared on.
    fn metrics(&self, study: &StudyConfig) -> Vec<Metric>;

    /// What is wrong with a claim's arms, setting or metric, if anything is.
    fn check_claim(&self, study: &StudyConfig, claim: &Claim) -> Result<(), String> {
        check_arms_of_claim(&self.arm_names(study), claim)?;
        check_metric_of_claim(&self.metrics(study), claim)
    }

    /// The metrics worth a column in a table of the arms: those that say something about learning, and those that a claim
    /// is about.
    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        let is_claimed = |metric: &Metric| study.claim.iter().any(|claim| claim.metric == metric.name);
        let is_cost = |metric: &Metric| metric.role == Role::Accounting || metric.name == metric::SURPRISES;
        self.metrics(study).into_iter().filter(|metric| is_claimed(metric) || !is_cost(metric)).collect()
    }

    /// What rates are chosen by, for kinds that search.
    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        let _ = study;
        None
    }

    /// What is measured and chosen by.
    fn design<'a>(&self, study: &'a StudyConfig) -> Design<'a> {
        Design {
            study,
            metrics: self.metrics(study),
            curves: self.curve_names(study),
            x_unit: self.x_unit(),
            criterion: self.criterion(study),
        }
    }

    /// What runs the arms of a study one by one, so that they can be treated with drugs; every arm is built once.
    ///
    /// # Errors
    /// If a part cannot be built, or [`Error::Study`] for a kind that does not run its arms one by one.
    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        let problem = "its arms cannot be run under drugs".to_owned();
        Err(Error::Study { origin: design.study.name.clone(), problem })
    }

    /// Whether the rates of a study are searched before its runs.
    fn searches_rates(&self, study: &StudyConfig) -> bool {
        study.arm.iter().any(|arm| arm.tune.is_some())
    }

    /// Why its runs cannot be logged, so that their states could be had again; none if they can.
    fn without_logs(&self) -> Option<&'static str> {
        Some("must be behaviour, compare, continual, forgetting or switching")
    }

    /// Runs a study of this kind, which has been checked.
    ///
    /// # Errors
    /// If a part cannot be built, or [`Error::Study`] if the monitor stopped it.
    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult>;
}

/// What is wrong with the names of arms in a claim.
pub(crate) fn check_arms_of_claim(known: &[String], claim: &Claim) -> Result<(), String> {
    let mut arms = std::iter::once(&claim.arm).chain(&claim.reference);
    match arms.find(|arm| !known.contains(arm)) {
        Some(arm) => Err(format!("unknown arm {arm:?}: known are {}", listed(arm, known))),
        None => Ok(()),
    }
}

/// What is wrong with the name of a metric in a claim.
pub(crate) fn check_metric_of_claim(known: &[Metric], claim: &Claim) -> Result<(), String> {
    let names: Vec<&str> = known.iter().map(|metric| metric.name.as_str()).collect();
    if names.contains(&claim.metric.as_str()) {
        return Ok(());
    }
    Err(format!("unknown metric {:?}: known are {}", claim.metric, listed(&claim.metric, &names)))
}

/// What an arm must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learners {
    /// A learner, and a system of modulators around it if it likes.
    Modulated,
    /// A learner alone.
    Bare,
    /// An agent.
    Agents,
    /// A learner of tasks that follow one another.
    Continual,
    /// A learner alone, with a system of modulators around it if it likes, or a learner of tasks that follow one another.
    Either,
}

/// What is wrong with the arms of a study, if anything is.
pub(crate) fn check_arms(study: &StudyConfig, wanted: Learners) -> Result<(), String> {
    if study.arm.is_empty() {
        return Err("no [[arm]]: there is nothing to run".to_owned());
    }
    study
        .arm
        .iter()
        .try_for_each(|arm| check_arm(arm, wanted).map_err(|problem| format!("arm {:?}: {problem}", arm.name)))
}

/// What is wrong with the seeds of a study whose rates are searched.
pub(crate) fn check_searches(study: &StudyConfig) -> Result<(), String> {
    let (a, b) = (study.seeds, study.tuning.seeds);
    let tuned = study.arm.iter().any(|arm| arm.tune.is_some());
    if tuned && a.first < b.first + b.count && b.first < a.first + a.count {
        return Err("seeds and tuning.seeds overlap: rates must be searched on seeds of their own".to_owned());
    }
    Ok(())
}

/// What is wrong with what arms are judged by.
pub(crate) fn check_measures(study: &StudyConfig) -> Result<(), String> {
    if study.metrics.is_empty() {
        return Err("metrics = []: name at least one, for example [\"loss\"]".to_owned());
    }
    if let Some(first) = study.metrics.first().filter(|metric| metric.is_descriptive()) {
        return Err(format!(
            "metrics: {} describes a model and comes first, where arms are compared; put one that judges first, for example \"loss\"",
            first.name()
        ));
    }
    for (index, metric) in study.metrics.iter().enumerate() {
        if study.metrics[..index].contains(metric) {
            return Err(format!("metrics: {} is there twice", metric.name()));
        }
    }
    for (index, target) in study.targets.iter().enumerate() {
        if study.targets[..index].contains(target) {
            return Err(format!("targets: {target} is there twice"));
        }
    }
    Ok(())
}

fn check_arm(arm: &Arm, wanted: Learners) -> Result<(), String> {
    if arm.units.is_some() && (wanted != Learners::Modulated || arm.optimizer.is_none()) {
        return Err("units: belong to [arm.optimizer.…] in a study of kind \"compare\" or \"robustness\"".to_owned());
    }
    if arm.numerics.is_some() && wanted != Learners::Modulated {
        return Err(
            "numerics: belong to an arm in a study of kind \"compare\" or \"robustness\", else to the study".to_owned()
        );
    }
    let has = [arm.optimizer.is_some(), arm.plasticity.is_some(), arm.gradient.is_some()];
    let learners = has.iter().filter(|&&has| has).count();
    let others = learners + usize::from(arm.agent.is_some());
    let problem = match wanted {
        Learners::Continual if others > 0 || arm.continual.is_none() => {
            "tasks that follow one another need [arm.continual.…] and nothing else that learns"
        }
        Learners::Continual if arm.neuromodulation.is_some() => {
            "[arm.neuromodulation]: this learner has no modulators; contexts has"
        }
        Learners::Continual => return check_grid(arm),
        Learners::Either if arm.continual.is_some() && others == 0 && arm.neuromodulation.is_none() => {
            return check_grid(arm);
        }
        Learners::Either if arm.continual.is_some() => {
            "a learner of tasks that follow one another has nothing beside it"
        }
        _ if arm.continual.is_some() => "a learner of tasks that follow one another belongs to kind = \"continual\"",
        Learners::Agents if learners > 0 || arm.agent.is_none() => {
            "a study of behaviour needs [arm.agent.…] and nothing else that learns"
        }
        Learners::Agents => return check_grid(arm),
        _ if arm.agent.is_some() => "an agent belongs to kind = \"behaviour\"",
        Learners::Bare if arm.neuromodulation.is_some() => {
            "modulators around a learner that has none of its own ([arm.neuromodulation]) belong to kind = \"compare\" or \
             \"robustness\""
        }
        _ if learners != 1 => "give exactly one of [arm.optimizer.…], [arm.plasticity.…] and [arm.gradient.…]",
        _ => return check_grid(arm),
    };
    Err(problem.to_owned())
}

fn check_grid(arm: &Arm) -> Result<(), String> {
    let Some(grid) = &arm.tune else { return Ok(()) };
    if grid.learning_rate.is_empty() && grid.perturbation_scale.is_empty() && grid.strength.is_empty() {
        return Err("tune has neither learning_rate, perturbation_scale nor strength".to_owned());
    }
    let values = grid.learning_rate.iter().chain(&grid.perturbation_scale).chain(&grid.strength);
    let mut values = values;
    match values.find(|value| value.is_nan() || **value <= 0.0) {
        Some(value) => Err(format!("tune has {value}: must be above 0")),
        None => Ok(()),
    }
}
