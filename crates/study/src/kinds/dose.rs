//! Dose and response: one arm under one drug at several doses, on the same seeds.
//!
//! The variants are called `no_drug` and by action and dose: `agonist_0.5`. What a dose means, its
//! [action](tegmentum::neuromodulation::pharmacology) says: a share for a lesion, a level for a clamp, moments for a delay.

pub use crate::config::{DoseAction, DoseConfig};

use super::intervention::{
    Variant, Variants, censored, centre, of_study, run_variants, scores, table, underlying, underlying_kind,
};
use crate::claims;
use crate::config::StudyConfig;
use crate::drawing::axis;
use crate::kind::StudyKind;
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::number::{short, with_interval};
use crate::outcome::{CurveSeries, Figure, FigureContent};
use crate::result::{StudyResult, assemble};
use crate::trial::ArmTrials;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::Estimate;
use tegmentum::neuromodulation::pharmacology::Drug;

/// The name of the variant that gets no drug.
const NO_DRUG: &str = "no_drug";
/// From this ratio of the largest dose to the least on, the axis is logarithmic if no dose is zero.
const WIDE: f64 = 20.0;

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
    let mut treated = of_study(study, &Dose, arm, setting)?;
    treated.name = format!("{}-{}-{}", study.name, dose.modulator.name(), dose.action.name());
    treated.title = format!("Dose and response ({} of {}): {}", dose.action.name(), dose.site(), study.title);
    treated.question =
        format!("What does the arm “{}” of the study {} reach under each dose?", treated.arm[0].label(), study.name);
    treated.dose = Some(dose);
    Ok(treated)
}

/// The kind.
pub(super) struct Dose;

impl StudyKind for Dose {
    fn name(&self) -> &'static str {
        "dose"
    }

    fn summary(&self) -> &'static str {
        "one arm under a drug at several doses"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        underlying_kind(study).check(&underlying(study))?;
        check(study)
    }

    fn arm_names(&self, study: &StudyConfig) -> Vec<String> {
        let variants = study.dose.as_ref().and_then(|dose| dose.variants().ok()).unwrap_or_default();
        variants.into_iter().map(|variant| variant.name).collect()
    }

    fn curve_names(&self, study: &StudyConfig) -> Vec<String> {
        underlying_kind(study).curve_names(study)
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        underlying_kind(study).metrics(study)
    }

    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        underlying_kind(study).shown(study)
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let Some(dose) = &study.dose else {
            let problem = "kind = \"dose\" needs [dose]".to_owned();
            return Err(Error::Study { origin: study.name.clone(), problem });
        };
        let outcome = run_variants(study, &dose.variants()?, monitor)?;
        let mut design = self.design(study);
        design.x_unit = underlying_kind(study).x_unit();
        let claims = claims::test(&design, &outcome.all);
        let mut figures = vec![doses(study, &outcome)];
        let scores = scores(study);
        let changed = scores.iter().filter(|metric| responds(study, metric, &outcome.all));
        figures.extend(changed.map(|metric| response(study, dose, metric, &outcome)));
        let found = scores.first().map(|metric| sentence(study, dose, metric, &outcome)).unwrap_or_default();
        let mut result = assemble(&design, &outcome.all, claims, figures, outcome.tuning);
        result.summary.answer =
            if study.claim.is_empty() { found } else { format!("{} {found}", result.summary.answer) };
        Ok(result)
    }
}

/// What is wrong with a study of doses beyond what can be wrong with the underlying one.
fn check(study: &StudyConfig) -> Result<(), String> {
    if study.arm.len() != 1 || study.setting.len() > 1 {
        return Err("kind = \"dose\" needs exactly one [[arm]] and one setting".to_owned());
    }
    let Some(dose) = &study.dose else { return Err("kind = \"dose\" needs [dose]".to_owned()) };
    if dose.doses.is_empty() || dose.doses.len() > 100 {
        return Err(format!("dose.doses: {} of them; give between 1 and 100 doses", dose.doses.len()));
    }
    for (index, value) in dose.doses.iter().enumerate() {
        if dose.doses[..index].contains(value) {
            return Err(format!("dose.doses: {value} is there twice"));
        }
    }
    let drugs = dose.variants().map_err(|error| error.to_string())?;
    drugs.iter().flat_map(|variant| &variant.drugs).try_for_each(|drug| drug.check().map_err(|error| error.to_string()))
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
fn responds(study: &StudyConfig, metric: &Metric, all: &[ArmTrials]) -> bool {
    let mut means = all.iter().map(|arm| centre(metric, &censored(study, metric, arm)).value);
    let first = means.next().unwrap_or(f64::NAN);
    means.any(|mean| mean.is_finite() && mean.to_bits() != first.to_bits())
}

/// The response of one score.
fn response(study: &StudyConfig, dose: &DoseConfig, metric: &Metric, outcome: &Variants) -> Figure {
    let mut doses: Vec<(f64, &ArmTrials)> = dose.doses.iter().copied().zip(outcome.all.iter().skip(1)).collect();
    doses.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = &metric.title;
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
        id: format!("{}-{}", study.name, metric.name),
        title: format!("{}: {name}", dose.site()),
        caption: format!("Mean over {} seeds with its 95 % interval.", study.seeds.count),
        content: FigureContent::Curves {
            x: axis(dose.action.unit(), wide),
            y: axis(&metric.label(), false),
            series: vec![series],
            references: untreated.into_iter().collect(),
        },
    }
}

/// What was found on the first score, in words.
fn sentence(study: &StudyConfig, dose: &DoseConfig, metric: &Metric, outcome: &Variants) -> String {
    let estimates: Vec<_> = outcome.all.iter().map(|arm| centre(metric, &censored(study, metric, arm))).collect();
    let Some((none, treated)) = estimates.split_first() else { return String::new() };
    let quality = |estimate: &Estimate| if metric.is_larger_better() { estimate.value } else { -estimate.value };
    let finite = || treated.iter().filter(|estimate| estimate.value.is_finite());
    let Some(best) = finite().map(quality).max_by(f64::total_cmp) else {
        return format!("Under no dose do all runs have a value of {}.", metric.title);
    };
    let is_best = |estimate: &Estimate| estimate.value.is_finite() && quality(estimate) == best;
    let place = treated.iter().position(is_best).unwrap_or(0);
    let of = |estimate: &Estimate| with_interval(estimate.value, estimate.ci95);
    let begin = format!("Without the drug the mean of {} is {} over {} seeds;", metric.title, of(none), none.n);
    let site = format!("{} {}", dose.site(), dose.action.name());
    let equal: Vec<String> =
        (0..treated.len()).filter(|&at| is_best(&treated[at])).map(|at| short(dose.doses[at])).collect();
    match equal.len() {
        1 => format!("{begin} of the doses of {site} {} does best, with {}.", equal[0], of(&treated[place])),
        n if n == treated.len() => format!("{begin} all doses of {site} give {}.", of(&treated[place])),
        _ => format!(
            "{begin} of the doses of {site} {} do equally well, with {}.",
            equal.join(", "),
            of(&treated[place])
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Silent, run as run_study};
    use tegmentum::neuromodulation::nucleus::Transmitter;

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
        [arm.agent.rescorla_wagner]
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
        assert!(result.summary.answer.starts_with("Without the drug"), "{}", result.summary.answer);
    }

    #[test]
    fn what_no_dose_changes_has_no_curve() {
        let study = of(&base(), None, None, dose(DoseAction::Agonist, &[0.0])).unwrap();
        let result = run_study(&study, false, &Silent).unwrap();
        assert!(!result.figures.iter().any(|figure| matches!(figure.content, FigureContent::Curves { .. })));
    }

    #[test]
    fn a_modulator_that_nothing_hears_is_refused() {
        let absent = DoseConfig { modulator: Transmitter::Acetylcholine, ..dose(DoseAction::Agonist, &[0.0, 1.0]) };
        let error = run_study(&of(&base(), None, None, absent).unwrap(), false, &Silent).unwrap_err().to_string();
        assert!(error.contains("a drug on acetylcholine") && error.contains("rescorla_wagner obeys"), "{error}");
    }

    #[test]
    fn a_score_that_responds_has_its_curve() {
        let text = STUDY
            .replace("[arm.agent.rescorla_wagner]\n        [arm.neuro", "[arm.agent.actor_critic]\n        [arm.neuro");
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
