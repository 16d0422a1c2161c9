//! Lesions: one arm with each of the sixteen sets of modulators left intact, on the same seeds.
//!
//! The variants are called by what is intact: `none`, `dopamine`, `dopamine+noradrenaline` …, `all`. Every metric of the
//! underlying study is measured for each of them. For the metrics of `[lesion]` (if none is named, the first one, or `evaluations_to_relearn` of a stream) the runs
//! are attributed, seed by seed ([`Game`]), and the results stand beside the other metrics:
//!
//! | metric | of the variant | meaning |
//! |---|---|---|
//! | `shapley_<metric>` | one modulator | what it adds, averaged over all orders in which the four can be put in |
//! | `shapley_<metric>` | `all` | the sum of the four: all intact − none intact |
//! | `synergy_<metric>` | two modulators | what they do together beyond each alone, the other two taken away |
//! | `interaction_<metric>` | two modulators | the same, averaged over what is left of the other two |
//!
//! The share of a modulator is thus a claim with `reference = "all"` and the effect `"ratio"`.
//!
//! A modulator that nothing hears in this arm adds nothing; the answer says so.
//!
//! A run that never reached what `evaluations_to_…` or `trials_to_…` counts is counted with its whole length.
//!
//! # Cost
//! One run a seed for each set of the modulators that are heard in the arm: sixteen if all four are.

mod figures;

pub use crate::config::LesionConfig;

use super::intervention::{
    Variant, Variants, censored, check_variants, of_study, run_variants, score, scores, underlying, underlying_kind,
};
use crate::claims;
use crate::config::StudyConfig;
use crate::kind::StudyKind;
use crate::metric::{Centre, Metric, Role};
use crate::monitor::Monitor;
use crate::names::listed;
use crate::number::{short, with_interval};
use crate::result::{StudyResult, assemble};
use crate::trial::ArmTrials;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::{Estimate, Game, mean};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::Drug;
use tegmentum::random::Key;

/// Sets of four modulators.
pub(super) const SETS: usize = 16;
/// What is attributed to one modulator, and to two; the names of these metrics begin with it.
pub(super) const SHAPLEY: &str = "shapley";
const SYNERGY: &str = "synergy";
const INTERACTION: &str = "interaction";

/// The lesion study of one arm of `study`: of `arm`, or of the first one that has most modulators intact.
///
/// # Errors
/// [`Error::Incompatible`] if nothing in the study has modulators, [`Error::UnknownName`] for an arm, a setting or a metric
/// that it has not, [`Error::Study`] if it has several settings and none is named.
///
/// # Example
/// ```
/// use tegmentum_study::{built_in, lesions};
///
/// let study = lesions::of(&built_in("xor")?, Some("dopamine"), Some("2-4-1"), &[])?;
/// assert_eq!((study.name.as_str(), study.arm.len()), ("xor-lesions", 1));
/// assert!(lesions::of(&built_in("theory")?, None, None, &[]).is_err());
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn of(study: &StudyConfig, arm: Option<&str>, setting: Option<&str>, metrics: &[String]) -> Result<StudyConfig> {
    if let Some(unknown) = metrics.iter().find(|name| score(study, name).is_none()) {
        return Err(Error::UnknownName { kind: "metric", name: unknown.clone(), known: known(study, unknown) });
    }
    let mut lesions = of_study(study, &Lesions, arm, setting)?;
    if study.kind != lesions.kind {
        lesions.name = format!("{}-lesions", study.name);
        lesions.title = format!("Lesions: {}", study.title);
        lesions.question = format!(
            "Which modulator does what? The arm “{}” of the study {} with every set of its modulators intact.",
            lesions.arm[0].label(),
            study.name
        );
    }
    let chosen = LesionConfig { metrics: metrics.to_vec() };
    lesions.lesion = if metrics.is_empty() { study.lesion.clone() } else { Some(chosen) };
    Ok(lesions)
}

/// The scores that a study has, the most similar to `wanted` first.
fn known(study: &StudyConfig, wanted: &str) -> String {
    listed(wanted, &scores(study).into_iter().map(|metric| metric.name).collect::<Vec<_>>())
}

/// The kind.
pub(super) struct Lesions;

impl StudyKind for Lesions {
    fn name(&self) -> &'static str {
        "lesions"
    }

    fn summary(&self) -> &'static str {
        "one arm with every set of its modulators left intact: which modulator does what?"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        underlying_kind(study).check(&underlying(study))?;
        if study.arm.len() != 1 || study.setting.len() > 1 {
            return Err("kind = \"lesions\" needs exactly one [[arm]] and one setting".to_owned());
        }
        let mut names = study.lesion.iter().flat_map(|lesion| &lesion.metrics);
        match names.find(|name| score(study, name).is_none()) {
            None => Ok(()),
            Some(name) => Err(format!("lesion.metrics: unknown metric {name:?}: known are {}", known(study, name))),
        }
    }

    fn arm_names(&self, _: &StudyConfig) -> Vec<String> {
        order().map(name_of).collect()
    }

    fn curve_names(&self, study: &StudyConfig) -> Vec<String> {
        underlying_kind(study).curve_names(study)
    }

    fn x_unit(&self) -> &'static str {
        "trials"
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let mut metrics = underlying_kind(study).metrics(study);
        for metric in attributed(study) {
            metrics.extend([SHAPLEY, SYNERGY, INTERACTION].map(|of| attribution(of, &metric)));
        }
        metrics
    }

    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        let (first, of) = (attributed(study), underlying(study));
        let others = underlying_kind(study).shown(&of).into_iter().filter(|metric| !first.contains(metric));
        first.iter().cloned().chain(others).collect()
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let heard = heard(study)?;
        let mut outcome = run_distinct(study, heard, monitor)?;
        let mut games = Vec::new();
        for metric in attributed(study) {
            let game = game(study, &metric, &outcome.all)?;
            attribute(&metric, &game, &mut outcome.all);
            games.push((metric, game));
        }
        let mut design = self.design(study);
        design.x_unit = underlying_kind(study).x_unit();
        let claims = claims::test(&design, &outcome.all);
        let drawn = figures::draw(study, &outcome, &games)?;
        let mut result = assemble(&design, &outcome.all, claims, drawn, outcome.tuning);
        let found: Vec<String> = games.iter().map(|(metric, game)| sentence(metric, game)).collect::<Result<_>>()?;
        let found = [found, unheard(heard)].concat().join(" ");
        result.summary.answer =
            if study.claim.is_empty() { found } else { format!("{} {found}", result.summary.answer) };
        Ok(result)
    }
}

/// The set of modulators that are heard in the arm of `study`.
///
/// # Errors
/// That of the first modulator if none is.
fn heard(study: &StudyConfig) -> Result<usize> {
    let mut set = 0;
    let mut refused = None;
    for (place, of) in Transmitter::ALL.into_iter().enumerate() {
        let lesioned = Variant { name: String::new(), label: String::new(), drugs: vec![Drug::lesion(of)] };
        match check_variants(study, &[lesioned]) {
            Ok(()) => set |= 1 << place,
            Err(error @ Error::Unheard { .. }) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    refused.filter(|_| set == 0).map_or(Ok(set), Err)
}

/// Runs every set of the modulators that are `heard`; a set with others has the runs of that without them.
fn run_distinct(study: &StudyConfig, heard: usize, monitor: &dyn Monitor) -> Result<Variants> {
    let distinct: Vec<usize> = order().filter(|set| set | heard == heard).collect();
    let variants: Vec<Variant> = distinct.iter().map(|&set| variant(set, heard)).collect();
    let mut outcome = run_variants(study, &variants, monitor)?;
    let with_name = |set: usize| {
        let mut arm = outcome.all[distinct.iter().position(|&of| of == set & heard).unwrap_or(0)].clone();
        let Variant { name, label, .. } = variant(set, heard);
        (arm.arm.name, arm.arm.label) = (name.clone(), Some(label));
        arm.name = name;
        arm
    };
    outcome.all = order().map(with_name).collect();
    Ok(outcome)
}

/// What is said of modulators that are not heard.
fn unheard(heard: usize) -> Vec<String> {
    let names: Vec<&str> = members(!heard & (SETS - 1)).map(Transmitter::name).collect();
    if names.is_empty() { Vec::new() } else { vec![format!("Nothing hears {} in this arm.", names.join(" or "))] }
}

/// What of a metric is attributed to a variant: its unit is that of the metric, and it adds up in the mean alone.
pub(super) fn attribution(of: &str, metric: &Metric) -> Metric {
    let base = Metric { direction: metric.direction, ..Metric::smaller(format!("{of}_{}", metric.name)) };
    let span = metric.bounds[1] - metric.bounds[0];
    let factor = if of == SHAPLEY { 1.0 } else { 2.0 };
    let base = base.unit(&metric.unit).within(-factor * span, factor * span);
    Metric { centre: Centre::Mean, role: Role::Attribution, ..base }
}

/// The metrics that are attributed.
fn attributed(study: &StudyConfig) -> Vec<Metric> {
    match &study.lesion {
        Some(lesion) if !lesion.metrics.is_empty() => {
            lesion.metrics.iter().filter_map(|name| score(study, name)).collect()
        }
        // A stream is about relearning, whatever the error is.
        _ => match scores(study).into_iter().find(|metric| metric.role == Role::TimeToEvent && !study.phase.is_empty())
        {
            Some(relearning) => vec![relearning],
            None => scores(study).into_iter().take(1).collect(),
        },
    }
}

/// All sets as bits, in the order of [`Transmitter::ALL`]: small ones first.
pub(super) fn order() -> impl Iterator<Item = usize> {
    (0..=4).flat_map(|size| (0..SETS).filter(move |set: &usize| set.count_ones() == size))
}

/// The modulators of a set.
pub(super) fn members(set: usize) -> impl Iterator<Item = Transmitter> {
    Transmitter::ALL.into_iter().enumerate().filter(move |(place, _)| set >> place & 1 == 1).map(|(_, of)| of)
}

pub(super) fn name_of(set: usize) -> String {
    match set {
        0 => "none".to_owned(),
        15 => "all".to_owned(),
        set => members(set).map(Transmitter::name).collect::<Vec<_>>().join("+"),
    }
}

/// The arm with the modulators of `set` intact; of the others, those that are `heard` are taken away.
pub(super) fn variant(set: usize, heard: usize) -> Variant {
    let abbreviation = |of| match of {
        Transmitter::Dopamine => "DA",
        Transmitter::Acetylcholine => "ACh",
        Transmitter::Serotonin => "5-HT",
        Transmitter::Noradrenaline => "NA",
    };
    let label = match set {
        0 => "none".to_owned(),
        15 => "all four".to_owned(),
        set => members(set).map(abbreviation).collect::<Vec<_>>().join(" + "),
    };
    Variant { name: name_of(set), label, drugs: members(!set & heard).map(Drug::lesion).collect() }
}

/// The scores of all sets, on the same seeds.
fn game(study: &StudyConfig, metric: &Metric, all: &[ArmTrials]) -> Result<Game> {
    let mut by_set = vec![Vec::new(); SETS];
    for (set, arm) in order().zip(all) {
        by_set[set] = censored(study, metric, arm);
    }
    Game::new(Transmitter::ALL.len(), by_set)
}

/// Writes the attributions of each seed beside its other metrics.
pub(super) fn attribute(metric: &Metric, game: &Game, all: &mut [ArmTrials]) {
    for (set, arm) in order().zip(all) {
        let places: Vec<usize> = (0..4).filter(|place| set >> place & 1 == 1).collect();
        let mut write = |start: &str, values: Vec<f64>| {
            for (trial, value) in arm.trials.iter_mut().zip(values) {
                trial.metrics.insert(format!("{start}_{}", metric.name), value);
            }
        };
        match places[..] {
            [one] => write(SHAPLEY, game.shapley_values(one)),
            [first, second] => {
                write(SYNERGY, game.synergy_values(first, second));
                write(INTERACTION, game.interaction_values(first, second));
            }
            [_, _, _, _] => write(SHAPLEY, game.total_values()),
            _ => {}
        }
    }
}

/// The key of all intervals of a game; they are of the same seeds.
pub(super) fn key() -> Key {
    Key::from_seed(0x1E51_0115)
}

/// What was found, in words.
fn sentence(metric: &Metric, game: &Game) -> Result<String> {
    let name = &metric.title;
    let total = game.total(key());
    if !total.value.is_finite() {
        return Ok(format!("Some runs have no value of {name}, so that nothing can be attributed."));
    }
    let (all, none) = (short(mean(game.scores(SETS - 1))), short(mean(game.scores(0))));
    let begin = format!("With all four modulators the mean of {name} is {all}, with none {none}");
    let (mut parts, mut silent) = (Vec::new(), Vec::new());
    for (place, of) in Transmitter::ALL.into_iter().enumerate() {
        let value = game.shapley(place, key());
        if !is_away_from_zero(&value) {
            silent.push(of.name());
            continue;
        }
        let share = game.share(place, key())?;
        let share = if is_away_from_zero(&total) { format!(", {:.0} %", 100.0 * share.value) } else { String::new() };
        parts.push((value.value.abs(), format!("{} {}{share}", of.name(), with_interval(value.value, value.ci95))));
    }
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let parts: Vec<String> = parts.into_iter().map(|part| part.1).collect();
    let mut text = format!("{begin}, a difference of {}.", with_interval(total.value, total.ci95));
    if !parts.is_empty() {
        text = format!("{text} Shapley values: {}.", parts.join("; "));
    }
    if !silent.is_empty() {
        text = format!("{text} Not to be told from nothing: {}.", silent.join(", "));
    }
    Ok(text)
}

/// Whether zero is outside the interval.
pub(super) fn is_away_from_zero(estimate: &Estimate) -> bool {
    estimate.ci95[0] > 0.0 || estimate.ci95[1] < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Arm;
    use crate::run::{Silent, run as run_study};

    /// A study of an agent that learns nothing, so that only the drugs and the book-keeping are on trial.
    const STUDY: &str = r#"
        name = "small"
        title = "Small"
        question = "?"
        kind = "lesions"
        budget = 40
        seeds = { first = 100, count = 6 }
        [lesion]
        metrics = ["accuracy_before"]
        [environment.go_no_go]
        trials_before_shift = 20
        trials_between_shifts = 20
        [[arm]]
        name = "agent"
        [arm.agent.rescorla_wagner]
        learning_rate = 1e-12
        [arm.neuromodulation]
        preset = "mei-2025"
        [[claim]]
        text = "nothing is learned, so that dopamine adds nothing"
        arm = "dopamine"
        metric = "shapley_accuracy_before"
        statistic = "mean"
        at_most = 0.0
    "#;

    fn arm_names() -> Vec<String> {
        order().map(name_of).collect()
    }

    #[test]
    fn sets_are_named_by_what_is_intact() {
        let names = arm_names();
        assert_eq!(names.len(), 16);
        assert_eq!((names[0].as_str(), names[15].as_str()), ("none", "all"));
        assert_eq!(names[1..5], Transmitter::ALL.map(Transmitter::name));
        assert!(names.contains(&"dopamine+acetylcholine+noradrenaline".to_owned()));
        let one = variant(0b1001, 15);
        let gone: Vec<Transmitter> = one.drugs.iter().map(|drug| drug.modulator).collect();
        assert_eq!((one.label.as_str(), gone), ("DA + NA", vec![Transmitter::Acetylcholine, Transmitter::Serotonin]));
        assert!(variant(15, 15).drugs.is_empty() && variant(0, 0).drugs.is_empty());
    }

    #[test]
    fn sixteen_variants_run_on_the_same_seeds() {
        let study = StudyConfig::from_toml(STUDY, "test").unwrap();
        let result = run_study(&study, false, &Silent).unwrap();
        assert_eq!(result.summary.arm_order, arm_names());
        let scores = &result.summary.arms["none"]["accuracy_before"].values;
        assert!(
            result.summary.arms.values().all(|arm| arm["accuracy_before"].values == *scores),
            "chance learns nothing"
        );
        assert_eq!(result.summary.arms["dopamine"]["shapley_accuracy_before"].iqm, Some(0.0));
        assert_eq!(result.summary.arms["all"]["shapley_accuracy_before"].values, [Some(0.0); 6]);
        assert!(result.summary.arms["dopamine+serotonin"].contains_key("synergy_accuracy_before"));
        // Six equal values leave a mean open: nothing is said of it.
        let claim = &result.summary.claims[0];
        assert_eq!(claim.verdict, crate::outcome::Verdict::Inconclusive);
        assert_eq!(claim.reason.as_deref(), Some("too few seeds: all 6 gave the same value"));
        assert!(result.summary.answer.contains("Not to be told from nothing: dopamine"), "{}", result.summary.answer);
        let unheard = "Nothing hears acetylcholine or serotonin in this arm.";
        assert!(result.summary.answer.contains(unheard), "{}", result.summary.answer);
        // What was written can be run again.
        let text = toml::to_string(&result.study).unwrap();
        assert_eq!(StudyConfig::from_toml(&text, "again").unwrap(), study);
    }

    #[test]
    fn a_lesioned_optimizer_stops_learning_without_dopamine() {
        let text = r#"
            name = "xor"
            title = "Xor"
            question = "?"
            budget = 600
            seeds = { first = 100, count = 4 }
            metrics = ["mean_squared_error"]
            [task.xor]
            [network.mlp]
            hidden = [4]
            output_activation = "logistic"
            [[arm]]
            name = "plain"
            [arm.optimizer.weight_perturbation]
            [[arm]]
            name = "dopamine"
            [arm.optimizer.dopamine]
        "#;
        let study = of(&StudyConfig::from_toml(text, "test").unwrap(), None, None, &[]).unwrap();
        assert_eq!(study.arm[0].name, "dopamine", "the arm with modulators");
        let result = run_study(&study, false, &Silent).unwrap();
        let error = |arm: &str| {
            mean(&result.summary.arms[arm]["mean_squared_error"].values.iter().flatten().copied().collect::<Vec<_>>())
        };
        assert!(error("all") < 0.8 * error("acetylcholine+serotonin+noradrenaline"), "{:?}", result.summary.answer);
        let shapley = &result.summary.arms["dopamine"]["shapley_mean_squared_error"];
        assert!(shapley.iqm.unwrap() < 0.0, "dopamine lowers the error: {shapley:?}");
    }

    #[test]
    fn what_cannot_be_lesioned_is_told() {
        let study = StudyConfig::from_toml(STUDY, "test").unwrap();
        let error =
            |study: &StudyConfig, arm, metrics: &[String]| of(study, arm, None, metrics).unwrap_err().to_string();
        assert!(error(&study, Some("nobody"), &[]).contains("unknown arm \"nobody\": known are agent"));
        assert!(error(&study, None, &["speed".to_owned()]).contains("unknown metric \"speed\""));
        let bare = Arm { neuromodulation: None, ..study.arm[0].clone() };
        let bare = StudyConfig { arm: vec![bare], ..study.clone() };
        assert!(error(&bare, None, &[]).contains("has no modulators"));
        let wrong = STUDY.replace("metrics = [\"accuracy_before", "metrics = [\"speed");
        assert!(StudyConfig::from_toml(&wrong, "test").unwrap_err().to_string().contains("unknown metric \"speed"));
        let wrong = STUDY.replace("arm = \"dopamine\"", "arm = \"dopamin\"");
        assert!(StudyConfig::from_toml(&wrong, "test").unwrap_err().to_string().contains("known are dopamine, "));
    }
}
