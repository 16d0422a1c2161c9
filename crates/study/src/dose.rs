//! Dose and response: one arm under one drug at several doses, on the same seeds.
//!
//! The variants are called `no_drug` and by action and dose: `agonist_0.5`. What a dose means, its
//! [action](tegmentum::neuromodulation::pharmacology) says: a share for a lesion, a level for a clamp, moments for a delay.

use serde::{Deserialize, Serialize};

use super::claims;
use super::config::{Kind, StudyConfig};
use super::figures::{axis, short};
use super::intervention::{Variant, Variants, censored, centre, of_study, run_variants, scores, table};
use super::outcome::{CurveSeries, Figure, FigureContent};
use super::run::{ArmTrials, Monitor, StudyResult, assemble, larger_is_better};
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::{Action, Drug};

/// The name of the variant that gets no drug.
const NO_DRUG: &str = "no_drug";
/// From this ratio of the largest dose to the least on, the axis is logarithmic if no dose is zero.
const WIDE: f64 = 20.0;

/// Which drug, at which doses.
///
/// # Example
/// ```
/// use tegmentum_study::dose::DoseConfig;
///
/// let config: DoseConfig = toml::from_str("modulator = 'noradrenaline'\naction = 'antagonist'\ndoses = [0.0, 1.0]")?;
/// assert!(config.receptor.is_none());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoseConfig {
    /// The modulator.
    pub modulator: Transmitter,
    /// One of its receptors by name; the modulator itself if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receptor: Option<String>,
    /// What is done.
    #[serde(default)]
    pub action: DoseAction,
    /// The doses.
    pub doses: Vec<f64>,
}

/// What is done, without its dose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoseAction {
    /// Something that acts like the transmitter; the dose is added to its level.
    #[default]
    Agonist,
    /// Something that competes with it; half of the level at dose 1.
    Antagonist,
    /// The level is held at the dose.
    Clamp,
    /// The share of the release that is taken away.
    Lesion,
    /// The standard deviation of noise on the level.
    Noise,
    /// The level comes late by so many moments.
    Delay,
}

impl DoseAction {
    /// The action at a dose.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a delay that is not a whole number of moments.
    pub fn at(self, dose: f64) -> Result<Action> {
        Ok(match self {
            Self::Agonist => Action::Agonist(dose),
            Self::Antagonist => Action::Antagonist(dose),
            Self::Clamp => Action::Clamp(dose),
            Self::Lesion => Action::Lesion(dose),
            Self::Noise => Action::Noise(dose),
            Self::Delay if dose >= 0.0 && dose.fract() == 0.0 && dose <= 100_000.0 => Action::Delay(dose as usize),
            Self::Delay => {
                let requirement = "a whole number of moments, at most 100000";
                return Err(Error::InvalidParameter { name: "pharmacology.delay", value: dose, requirement });
            }
        })
    }

    /// The name in study files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agonist => "agonist",
            Self::Antagonist => "antagonist",
            Self::Clamp => "clamp",
            Self::Lesion => "lesion",
            Self::Noise => "noise",
            Self::Delay => "delay",
        }
    }

    /// What a dose is, for an axis.
    fn unit(self) -> &'static str {
        match self {
            Self::Agonist => "dose of agonist (units of level)",
            Self::Antagonist => "dose of antagonist (half the level at 1)",
            Self::Clamp => "level that is held",
            Self::Lesion => "share of the release taken away",
            Self::Noise => "standard deviation of noise on the level",
            Self::Delay => "delay of the level (moments)",
        }
    }
}

impl DoseConfig {
    /// One variant without a drug, then one for each dose.
    fn variants(&self) -> Result<Vec<Variant>> {
        let mut variants = vec![Variant { name: NO_DRUG.to_owned(), label: "no drug".to_owned(), drugs: Vec::new() }];
        for &dose in &self.doses {
            let action = self.action.at(dose)?;
            variants.push(Variant {
                name: format!("{}_{dose}", self.action.name()),
                label: format!("{} {dose}", self.action.name()),
                drugs: vec![Drug { modulator: self.modulator, receptor: self.receptor.clone(), action }],
            });
        }
        Ok(variants)
    }

    /// What it acts on, in words.
    fn site(&self) -> String {
        self.receptor.as_ref().map_or_else(
            || self.modulator.name().to_owned(),
            |receptor| format!("{} at {receptor}", self.modulator.name()),
        )
    }
}

/// The dose study of one arm of `study`: of `arm`, or of the first one that has most modulators intact.
///
/// # Errors
/// [`Error::Incompatible`] if nothing in the study has modulators, [`Error::UnknownName`] for an arm or a setting that it
/// has not, [`Error::Study`] if it has several settings and none is named, [`Error::InvalidParameter`] for a dose out of
/// range.
pub fn of(study: &StudyConfig, arm: Option<&str>, setting: Option<&str>, dose: DoseConfig) -> Result<StudyConfig> {
    for variant in dose.variants()? {
        variant.drugs.iter().try_for_each(Drug::check)?;
    }
    let mut treated = of_study(study, Kind::Dose, arm, setting)?;
    treated.name = format!("{}-{}-{}", study.name, dose.modulator.name(), dose.action.name());
    treated.title = format!("Dose and response ({} of {}): {}", dose.action.name(), dose.site(), study.title);
    treated.question =
        format!("What does the arm “{}” of the study {} reach under each dose?", treated.arm[0].label(), study.name);
    treated.lesion = None;
    treated.dose = Some(dose);
    Ok(treated)
}

/// What is wrong with a study of doses beyond what can be wrong with the underlying one.
pub(crate) fn check(study: &StudyConfig) -> Result<(), String> {
    if study.arm.len() != 1 || study.setting.len() > 1 {
        return Err("kind = \"dose\" needs exactly one [[arm]] and one setting".to_owned());
    }
    let Some(dose) = &study.dose else { return Err("kind = \"dose\" needs [dose]".to_owned()) };
    if dose.doses.is_empty() || dose.doses.len() > 100 {
        return Err(format!("dose.doses = {:?}: give between 1 and 100 doses", dose.doses));
    }
    for (index, value) in dose.doses.iter().enumerate() {
        if dose.doses[..index].contains(value) {
            return Err(format!("dose.doses = {:?}: {value} is there twice", dose.doses));
        }
    }
    let drugs = dose.variants().map_err(|error| error.to_string())?;
    drugs.iter().flat_map(|variant| &variant.drugs).try_for_each(|drug| drug.check().map_err(|error| error.to_string()))
}

/// The names of all variants, for claims.
pub(crate) fn arm_names(study: &StudyConfig) -> Vec<String> {
    let variants = study.dose.as_ref().and_then(|dose| dose.variants().ok()).unwrap_or_default();
    variants.into_iter().map(|variant| variant.name).collect()
}

/// Runs a study of doses.
pub(crate) fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let Some(dose) = &study.dose else {
        return Err(Error::Study { origin: study.name.clone(), problem: "kind = \"dose\" needs [dose]".to_owned() });
    };
    let outcome = run_variants(study, &dose.variants()?, monitor)?;
    let claims = claims::test(study, &outcome.all);
    let mut figures = vec![doses(study, &outcome)];
    let changed: Vec<String> =
        scores(study).into_iter().filter(|metric| responds(study, metric, &outcome.all)).collect();
    figures.extend(changed.iter().map(|metric| response(study, dose, metric, &outcome)));
    let found = scores(study).first().map(|metric| sentence(study, dose, metric, &outcome)).unwrap_or_default();
    let mut result = assemble(study, quick, &outcome.all, claims, figures, outcome.tuning);
    result.summary.answer = if study.claim.is_empty() { found } else { format!("{} {found}", result.summary.answer) };
    Ok(result)
}

/// The scores at every dose.
fn doses(study: &StudyConfig, outcome: &Variants) -> Figure {
    Figure {
        id: format!("{}-doses", study.name),
        title: "What each dose reaches".to_owned(),
        caption: format!(
            "Means over {} seeds, the same for all rows. Each column has its own colours, from its worst value to its best, \
             the deepest. A dash: a run has no value. Scores that no dose changes have no curve below.",
            study.seeds.count
        ),
        content: table(study, &outcome.all, &[]),
    }
}

/// Whether a drug changes a score.
fn responds(study: &StudyConfig, metric: &str, all: &[ArmTrials]) -> bool {
    let mut means = all.iter().map(|arm| centre(metric, &censored(study, metric, arm)).value);
    let first = means.next().unwrap_or(f64::NAN);
    means.any(|mean| mean.is_finite() && mean.to_bits() != first.to_bits())
}

/// The response of one score.
fn response(study: &StudyConfig, dose: &DoseConfig, metric: &str, outcome: &Variants) -> Figure {
    let mut doses: Vec<(f64, &ArmTrials)> = dose.doses.iter().copied().zip(outcome.all.iter().skip(1)).collect();
    doses.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = metric.replace('_', " ");
    let mut series = CurveSeries { label: name.clone(), x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for (dose, arm) in doses {
        let estimate = centre(metric, &censored(study, metric, arm));
        if estimate.value.is_finite() {
            let end = |end: f64| if end.is_finite() { end } else { estimate.value };
            series.x.push(dose);
            series.y.push(estimate.value);
            series.lower.push(end(estimate.ci95[0]));
            series.upper.push(end(estimate.ci95[1]));
        }
    }
    let least = series.x.first().copied().unwrap_or(0.0);
    let wide = least > 0.0 && series.x.last().copied().unwrap_or(0.0) >= WIDE * least;
    let untreated = outcome.all.first().map(|arm| centre(metric, &censored(study, metric, arm)).value);
    let untreated = untreated.filter(|value| value.is_finite()).map(|value| ("no drug".to_owned(), value));
    Figure {
        id: format!("{}-{metric}", study.name),
        title: format!("{}: {name}", dose.site()),
        caption: format!("Mean over {} seeds with its 95 % interval.", study.seeds.count),
        content: FigureContent::Curves {
            x: axis(dose.action.unit(), wide),
            y: axis(&name, false),
            series: vec![series],
            references: untreated.into_iter().collect(),
        },
    }
}

/// What was found on the first score, in words.
fn sentence(study: &StudyConfig, dose: &DoseConfig, metric: &str, outcome: &Variants) -> String {
    let estimates: Vec<_> = outcome.all.iter().map(|arm| centre(metric, &censored(study, metric, arm))).collect();
    let sign = if larger_is_better(metric) { 1.0 } else { -1.0 };
    let finite = (1..estimates.len()).filter(|&index| estimates[index].value.is_finite());
    let best = finite.max_by(|&a, &b| (sign * estimates[a].value).total_cmp(&(sign * estimates[b].value)));
    let (Some(best), Some(first)) = (best, estimates.first()) else { return String::new() };
    let of = |index: usize| {
        let estimate = &estimates[index];
        format!("{} [{}, {}]", short(estimate.value), short(estimate.ci95[0]), short(estimate.ci95[1]))
    };
    format!(
        "Without the drug the mean of {} is {}; of the doses of {} {} {} does best, with {}, over {} seeds.",
        metric.replace('_', " "),
        of(0),
        dose.site(),
        dose.action.name(),
        short(dose.doses[best - 1]),
        of(best),
        first.n
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Silent, run as run_study};

    const STUDY: &str = r#"
        name = "small"
        title = "Small"
        question = "?"
        kind = "behaviour"
        budget = 60
        seeds = { first = 100, count = 3 }
        [environment.go_no_go]
        trials_before_shift = 30
        trials_between_shifts = 30
        [[arm]]
        name = "plain"
        [arm.agent.random_choice]
        [[arm]]
        name = "modulated"
        [arm.agent.random_choice]
        [arm.neuromodulation]
        preset = "mei-2025"
    "#;

    fn dose(action: DoseAction, doses: &[f64]) -> DoseConfig {
        DoseConfig { modulator: Transmitter::Noradrenaline, receptor: None, action, doses: doses.to_vec() }
    }

    fn base() -> StudyConfig {
        StudyConfig::from_toml(STUDY, "test").unwrap()
    }

    #[test]
    fn every_dose_runs_on_the_same_seeds() {
        let study = of(&base(), None, None, dose(DoseAction::Agonist, &[0.0, 0.5, 2.0])).unwrap();
        assert_eq!(study.arm[0].name, "modulated");
        let again = StudyConfig::from_toml(&toml::to_string(&study).unwrap(), "again").unwrap();
        assert_eq!(again, study);
        let result = run_study(&study, false, &Silent).unwrap();
        assert_eq!(result.summary.arm_order, ["no_drug", "agonist_0", "agonist_0.5", "agonist_2"]);
        assert_eq!(result.summary.arms["no_drug"], result.summary.arms["agonist_0"], "a dose of nothing is nothing");
        let curves = result.figures.iter().filter(|figure| matches!(figure.content, FigureContent::Curves { .. }));
        assert_eq!(curves.count(), 0, "chance responds to no dose");
        assert!(result.summary.answer.starts_with("Without the drug"), "{}", result.summary.answer);
    }

    #[test]
    fn a_score_that_responds_has_its_curve() {
        let text = STUDY
            .replace("[arm.agent.random_choice]\n        [arm.neuro", "[arm.agent.actor_critic]\n        [arm.neuro");
        let study = StudyConfig::from_toml(
            &text.replace("budget = 60", "budget = 600").replace("shift = 30", "shift = 300"),
            "test",
        )
        .unwrap();
        let config = DoseConfig { modulator: Transmitter::Dopamine, ..dose(DoseAction::Lesion, &[0.0, 0.5, 1.0]) };
        let result = run_study(&of(&study, None, None, config).unwrap(), false, &Silent).unwrap();
        let find = |figure: &&Figure| figure.id.ends_with("accuracy_before");
        let FigureContent::Curves { series, references, .. } = &result.figures.iter().find(find).unwrap().content
        else {
            panic!("a curve");
        };
        assert_eq!((series[0].x.as_slice(), references[0].1), (&[0.0, 0.5, 1.0][..], series[0].y[0]));
        assert!(series[0].y[0] > series[0].y[2] + 0.2, "without dopamine nothing is learned: {:?}", series[0].y);
    }

    #[test]
    fn bad_doses_are_named() {
        let error = |config: DoseConfig| of(&base(), None, None, config).unwrap_err().to_string();
        assert!(error(dose(DoseAction::Lesion, &[0.5, 2.0])).contains("pharmacology.lesion = 2"));
        assert!(error(dose(DoseAction::Delay, &[0.5])).contains("whole number of moments"));
        assert!(error(dose(DoseAction::Agonist, &[-1.0])).contains("pharmacology.agonist = -1"));
        let twice = of(&base(), None, None, dose(DoseAction::Agonist, &[1.0, 1.0])).unwrap();
        let error = StudyConfig::from_toml(&toml::to_string(&twice).unwrap(), "t").unwrap_err().to_string();
        assert!(error.contains("1 is there twice"), "{error}");
    }

    #[test]
    fn an_unknown_receptor_is_told_before_anything_runs() {
        let config = DoseConfig { receptor: Some("beta-9".to_owned()), ..dose(DoseAction::Agonist, &[1.0]) };
        let study = of(&base(), None, None, config).unwrap();
        let error = run_study(&study, false, &Silent).unwrap_err().to_string();
        assert!(error.contains("beta-9") && error.contains("noradrenaline_temperature"), "{error}");
    }
}
