//! The pictures and tables of a comparison.

use super::config::{StudyConfig, evaluations_to};
use super::outcome::{Axis, CurveSeries, DistributionGroup, Figure, FigureContent, RunsPanel, TrajectoryPanel};
use super::run::ArmTrials;
use super::trial::{Stage, Trial};
use super::tuning::TuningRecord;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::task::{Problem, Series};
use tegmentum::evidence::evaluation::{FREE_RUN_WARM_UP, free_run};
use tegmentum::evidence::statistics::{RESAMPLES, bootstrap_probability_of_improvement, median, quantile};
use tegmentum::random::Key;

/// A number with three significant digits, for people.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !value.is_finite() {
        if value.is_nan() {
            "–".to_owned()
        } else if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        }
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// An axis.
pub(crate) fn axis(label: &str, logarithmic: bool) -> Axis {
    Axis { label: label.to_owned(), logarithmic, marks: Vec::new() }
}

/// What changes in an environment and when, as marks of an axis.
pub(crate) fn changes(environment: &EnvironmentConfig) -> Vec<(String, f64)> {
    environment.events().into_iter().map(|(trial, name)| (name, trial as f64)).collect()
}

/// All figures of a comparison, setting by setting.
pub(crate) fn compare(
    study: &StudyConfig,
    stages: &[Stage],
    all: &[ArmTrials],
    tuning: &[TuningRecord],
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (setting, stage) in stages.iter().enumerate() {
        let arms: Vec<&ArmTrials> = all.iter().filter(|arm| arm.setting == setting).collect();
        let place = Place { study, stage, several: stages.len() > 1 };
        figures.push(place.learning_curves(&arms));
        figures.extend(place.targets(&arms));
        figures.push(place.distribution(&arms));
        figures.extend(place.modulators(&arms));
        figures.extend(place.attractors(&arms));
        figures.extend(place.improvement(&arms));
        figures.push(place.costs(&arms, tuning));
    }
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

/// One setting of a study.
struct Place<'a> {
    study: &'a StudyConfig,
    stage: &'a Stage,
    several: bool,
}

impl Place<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        let name = &self.stage.setting.name;
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
            let name = evaluations_to(target);
            self.figure(
                &name,
                &format!("Evaluations until {} reached {target}", metric.label()),
                "One point for each seed; box from the first to the third quartile.".to_owned(),
                FigureContent::Distribution {
                    axis: axis("loss evaluations", true),
                    groups: groups(arms, &name),
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
                format!("After {} evaluations, one point for each seed.", self.stage.budget)
            },
            FigureContent::Distribution {
                axis: axis(metric.label(), !metric.larger_is_better()),
                groups: groups(arms, metric.name()),
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
        let Problem::Series(series) = &*self.stage.problem else { return None };
        let steps = 1500.min(series.test.len().saturating_sub(FREE_RUN_WARM_UP + 1));
        let (x_label, y_label) = coordinates(series);
        let run = |parameters: &[f32]| {
            let network = &*self.stage.network;
            free_run(network, parameters, series, series.test.start, FREE_RUN_WARM_UP, steps)
        };
        let mut panels = vec![TrajectoryPanel {
            title: "truth".to_owned(),
            paths: vec![path(series, &run(&arms.first()?.trials.first()?.solution).truth)],
        }];
        // The first arm, which a study is about, and the last ones, which it is compared with in the end.
        let (first, others) = arms.split_first()?;
        for arm in std::iter::once(first).chain(&others[others.len().saturating_sub(4)..]) {
            let predicted = run(&arm.trials.first()?.solution).predicted;
            panels
                .push(TrajectoryPanel { title: arm.arm.name.replace('_', " "), paths: vec![path(series, &predicted)] });
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
        let name = match self.study.targets.first() {
            Some(&target) if self.study.stop_at_target => evaluations_to(target),
            _ => self.study.metrics[0].name().to_owned(),
        };
        let sign = if super::run::larger_is_better(&name) { -1.0 } else { 1.0 };
        let values = |arm: &ArmTrials| -> Vec<f64> { arm.values(&name).iter().map(|value| sign * value).collect() };
        let mine = values(first);
        let rows = others.iter().map(|arm| {
            let theirs = values(arm);
            let key = Key::from_seed(1);
            let chance = bootstrap_probability_of_improvement(&[(&mine, &theirs)], RESAMPLES, key);
            vec![
                arm.arm.label().to_owned(),
                short(chance.value),
                format!("[{}, {}]", short(chance.ci95[0]), short(chance.ci95[1])),
            ]
        });
        Some(self.figure(
            "improvement",
            &format!("Probability that {} beats …", first.arm.label()),
            format!("On {name}, over all pairs of seeds; a tie counts half. Below 0.5 the other arm is better."),
            FigureContent::Table {
                columns: ["other arm", "probability", "95 % interval"].map(str::to_owned).to_vec(),
                rows: rows.collect(),
            },
        ))
    }

    fn costs(&self, arms: &[&ArmTrials], tuning: &[TuningRecord]) -> Figure {
        let rows = arms.iter().map(|arm| {
            let spent = median(&arm.values("evaluations"));
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
                short(spent * self.stage.operations() as f64),
                short(median(&arm.values("state_bytes")) / 1024.0),
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

/// The levels of an optimizer's modulators and its rate; `None` for an arm that has none.
pub(crate) fn modulator_lines(arm: &ArmTrials) -> Option<Vec<CurveSeries>> {
    if !arm.trials.iter().all(|trial| trial.curve.iter().any(|point| point.levels.is_some())) {
        return None;
    }
    let level = |name: &str, pick: fn(&tegmentum::learning::optimizer::Levels) -> f64| {
        curve(name, &arm.trials, |point| point.levels.as_ref().map_or(f64::NAN, pick))
    };
    Some(vec![
        level("serotonin: horizon (updates)", |levels| levels.serotonin),
        level("acetylcholine: expected size of a prediction error", |levels| levels.acetylcholine),
        level("noradrenaline: evidence of change (share of an alarm)", |levels| levels.noradrenaline),
        curve("learning rate (share of the weights)", &arm.trials, |point| point.learning_rate),
    ])
}

pub(crate) fn groups(arms: &[&ArmTrials], metric: &str) -> Vec<DistributionGroup> {
    let group = |arm: &&ArmTrials| {
        let values: Vec<f64> = arm.values(metric).into_iter().filter(|value| value.is_finite()).collect();
        DistributionGroup { label: arm.arm.label().to_owned(), failed: arm.trials.len() - values.len(), values }
    };
    arms.iter().map(group).collect()
}

/// Median and quartiles over seeds at each point of the curves. A run that has ended keeps its last value; points that
/// are not finite are left out.
pub(crate) fn curve(label: &str, trials: &[Trial], pick: impl Fn(&super::trial::Point) -> f64) -> CurveSeries {
    let longest = trials.iter().map(|trial| trial.curve.len()).max().unwrap_or(0);
    let mut series = CurveSeries { label: label.to_owned(), x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for index in 0..longest {
        let at = |trial: &Trial| trial.curve.get(index).or(trial.curve.last()).map_or(f64::NAN, &pick);
        let values: Vec<f64> = trials.iter().map(at).collect();
        let x = trials.iter().filter_map(|trial| trial.curve.get(index)).map(|point| point.evaluations).max();
        let three = [median(&values), quantile(&values, 0.25), quantile(&values, 0.75)];
        if let Some(x) = x.filter(|_| three.iter().all(|value| value.is_finite())) {
            series.x.push(x as f64);
            series.y.push(three[0]);
            series.lower.push(three[1]);
            series.upper.push(three[2]);
        }
    }
    series
}

/// Every run of an arm as a line, with their mean. A point of a run that has no value repeats the one
/// before; a run that begins without one is left out.
pub(crate) fn runs_panel(title: &str, arm: &ArmTrials, pick: impl Fn(&super::trial::Point) -> f64) -> RunsPanel {
    let longest = arm.trials.iter().max_by_key(|trial| trial.curve.len());
    let points = longest.map_or(0, |trial| trial.curve.len());
    let x = longest.map_or_else(Vec::new, |trial| trial.curve.iter().map(|p| p.evaluations as f64).collect());
    let run = |trial: &Trial| {
        let mut last = None;
        let mut values = Vec::with_capacity(points);
        for index in 0..points {
            let value = trial.curve.get(index).map(&pick).filter(|value| value.is_finite());
            last = value.or(last);
            values.extend(last);
        }
        values
    };
    let runs: Vec<Vec<f64>> = arm.trials.iter().map(run).filter(|run| run.len() == points).collect();
    let n = runs.len().max(1) as f64;
    let mean = 0..if runs.is_empty() { 0 } else { points };
    let mean = mean.map(|index| runs.iter().map(|run| run[index]).sum::<f64>() / n).collect();
    RunsPanel { title: title.to_owned(), x, mean, runs }
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

pub(crate) fn search_table(tuning: &[TuningRecord]) -> Figure {
    let mut rows = Vec::new();
    for record in tuning {
        for (index, point) in record.points.iter().enumerate() {
            let cell = |value: Option<f64>| value.map_or("–".to_owned(), short);
            let chosen = if index == record.chosen { "chosen" } else { "" };
            rows.push(vec![
                record.arm.clone(),
                cell(point.learning_rate),
                cell(point.perturbation_scale),
                cell(point.solved),
                cell(point.evaluations_to_target),
                cell(point.metric),
                chosen.to_owned(),
            ]);
        }
    }
    let heads = ["arm", "rate", "scale", "share solved", "evaluations to target", "first metric", ""];
    Figure {
        id: "search".to_owned(),
        title: "The search of rates".to_owned(),
        caption: "Every arm with a rate was searched on seeds of its own, with the budget of a reported run."
            .to_owned(),
        content: FigureContent::Table { columns: heads.map(str::to_owned).to_vec(), rows },
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (0.012_345, "0.0123"),
            (1.0, "1"),
            (12.345, "12.3"),
            (999.6, "1000"),
            (23_577.0, "23577"),
            (1.5e7, "1.50e7"),
            (1e-5, "1.00e-5"),
            (f64::INFINITY, "∞"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
