//! The pictures and tables of a stream.

use super::plan::Course;
use super::{RELEARN, SOLVED, error_after_phase, evaluations_in_phase};
use crate::drawing::{axis, curve, groups, modulator_lines, search_table};
use crate::execution::Design;
use crate::number::{short, with_interval};
use crate::outcome::{Axis, CurveSeries, Figure, FigureContent};
use crate::trial::{ArmTrials, Trial};
use crate::tuning::TuningRecord;
use tegmentum::evidence::statistics::{Effect, RESAMPLES, Statistic, median, paired_comparison};
use tegmentum::random::Key;

/// Single runs that are drawn.
const SINGLE_RUNS: usize = 8;

/// All figures of a stream.
pub(super) fn draw(design: &Design<'_>, course: &Course, all: &[ArmTrials], tuning: &[TuningRecord]) -> Vec<Figure> {
    let page = Page { design, course };
    let (lesions, whole): (Vec<&ArmTrials>, Vec<&ArmTrials>) = all.iter().partition(|arm| arm.arm.lesion_of.is_some());
    let mut figures = vec![page.curves("stream", "The stream", &whole)];
    if !lesions.is_empty() {
        let is_whole =
            |arm: &&ArmTrials| lesions.iter().any(|lesion| lesion.arm.lesion_of.as_ref() == Some(&arm.arm.name));
        let arms: Vec<&ArmTrials> = all.iter().filter(is_whole).chain(lesions.iter().copied()).collect();
        figures.push(page.curves("lesions", "The stream under lesions", &arms));
    }
    figures.extend(all.first().map(|arm| page.single_runs(arm)));
    figures.push(page.relearning(all));
    figures.push(page.comparison(all));
    figures.push(page.phases(all));
    figures.extend(all.iter().find_map(|arm| page.modulators(arm)));
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

struct Page<'a> {
    design: &'a Design<'a>,
    course: &'a Course,
}

impl Page<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        Figure { id: format!("{}-{id}", self.design.study.name), title: title.to_owned(), caption, content }
    }

    /// The evaluations, with the beginnings of the phases marked.
    fn stream_axis(&self) -> Axis {
        let mark = |phase: &super::plan::PhasePlan| (phase.name.clone(), phase.begins as f64);
        Axis { marks: self.course.phases[1..].iter().map(mark).collect(), ..axis("loss evaluations", false) }
    }

    fn targets(&self) -> Vec<(String, f64)> {
        let mut targets: Vec<f64> = self.course.phases.iter().map(|phase| phase.target).collect();
        targets.dedup();
        targets.into_iter().map(|target| ("target".to_owned(), target)).collect()
    }

    fn over_time(&self, id: &str, title: &str, caption: String, series: Vec<CurveSeries>) -> Figure {
        let metric = self.design.study.metrics[0];
        let y = axis(metric.label(), !metric.larger_is_better());
        let content = FigureContent::Curves { x: self.stream_axis(), y, series, references: self.targets() };
        self.figure(id, title, caption, content)
    }

    fn curves(&self, id: &str, title: &str, arms: &[&ArmTrials]) -> Figure {
        let series = arms.iter().map(|arm| curve(arm.arm.label(), &arm.trials, |point| point.metrics[0])).collect();
        let n = arms.first().map_or(0, |arm| arm.trials.len());
        let caption = format!(
            "Median over {n} seeds, band from the first to the third quartile. The averaged model, judged on test data of the \
             phase that it is in; the learner is not told when a phase begins."
        );
        self.over_time(id, title, caption, series)
    }

    fn single_runs(&self, arm: &ArmTrials) -> Figure {
        let line = |trial: &Trial| CurveSeries {
            label: format!("seed {}", trial.seed),
            x: trial.curve.iter().map(|point| point.x as f64).collect(),
            y: trial.curve.iter().map(|point| point.metrics[0]).collect(),
            lower: vec![],
            upper: vec![],
        };
        let series = arm.trials.iter().take(SINGLE_RUNS).map(line).collect();
        let caption = "The first seeds, one line each, no selection.".to_owned();
        self.over_time("single-runs", &format!("Single runs of {}", arm.arm.label()), caption, series)
    }

    fn relearning(&self, all: &[ArmTrials]) -> Figure {
        let arms: Vec<&ArmTrials> = all.iter().collect();
        self.figure(
            "relearning",
            "Evaluations to relearn, summed over all phases",
            "One point for each seed; box from the first to the third quartile. A phase that was not solved counts with its \
             length."
                .to_owned(),
            FigureContent::Distribution {
                axis: axis("loss evaluations", true),
                groups: groups(&arms, &self.design.metric(RELEARN)),
                references: Vec::new(),
            },
        )
    }

    /// Every arm against the first, paired by seed.
    fn comparison(&self, all: &[ArmTrials]) -> Figure {
        let relearn = self.design.metric(RELEARN);
        let rows = all.iter().map(|arm| {
            let (own, first) = (arm.values(&relearn), all[0].values(&relearn));
            let (key, statistic) = (Key::from_seed(1), Statistic::Median);
            let ratio = paired_comparison(&own, &first, statistic, Effect::Ratio, RESAMPLES, key).ok();
            let cell = ratio
                .filter(|_| arm.name != all[0].name)
                .map_or("–".to_owned(), |ratio| with_interval(ratio.value, ratio.ci95));

            let total = |metric: &str| short(arm.values(&self.design.metric(metric)).iter().sum());
            let possible = (self.course.phases.len() * arm.trials.len()).to_string();
            vec![
                arm.arm.label().to_owned(),
                short(median(&own)),
                cell,
                format!("{} of {possible}", total(SOLVED)),
                total("detections"),
                total("false_alarms"),
            ]
        });
        let columns = [
            "arm",
            "evaluations to relearn",
            "ratio to the first arm, 95 % interval",
            "phases solved",
            "switches detected",
            "false alarms",
        ];
        self.figure(
            "comparison",
            "What the whole stream cost",
            "Medians over seeds; the ratio is that of medians, paired by seed, above 1 where the arm is slower. Counts are \
             sums over all seeds."
                .to_owned(),
            FigureContent::Table { columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() },
        )
    }

    fn phases(&self, all: &[ArmTrials]) -> Figure {
        let mut columns = vec!["arm".to_owned()];
        for phase in &self.course.phases {
            columns.push(format!("{}: evaluations", phase.name));
            columns.push(format!("{}: at its end", phase.name));
        }
        let row = |arm: &ArmTrials| {
            let mut cells = vec![arm.arm.label().to_owned()];
            for index in 0..self.course.phases.len() {
                for name in [evaluations_in_phase(index), error_after_phase(index)] {
                    cells.push(short(median(&arm.values(&self.design.metric(&name)))));
                }
            }
            cells
        };
        self.figure(
            "phases",
            "Phase by phase",
            format!(
                "Medians over seeds: evaluations from the beginning of the phase to its target, at most its length, and {} at \
                 its end.",
                self.design.study.metrics[0].label()
            ),
            FigureContent::Table { columns, rows: all.iter().map(row).collect() },
        )
    }

    /// The modulators of an arm that has them.
    fn modulators(&self, arm: &ArmTrials) -> Option<Figure> {
        let series = modulator_lines(arm)?;
        Some(self.figure(
            "modulators",
            &format!("The modulators of {}", arm.arm.label()),
            "Median and quartiles over seeds. A surprise sets the horizon back to zero.".to_owned(),
            FigureContent::Curves { x: self.stream_axis(), y: axis("level", true), series, references: Vec::new() },
        ))
    }
}
