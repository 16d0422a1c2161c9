//! The pictures and tables of forgetting.

use super::drift::population;
use super::{DRIFT, OFF, PREDICTED, RATIO, REACHED, RISE, TIME, WALK, at_end, on};
use crate::config::Arm;
use crate::drawing::{axis, curve, groups, search_table};
use crate::execution::Design;
use crate::number::short;
use crate::outcome::{CurveSeries, Figure, FigureContent};
use crate::trial::ArmTrials;
use crate::tuning::TuningRecord;
use tegmentum::evidence::statistics::{median, quantile};
use tegmentum::learning::optimizers::OptimizerConfig;

/// All figures.
pub(super) fn draw(design: &Design<'_>, all: &[ArmTrials], tuning: &[TuningRecord]) -> Vec<Figure> {
    let page = Page { design };
    let (lesions, whole): (Vec<&ArmTrials>, Vec<&ArmTrials>) = all.iter().partition(|arm| arm.arm.lesion_of.is_some());
    let mut figures = vec![page.forgetting(all), page.drift(all), page.off(all)];
    figures.push(page.course("course", "A while B is learned", &whole));
    if !lesions.is_empty() {
        let is_whole =
            |arm: &&ArmTrials| lesions.iter().any(|lesion| lesion.arm.lesion_of.as_ref() == Some(&arm.arm.name));
        let arms: Vec<&ArmTrials> = all.iter().filter(is_whole).chain(lesions.iter().copied()).collect();
        figures.push(page.course("lesions", "A while B is learned, under lesions", &arms));
    }
    figures.push(page.table(all));
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

struct Page<'a> {
    design: &'a Design<'a>,
}

/// The strength of the anchor of a black-box learner.
fn strength(arm: &Arm) -> f64 {
    match &arm.optimizer {
        Some(OptimizerConfig::WeightPerturbation(config)) => config.anchor_strength,
        Some(OptimizerConfig::EvolutionStrategy(config)) => config.anchor_strength,
        _ => 0.0,
    }
}

impl Page<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        Figure { id: format!("{}-{id}", self.design.study.name), title: title.to_owned(), caption, content }
    }

    /// The level of the target in words.
    fn target(&self) -> String {
        let metric = self.design.study.metrics[0];
        let target = self.design.study.phase[1].target.unwrap_or(f64::NAN);
        format!("{} of {} on B", metric.label(), short(target))
    }

    /// The first metric on A when each arm was as good at B.
    fn forgetting(&self, all: &[ArmTrials]) -> Figure {
        let first = self.design.study.metrics[0];
        let arms: Vec<&ArmTrials> = all.iter().collect();
        let metric = self.design.metric(&on(first, 'a'));
        // What was there before, of arms that began with the same weights.
        let before =
            |arm: &ArmTrials| arm.trials.iter().filter_map(|trial| Some(trial.curve.first()?.metrics[1])).collect();
        let shared = all.iter().find(|arm| arm.arm.continual.is_none());
        let before: Vec<f64> = shared.map_or_else(Vec::new, before);
        self.figure(
            "forgetting",
            "What is left of A at equal quality on B",
            format!(
                "One point for each seed, measured when the run reached a {}; box from the first to the third quartile. Runs that never \
                 did are counted as failed. The line is the median before B, of the weights that all but learners with a network of \
                 their own begin with.",
                self.target()
            ),
            FigureContent::Distribution {
                axis: axis(&metric.label(), !first.larger_is_better()),
                groups: groups(&arms, &metric),
                references: vec![("before B".to_owned(), median(&before))],
            },
        )
    }

    /// Drift off B's directions against population, with the formula.
    fn drift(&self, all: &[ArmTrials]) -> Figure {
        let mut series = Vec::new();
        for (is_held, what) in [(false, ""), (true, ", held by an anchor")] {
            let is_one =
                |arm: &&ArmTrials| (strength(&arm.arm) > 0.0) == is_held && arm.has(&self.design.metric(RATIO));
            // One arm for each population, the first.
            let mut arms: Vec<(usize, &ArmTrials)> = Vec::new();
            for arm in all.iter().filter(is_one) {
                match population(&arm.arm) {
                    Some(size) if arms.iter().all(|(other, _)| *other != size) => arms.push((size, arm)),
                    _ => {}
                }
            }
            arms.sort_by_key(|(size, _)| *size);
            if arms.len() > 1 {
                series.push(line(&format!("measured{what}"), &arms, OFF, true));
                series.push(line(&format!("predicted{what}"), &arms, PREDICTED, false));
                if !is_held {
                    series.push(line("predicted, the walk alone", &arms, WALK, false));
                }
            }
        }
        self.figure(
            "drift",
            "Drift off B's directions and the random walk",
            "Medians over seeds against the candidates of an update, each arm at its own rate; the band goes from the first to the third \
             quartile. Predicted: the walk (P − k) Σ η² q and what descent adds, from gradients along the run itself; no constant is fitted."
                .to_owned(),
            FigureContent::Curves {
                x: axis("candidates of an update", true),
                y: axis("squared drift off B's directions", true),
                series,
                references: self.gradient_drift(all),
            },
        )
    }

    /// The drift of gradient descent, as a line.
    fn gradient_drift(&self, all: &[ArmTrials]) -> Vec<(String, f64)> {
        let gradient = all.iter().find(|arm| arm.arm.gradient.is_some());
        gradient.map_or_else(Vec::new, |arm| {
            vec![(arm.arm.label().to_owned(), median(&arm.values(&self.design.metric(OFF))))]
        })
    }

    fn off(&self, all: &[ArmTrials]) -> Figure {
        let metric = self.design.metric(OFF);
        let arms: Vec<&ArmTrials> = all.iter().filter(|arm| arm.has(&metric)).collect();
        self.figure(
            "off",
            "Drift off B's directions, arm by arm",
            "One point for each seed, at the target on B. Learners with a network of their own have none that could be compared."
                .to_owned(),
            FigureContent::Distribution {
                axis: axis(&metric.label(), true),
                groups: groups(&arms, &metric),
                references: Vec::new(),
            },
        )
    }

    /// The first metric on A along B.
    fn course(&self, id: &str, title: &str, arms: &[&ArmTrials]) -> Figure {
        let metric = self.design.study.metrics[0];
        let series = arms.iter().map(|arm| curve(arm.arm.label(), &arm.trials, |point| point.metrics[1])).collect();
        self.figure(
            id,
            title,
            "Median over seeds, band from the first to the third quartile, until the target on B; a run that has ended keeps its last value."
                .to_owned(),
            FigureContent::Curves {
                x: axis("loss evaluations of B", true),
                y: axis(&format!("{} on A", metric.label()), !metric.larger_is_better()),
                series,
                references: Vec::new(),
            },
        )
    }

    fn table(&self, all: &[ArmTrials]) -> Figure {
        let first = self.design.study.metrics[0];
        let row = |arm: &ArmTrials| {
            let middle = |name: &str| {
                let metric = self.design.metric(name);
                if arm.has(&metric) { short(median(&arm.values(&metric))) } else { "–".to_owned() }
            };
            let reached: f64 = arm.values(&self.design.metric(REACHED)).iter().sum();
            vec![
                arm.arm.label().to_owned(),
                format!("{} of {}", short(reached), arm.trials.len()),
                middle(TIME),
                middle(&on(first, 'a')),
                middle(RISE),
                middle(&at_end(first)),
                middle(DRIFT),
                middle(OFF),
                middle(RATIO),
            ]
        };
        let on_a = format!("{} on A", first.name().replace('_', " "));
        let columns = [
            "arm".to_owned(),
            "reached B".to_owned(),
            "evaluations".to_owned(),
            format!("{on_a}, at the target"),
            "worse than before by".to_owned(),
            format!("{on_a}, at the end"),
            "drift²".to_owned(),
            "off B's directions".to_owned(),
            "measured / predicted".to_owned(),
        ];
        self.figure(
            "table",
            "A, B and the way between them",
            "Medians over seeds; drift² in squared weights. An infinite value: more than half of the runs did not reach B's target."
                .to_owned(),
            FigureContent::Table { columns: columns.to_vec(), rows: all.iter().map(row).collect() },
        )
    }
}

/// Medians of a metric against the population, with a band if wanted.
fn line(label: &str, arms: &[(usize, &ArmTrials)], name: &str, has_band: bool) -> CurveSeries {
    let at = |share: f64| -> Vec<f64> {
        arms.iter().map(|(_, arm)| quantile(&arm.raw(name).collect::<Vec<f64>>(), share)).collect()
    };
    CurveSeries {
        label: label.to_owned(),
        x: arms.iter().map(|(size, _)| *size as f64).collect(),
        y: at(0.5),
        lower: if has_band { at(0.25) } else { Vec::new() },
        upper: if has_band { at(0.75) } else { Vec::new() },
    }
}
