//! The pictures and tables of a study of behaviour.

use crate::drawing::{axis, changes, groups, runs_panel, search_table};
use crate::execution::Design;
use crate::metric::Metric;
use crate::number::short;
use crate::outcome::{Axis, CurveSeries, Figure, FigureContent, RasterPanel};
use crate::trial::{ArmTrials, Point};
use crate::tuning::TuningRecord;
use tegmentum::behaviour::agent::Raster;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::evidence::statistics::{median, quantile};

/// All figures.
pub(super) fn draw(
    design: &Design<'_>,
    environment: &EnvironmentConfig,
    all: &[ArmTrials],
    tuning: &[TuningRecord],
) -> Vec<Figure> {
    let page = Page { design, environment };
    let (title, share) = page.correct();
    let mut figures = vec![
        page.over_trials(all, "correct", title, share, 0),
        page.runs(all),
        page.over_trials(all, "entropy", "Entropy of the policy", "entropy of the choice (bits)", 1),
    ];
    figures.extend(all.iter().filter(|arm| arm.arm.neuromodulation.is_some()).map(|arm| page.modulators(arm)));
    figures.extend(all.iter().filter_map(|arm| page.raster(arm)));
    figures.extend(design.metrics.first().map(|metric| page.first_score(metric, all)));
    figures.push(page.scores(all));
    if !tuning.is_empty() {
        figures.push(search_table(tuning));
    }
    figures
}

struct Page<'a> {
    design: &'a Design<'a>,
    environment: &'a EnvironmentConfig,
}

impl Page<'_> {
    fn figure(&self, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
        Figure { id: format!("{}-{id}", self.design.study.name), title: title.to_owned(), caption, content }
    }

    fn events(&self) -> String {
        let events = self.environment.events();
        if events.is_empty() {
            return String::new();
        }
        let texts: Vec<String> = events.iter().map(|(trial, name)| format!("{name} at trial {trial}")).collect();
        format!(" What changes, untold: {}.", texts.join("; "))
    }

    /// What a correct trial is, as a title and as a share: of an answer that is a number, one that is near enough.
    fn correct(&self) -> (&'static str, &'static str) {
        match self.design.metrics.first() {
            Some(metric) if metric.name == "error" => {
                ("Answers near the truth", "share of answers within the noise of the mean")
            }
            _ => ("Correct responses", "share of correct trials"),
        }
    }

    fn over_trials(&self, all: &[ArmTrials], id: &str, title: &str, label: &str, metric: usize) -> Figure {
        let series: Vec<CurveSeries> =
            all.iter().map(|arm| mean_curve(arm.arm.label(), arm, |point| point.metrics[metric])).collect();
        let has_values = |series: &CurveSeries| !series.x.is_empty();
        self.figure(
            id,
            title,
            format!(
                "Mean over {} seeds with its 95 % interval, averaged over neighbouring trials.{}",
                self.design.study.seeds.count,
                self.events()
            ),
            FigureContent::Curves {
                x: Axis { marks: changes(self.environment), ..axis("trials", false) },
                y: axis(label, false),
                series: series.into_iter().filter(has_values).collect(),
                references: Vec::new(),
            },
        )
    }

    /// Every run, because two ways to end are not seen in a mean.
    fn runs(&self, all: &[ArmTrials]) -> Figure {
        let panel = |arm: &ArmTrials| runs_panel(arm.arm.label(), arm, |point| point.metrics[0]);
        let (title, share) = self.correct();
        self.figure(
            "runs",
            &format!("{title}, run by run"),
            format!("A thin line is a run, the thick one their mean.{}", self.events()),
            FigureContent::Runs {
                x: Axis { marks: changes(self.environment), ..axis("trials", false) },
                y: axis(share, false),
                panels: all.iter().map(panel).collect(),
            },
        )
    }

    /// The spikes of the first run of an arm around the first change, for agents that have them.
    fn raster(&self, arm: &ArmTrials) -> Option<Figure> {
        let trial = arm.trials.first().filter(|trial| !trial.rasters.is_empty())?;
        let (_, first) = trial.rasters.first()?;
        let panel = |(number, raster): &(u64, Raster)| RasterPanel {
            title: format!("trial {}", number + 1),
            duration: raster.duration,
            spikes: raster.spikes.clone(),
        };
        Some(self.figure(
            &format!("raster-{}", arm.arm.name),
            &format!("Spikes of {}", arm.arm.label()),
            format!("Three trials of the first seed, no selection.{}", self.events()),
            FigureContent::Raster {
                populations: first.populations.clone(),
                cells: first.cells,
                x: axis("time in the trial (ms)", false),
                panels: trial.rasters.iter().map(panel).collect(),
            },
        ))
    }

    fn modulators(&self, arm: &ArmTrials) -> Figure {
        let level = |name: &str, pick: fn(&tegmentum::learning::optimizer::Levels) -> f64| {
            mean_curve(name, arm, |point| point.levels.as_ref().map_or(f64::NAN, pick))
        };
        let series = vec![
            level("dopamine", |levels| levels.dopamine),
            level("acetylcholine", |levels| levels.acetylcholine),
            level("serotonin", |levels| levels.serotonin),
            level("noradrenaline", |levels| levels.noradrenaline),
        ];
        self.figure(
            &format!("modulators-{}", arm.arm.name),
            &format!("The modulators of {}", arm.arm.label()),
            format!(
                "Levels over trials, mean over seeds with its 95 % interval; what a unit is, each nucleus says.{}",
                self.events()
            ),
            FigureContent::Curves {
                x: Axis { marks: changes(self.environment), ..axis("trials", false) },
                y: axis("level", false),
                series: series.into_iter().filter(|series| series.y.iter().any(|&y| y != 0.0)).collect(),
                references: Vec::new(),
            },
        )
    }

    fn first_score(&self, metric: &Metric, all: &[ArmTrials]) -> Figure {
        let arms: Vec<&ArmTrials> = all.iter().collect();
        self.figure(
            "score",
            &metric.title,
            "One point for each seed; box from the first to the third quartile.".to_owned(),
            FigureContent::Distribution {
                axis: axis(&metric.title, false),
                groups: groups(&arms, metric),
                references: Vec::new(),
            },
        )
    }

    fn scores(&self, all: &[ArmTrials]) -> Figure {
        let rows = self.design.metrics.iter().map(|metric| {
            let cell = |arm: &ArmTrials| {
                if !arm.has(metric) {
                    return "none".to_owned();
                }
                let values = arm.values(metric);
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let spread = [quantile(&values, 0.25), quantile(&values, 0.75)].map(short);
                format!("{} · {} [{}, {}]", short(mean), short(median(&values)), spread[0], spread[1])
            };
            std::iter::once(metric.title.clone()).chain(all.iter().map(cell)).collect()
        });
        let columns = std::iter::once("score".to_owned()).chain(all.iter().map(|arm| arm.arm.label().to_owned()));
        self.figure(
            "scores",
            "All scores",
            "Mean · median [first, third quartile] over seeds. None: what the score is about does not occur in this study."
                .to_owned(),
            FigureContent::Table { columns: columns.collect(), rows: rows.collect() },
        )
    }
}

/// Mean over seeds at each point of the curves, with the normal 95 % interval of the mean. Seeds without a value at a point are
/// left out there.
fn mean_curve(label: &str, arm: &ArmTrials, pick: impl Fn(&Point) -> f64) -> CurveSeries {
    let longest = arm.trials.iter().map(|trial| trial.curve.len()).max().unwrap_or(0);
    let mut series = CurveSeries { label: label.to_owned(), x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for index in 0..longest {
        let points = || arm.trials.iter().filter_map(|trial| trial.curve.get(index));
        let values: Vec<f64> = points().map(&pick).filter(|value| value.is_finite()).collect();
        let Some(x) = points().map(|point| point.x).max().filter(|_| !values.is_empty()) else { continue };
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let half = 1.96 * (variance / n).sqrt();
        series.x.push(x as f64);
        series.y.push(mean);
        series.lower.push(mean - half);
        series.upper.push(mean + half);
    }
    series
}
