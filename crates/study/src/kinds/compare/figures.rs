//! The pictures and tables of a comparison.

use super::prepared::PreparedSetting;
use crate::config::StudyConfig;
use crate::drawing::{axis, curve, groups, modulator_lines, search_table};
use crate::metric::{self, Metric, evaluations_to};
use crate::number::{brackets, short};
use crate::outcome::{Figure, FigureContent, TrajectoryPanel};
use crate::trial::ArmTrials;
use crate::tuning::TuningRecord;
use tegmentum::data::task::{Problem, Series};
use tegmentum::evidence::evaluation::{FREE_RUN_WARM_UP, free_run};
use tegmentum::evidence::statistics::{RESAMPLES, bootstrap_probability_of_improvement, median};
use tegmentum::random::Key;

/// All figures of a comparison, setting by setting.
pub(super) fn draw(
    study: &StudyConfig,
    settings: &[PreparedSetting],
    all: &[ArmTrials],
    tuning: &[TuningRecord],
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (setting, prepared) in settings.iter().enumerate() {
        let arms: Vec<&ArmTrials> = all.iter().filter(|arm| arm.setting == setting).collect();
        let page = Page { study, prepared, several: settings.len() > 1 };
        figures.push(page.learning_curves(&arms));
        figures.extend(page.targets(&arms));
        figures.push(page.distribution(&arms));
        figures.extend(page.modulators(&arms));
        figures.extend(page.attractors(&arms));
        figures.extend(page.improvement(&arms));
        figures.push(page.costs(&arms, tuning));
    }
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

/// One setting of a study.
struct Page<'a> {
    study: &'a StudyConfig,
    prepared: &'a PreparedSetting,
    several: bool,
}

impl Page<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        let name = &self.prepared.setting.name;
        let title = if self.several { format!("{title}: {name}") } else { title.to_owned() };
        Figure { id: format!("{}-{name}-{id}", self.study.name), title, caption, content }
    }

    fn learning_curves(&self, arms: &[&ArmTrials]) -> Figure {
        let metric = self.study.metrics[0];
        let series = arms.iter().map(|arm| curve(arm.arm.label(), &arm.trials, |point| point.metrics[0])).collect();
        let references = self.study.targets.iter().map(|target| ("target".to_owned(), *target)).collect();
        let n = arms.first().map_or(0, |arm| arm.trials.len());
        self.figure(
            "learning",
            "Learning curves",
            format!(
                "Median over {n} seeds, band from the first to the third quartile. One loss evaluation is one forward pass \
                 of a batch; a step of node perturbation or backpropagation counts three."
            ),
            FigureContent::Curves {
                x: axis("loss evaluations", true),
                y: axis(metric.label(), !metric.larger_is_better()),
                series,
                references,
            },
        )
    }

    fn targets(&self, arms: &[&ArmTrials]) -> Vec<Figure> {
        let metric = self.study.metrics[0];
        let draw = |&target: &f64| {
            let metric_to = evaluations_to(target);
            self.figure(
                &metric_to.name,
                &format!("Evaluations until {} reached {target}", metric.label()),
                "One point for each seed; box from the first to the third quartile.".to_owned(),
                FigureContent::Distribution {
                    axis: axis("loss evaluations", true),
                    groups: groups(arms, &metric_to),
                    references: Vec::new(),
                },
            )
        };
        self.study.targets.iter().map(draw).collect()
    }

    fn distribution(&self, arms: &[&ArmTrials]) -> Figure {
        let metric = self.study.metrics[0];
        self.figure(
            "final",
            &format!("Final {}", metric.label()),
            if self.study.stop_at_target {
                "At the end of each run; a run ends when its target is reached.".to_owned()
            } else {
                format!("After {} evaluations, one point for each seed.", self.prepared.budget)
            },
            FigureContent::Distribution {
                axis: axis(metric.label(), !metric.larger_is_better()),
                groups: groups(arms, &Metric::from(metric)),
                references: Vec::new(),
            },
        )
    }

    /// The modulators of the first arm that has them.
    fn modulators(&self, arms: &[&ArmTrials]) -> Option<Figure> {
        let (arm, series) = arms.iter().find_map(|arm| Some((arm, modulator_lines(arm)?)))?;
        Some(self.figure(
            "modulators",
            &format!("The modulators of {}", arm.arm.label()),
            "Median and quartiles over seeds. Nothing here was set by hand: the rate follows the slow prediction error."
                .to_owned(),
            FigureContent::Curves {
                x: axis("loss evaluations", true),
                y: axis("level", true),
                series,
                references: Vec::new(),
            },
        ))
    }

    /// The true attractor and the free runs of the arms, side by side, for the first seed.
    fn attractors(&self, arms: &[&ArmTrials]) -> Option<Figure> {
        let Problem::Series(series) = &*self.prepared.problem else { return None };
        let steps = 1500.min(series.test.len().saturating_sub(FREE_RUN_WARM_UP + 1));
        let (x_label, y_label) = coordinates(series);
        let run = |parameters: &[f32]| {
            let network = &*self.prepared.network;
            free_run(network, parameters, series, series.test.start, FREE_RUN_WARM_UP, steps)
        };
        let mut panels = vec![TrajectoryPanel {
            title: "truth".to_owned(),
            paths: vec![path(series, &run(arms.iter().find_map(|arm| solution(arm))?).truth)],
        }];
        // The first arm, which a study is about, and the last ones, which it is compared with in the end.
        let (first, others) = arms.split_first()?;
        for arm in std::iter::once(first).chain(&others[others.len().saturating_sub(4)..]) {
            let Some(solution) = solution(arm) else { continue };
            let paths = vec![path(series, &run(solution).predicted)];
            panels.push(TrajectoryPanel { title: arm.arm.name.replace('_', " "), paths });
        }
        Some(self.figure(
            "attractor",
            "True and predicted attractor",
            format!(
                "Free runs of {steps} steps after {FREE_RUN_WARM_UP} steps of warm-up on test data: the network reads its own \
                 predictions. First seed, no selection. The shape can be right long after the timing is lost."
            ),
            FigureContent::Trajectories { x: axis(&x_label, false), y: axis(&y_label, false), panels },
        ))
    }

    /// How probable it is that a run of each arm beats one of the first arm.
    fn improvement(&self, arms: &[&ArmTrials]) -> Option<Figure> {
        let (first, others) = arms.split_first().filter(|(_, others)| !others.is_empty())?;
        let metric = match self.study.targets.first() {
            Some(&target) if self.study.stop_at_target => evaluations_to(target),
            _ => Metric::from(self.study.metrics[0]),
        };
        let sign = if metric.is_larger_better() { -1.0 } else { 1.0 };
        let values = |arm: &ArmTrials| -> Vec<f64> { arm.values(&metric).iter().map(|value| sign * value).collect() };
        let mine = values(first);
        let rows = others.iter().map(|arm| {
            let theirs = values(arm);
            let key = Key::from_seed(1);
            let chance = bootstrap_probability_of_improvement(&[(&mine, &theirs)], RESAMPLES, key);
            vec![arm.arm.label().to_owned(), short(chance.value), brackets(chance.ci95)]
        });
        Some(self.figure(
            "improvement",
            &format!("Probability that {} beats …", first.arm.label()),
            format!(
                "On {}, over all pairs of seeds; a tie counts half. Below 0.5 the other arm is better.",
                metric.title
            ),
            FigureContent::Table {
                columns: ["other arm", "probability", "95 % interval"].map(str::to_owned).to_vec(),
                rows: rows.collect(),
            },
        ))
    }

    fn costs(&self, arms: &[&ArmTrials], tuning: &[TuningRecord]) -> Figure {
        let [evaluations, state_bytes, _] = metric::costs();
        let rows = arms.iter().map(|arm| {
            let spent = median(&arm.values(&evaluations));
            let rate = tuning.iter().find(|record| record.arm == arm.name).map(|record| &record.points[record.chosen]);
            let rate = match rate.map(|point| (point.learning_rate, point.perturbation_scale)) {
                Some((Some(rate), Some(scale))) => format!("{}, scale {}", short(rate), short(scale)),
                Some((Some(rate), None)) => short(rate),
                Some((None, Some(scale))) => format!("scale {}", short(scale)),
                _ => "not tuned".to_owned(),
            };
            vec![
                arm.arm.label().to_owned(),
                rate,
                short(spent),
                short(spent * self.prepared.operations() as f64),
                short(median(&arm.values(&state_bytes)) / 1024.0),
                short(arm.mean_seconds()),
            ]
        });
        self.figure(
            "cost",
            "What a run cost",
            "Medians over seeds; processor seconds are means. Operations: two for each weight, example and step of a forward \
             pass. Training state: parameters, the learner's vectors and what is in flight, without the data."
                .to_owned(),
            FigureContent::Table {
                columns: ["arm", "tuned rate", "evaluations", "operations", "training state (KiB)", "processor seconds"]
                    .map(str::to_owned)
                    .to_vec(),
                rows: rows.collect(),
            },
        )
    }
}

/// The model of the first run of an arm that was not lost.
fn solution(arm: &ArmTrials) -> Option<&[f32]> {
    arm.trials.iter().map(|trial| trial.solution.as_slice()).find(|solution| !solution.is_empty())
}

/// What is drawn of a series: two channels that show the shape, or one against its past.
fn coordinates(series: &Series) -> (String, String) {
    match &series.channels[..] {
        [first, _, third] => (first.clone(), third.clone()),
        [first, second, ..] => (first.clone(), second.clone()),
        [only] => (format!("{only} (10 steps before)"), only.clone()),
        [] => (String::new(), String::new()),
    }
}

fn path(series: &Series, rows: &[f32]) -> Vec<[f64; 2]> {
    let channels = series.channels.len();
    let value = |row: &[f32], channel: usize| {
        f64::from(row[channel]) * series.standard_deviation[channel] + series.mean[channel]
    };
    let rows: Vec<&[f32]> = rows.chunks_exact(channels).collect();
    let points: Vec<[f64; 2]> = if channels == 1 {
        rows.windows(11).map(|window| [value(window[0], 0), value(window[10], 0)]).collect()
    } else {
        let second = if channels == 3 { 2 } else { 1 };
        rows.iter().map(|row| [value(row, 0), value(row, second)]).collect()
    };
    points.into_iter().take_while(|point| point.iter().all(|value| value.is_finite())).collect()
}
