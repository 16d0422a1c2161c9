//! The pictures and tables of tasks that follow one another.

use super::{AVERAGE, CONTEXTS, FORGETTING, plan};
use crate::drawing::{axis, curve, groups, search_table};
use crate::execution::Design;
use crate::metric::STATE_BYTES;
use crate::number::{short, with_interval};
use crate::outcome::{Axis, CurveSeries, Figure, FigureContent, HeatCell, HeatColours};
use crate::trial::{ArmTrials, Point};
use crate::tuning::TuningRecord;
use tegmentum::evidence::statistics::{RESAMPLES, bootstrap, mean};
use tegmentum::learning::continual::Told;
use tegmentum::learning::optimizer::Levels;
use tegmentum::random::Key;

/// Where the accuracies on single tasks begin among what is measured along a run.
const FIRST_TASK: usize = super::CURVES.len();

/// All figures.
pub(super) fn draw(design: &Design<'_>, all: &[ArmTrials], tuning: &[TuningRecord]) -> Vec<Figure> {
    let page = Page { design };
    let (lesions, whole): (Vec<&ArmTrials>, Vec<&ArmTrials>) = all.iter().partition(|arm| arm.arm.lesion_of.is_some());
    let so_far = |point: &Point| point.metrics[0];
    let mut figures = vec![page.over_time("accuracy", "What is known of the tasks so far", &whole, so_far)];
    figures.extend(all.iter().find_map(|arm| page.modulators(arm)));
    if !lesions.is_empty() {
        let is_whole =
            |arm: &&ArmTrials| lesions.iter().any(|lesion| lesion.arm.lesion_of.as_ref() == Some(&arm.arm.name));
        let arms: Vec<&ArmTrials> = all.iter().filter(is_whole).chain(lesions.iter().copied()).collect();
        figures.push(page.over_time("lesions", "The same under lesions", &arms, so_far));
    }
    figures.extend(page.shown_apart(all).into_iter().map(|arm| page.matrix(arm)));
    figures.push(page.over_time("now", "The task that is on", &whole, |point| point.metrics[1]));
    figures.extend(page.contexts(all));
    figures.push(page.distribution(all));
    figures.push(page.comparison(all));
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

struct Page<'a> {
    design: &'a Design<'a>,
}

impl Page<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        Figure { id: format!("{}-{id}", self.design.study.name), title: title.to_owned(), caption, content }
    }

    /// The evaluations, with the beginnings of the phases marked.
    fn stream_axis(&self) -> Axis {
        let names = plan::names(self.design.study);
        let tasks = plan::distinct(self.design.study);
        let mut begins = 0;
        let mut marks = Vec::new();
        for phase in &self.design.study.phase {
            let place = tasks.iter().position(|task| **task == phase.task).unwrap_or(0);
            marks.push((names[place].clone(), begins as f64));
            begins += phase.budget;
        }
        Axis { marks: marks.split_off(1), ..axis("forward-equivalents of a batch", false) }
    }

    fn over_time(&self, id: &str, title: &str, arms: &[&ArmTrials], pick: impl Fn(&Point) -> f64 + Copy) -> Figure {
        let n = arms.first().map_or(0, |arm| arm.trials.len());
        let caption = format!(
            "Mean test accuracy; median over {n} seeds, band from the first to the third quartile. At each point the examples of every \
             task are asked one by one; only arms that are told tasks know which one an example is of."
        );
        let series = arms.iter().map(|arm| curve(arm.arm.label(), &arm.trials, pick)).collect();
        let (x, y) = (self.stream_axis(), axis("accuracy", false));
        self.figure(id, title, caption, FigureContent::Curves { x, y, series, references: Vec::new() })
    }

    /// The arms whose matrices are drawn: the first, and the best of the others.
    fn shown_apart<'b>(&self, all: &'b [ArmTrials]) -> Vec<&'b ArmTrials> {
        let average = self.design.metric(AVERAGE);
        let score = |arm: &ArmTrials| mean(&arm.values(&average));
        let others = all.iter().skip(1).filter(|arm| arm.arm.lesion_of.is_none());
        let best = others.max_by(|a, b| score(a).total_cmp(&score(b)));
        all.iter().take(1).chain(best).collect()
    }

    /// The accuracy on every task at the end of every phase.
    fn matrix(&self, arm: &ArmTrials) -> Figure {
        let study = self.design.study;
        let tasks = plan::names(study);
        let mut end = 0;
        let (mut rows, mut cells) = (Vec::new(), Vec::new());
        for (index, phase) in study.phase.iter().enumerate() {
            end += phase.budget;
            rows.push(format!("after phase {}", index + 1));
            let cell = |task: usize| {
                let at = |trial: &crate::trial::Trial| {
                    trial.curve.iter().rfind(|point| point.x <= end).map(|point| point.metrics[FIRST_TASK + task])
                };
                let values: Vec<f64> = arm.trials.iter().filter_map(at).collect();
                let detail = format!("{} to {}", short(least(&values)), short(-least(&negated(&values))));
                HeatCell { value: Some(mean(&values)), detail }
            };
            cells.push((0..tasks.len()).map(cell).collect());
        }
        self.figure(
            &format!("matrix-{}", arm.arm.name),
            &format!("Accuracy matrix of {}", arm.arm.label()),
            "Mean accuracy on the test part of each task (columns) when a phase was over (rows), with the least and the greatest of the \
             seeds. A column that grows pale downwards is forgetting."
                .to_owned(),
            FigureContent::HeatMap {
                colours: HeatColours::Columns { reversed: vec![false; tasks.len()] },
                columns: tasks,
                rows,
                cells,
            },
        )
    }

    /// The contexts of the arms that look for them.
    fn contexts(&self, all: &[ArmTrials]) -> Option<Figure> {
        let looks = |arm: &&ArmTrials| arm.has(&self.design.metric(CONTEXTS));
        let series: Vec<CurveSeries> =
            all.iter().filter(looks).map(|arm| curve(arm.arm.label(), &arm.trials, |point| point.metrics[2])).collect();
        let content = FigureContent::Curves {
            x: self.stream_axis(),
            y: axis("contexts", false),
            references: vec![("tasks".to_owned(), plan::distinct(self.design.study).len() as f64)],
            series: (!series.is_empty()).then_some(series)?,
        };
        let caption = "Contexts that were found; median and quartiles over seeds.".to_owned();
        Some(self.figure("contexts", "Contexts over time", caption, content))
    }

    /// The levels of the modulators of an arm that has them.
    fn modulators(&self, arm: &ArmTrials) -> Option<Figure> {
        if !arm.trials.iter().all(|trial| trial.curve.iter().any(|point| point.levels.is_some())) {
            return None;
        }
        let level = |name: &str, pick: fn(&Levels) -> f64| {
            curve(name, &arm.trials, |point| point.levels.as_ref().map_or(f64::NAN, pick))
        };
        let series = vec![
            level("dopamine", |levels| levels.dopamine),
            level("acetylcholine", |levels| levels.acetylcholine),
            level("serotonin", |levels| levels.serotonin),
            level("noradrenaline: evidence of another context (share of an alarm)", |levels| levels.noradrenaline),
        ];
        let content =
            FigureContent::Curves { x: self.stream_axis(), y: axis("level", false), series, references: Vec::new() };
        let caption =
            "Median and quartiles over seeds at the looks; an alarm takes noradrenaline back to zero at once."
                .to_owned();
        Some(self.figure("modulators", &format!("The modulators of {}", arm.arm.label()), caption, content))
    }

    fn distribution(&self, all: &[ArmTrials]) -> Figure {
        let arms: Vec<&ArmTrials> = all.iter().collect();
        let groups = groups(&arms, &self.design.metric(AVERAGE));
        self.figure(
            "average",
            "What is known of all tasks at the end",
            "One point for each seed; box from the first to the third quartile.".to_owned(),
            FigureContent::Distribution { axis: axis("average accuracy", false), groups, references: Vec::new() },
        )
    }

    /// Every arm in numbers, with what it is told.
    fn comparison(&self, all: &[ArmTrials]) -> Figure {
        let shown: Vec<_> =
            self.design.metrics.iter().filter(|metric| super::SHOWN.contains(&metric.name.as_str())).collect();
        let rows = all.iter().map(|arm| {
            let mut cells = vec![arm.arm.label().to_owned(), told(arm).to_owned()];
            for metric in &shown {
                let values = arm.values(metric);
                let has_all = arm.has(metric) && values.iter().all(|value| value.is_finite());
                cells.push(match metric.name.as_str() {
                    _ if !has_all => "–".to_owned(),
                    AVERAGE | FORGETTING => {
                        let key = Key::from_seed(values.len() as u64);
                        let estimate = bootstrap(&values, mean, RESAMPLES, key);
                        with_interval(estimate.value, estimate.ci95)
                    }
                    _ => short(mean(&values)),
                });
            }
            cells.push(short(mean(&arm.values(&self.design.metric(STATE_BYTES)))));
            cells
        });
        let titles = shown.iter().map(|metric| metric.title.clone());
        let heads = ["arm".to_owned(), "told".to_owned()].into_iter().chain(titles);
        let columns = heads.chain(["bytes of state".to_owned()]).collect();
        self.figure(
            "comparison",
            "All arms",
            "Means over seeds, the first two with their 95 % interval. Bytes: weights, what is kept about them, examples, recognisers."
                .to_owned(),
            FigureContent::Table { columns, rows: rows.collect() },
        )
    }
}

/// What an arm is told besides examples with their classes.
fn told(arm: &ArmTrials) -> &'static str {
    let learner = arm.arm.continual.as_ref().and_then(|learner| learner.build(1, 2, Key::from_seed(0)).ok());
    match learner.map_or(Told::Nothing, |learner| learner.told()) {
        Told::Nothing => "nothing",
        Told::Boundaries => "when a task begins",
        Told::Tasks => "the task, also at test",
        Told::Everything => "all tasks at once",
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}
