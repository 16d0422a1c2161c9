//! What the figures of all kinds of studies are drawn with.

use super::metric::Metric;
use super::names::make_unique;
use super::number::short;
use super::outcome::{
    Axis, Bar, CurveSeries, DistributionGroup, Figure, FigureContent, HeatCell, RunsPanel, TrajectoryPanel,
};
use super::trial::{ArmTrials, Point, Trial};
use super::tuning::TuningRecord;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::evidence::statistics::{median, quantile};
use tegmentum::learning::optimizer::Levels;

/// An axis.
pub(crate) fn axis(label: &str, logarithmic: bool) -> Axis {
    Axis { label: label.to_owned(), logarithmic, marks: Vec::new() }
}

/// What changes in an environment and when, as marks of an axis.
pub(crate) fn changes(environment: &EnvironmentConfig) -> Vec<(String, f64)> {
    environment.events().into_iter().map(|(trial, name)| (name, trial as f64)).collect()
}

/// The levels of an optimizer's modulators and its rate; `None` for an arm that has none.
pub(crate) fn modulator_lines(arm: &ArmTrials) -> Option<Vec<CurveSeries>> {
    if !arm.trials.iter().all(|trial| trial.curve.iter().any(|point| point.levels.is_some())) {
        return None;
    }
    let level = |name: &str, pick: fn(&Levels) -> f64| {
        curve(name, &arm.trials, |point| point.levels.as_ref().map_or(f64::NAN, pick))
    };
    Some(vec![
        level("serotonin: horizon (updates)", |levels| levels.serotonin),
        level("acetylcholine: expected size of a prediction error", |levels| levels.acetylcholine),
        level("noradrenaline: evidence of change (share of an alarm)", |levels| levels.noradrenaline),
        curve("learning rate (share of the weights)", &arm.trials, |point| point.learning_rate),
    ])
}

/// The values of every arm.
pub(crate) fn groups(arms: &[&ArmTrials], metric: &Metric) -> Vec<DistributionGroup> {
    let group = |arm: &&ArmTrials| {
        let values: Vec<f64> = arm.values(metric).into_iter().filter(|value| value.is_finite()).collect();
        DistributionGroup { label: arm.arm.label().to_owned(), failed: arm.trials.len() - values.len(), values }
    };
    arms.iter().map(group).collect()
}

/// Median and quartiles over seeds at each point of the curves. A run that has ended keeps its last value; points that
/// are not finite are left out.
pub(crate) fn curve(label: &str, trials: &[Trial], pick: impl Fn(&Point) -> f64) -> CurveSeries {
    let longest = trials.iter().map(|trial| trial.curve.len()).max().unwrap_or(0);
    let mut series = CurveSeries { label: label.to_owned(), x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for index in 0..longest {
        let at = |trial: &Trial| trial.curve.get(index).or(trial.curve.last()).map_or(f64::NAN, &pick);
        let values: Vec<f64> = trials.iter().map(at).collect();
        let x = trials.iter().filter_map(|trial| trial.curve.get(index)).map(|point| point.x).max();
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
pub(crate) fn runs_panel(title: &str, arm: &ArmTrials, pick: impl Fn(&Point) -> f64) -> RunsPanel {
    let longest = arm.trials.iter().max_by_key(|trial| trial.curve.len());
    let points = longest.map_or(0, |trial| trial.curve.len());
    let x = longest.map_or_else(Vec::new, |trial| trial.curve.iter().map(|p| p.x as f64).collect());
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

/// A table with its heads.
pub(crate) fn table(id: &str, title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Figure {
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: String::new(),
        content: FigureContent::Table { columns: columns.iter().map(|&column| column.to_owned()).collect(), rows },
    }
}

/// The searches of all arms.
pub(crate) fn search_table(tuning: &[TuningRecord]) -> Figure {
    let mut rows = Vec::new();
    let has_strength = tuning.iter().flat_map(|record| &record.points).any(|point| point.strength.is_some());
    for record in tuning {
        for (index, point) in record.points.iter().enumerate() {
            let cell = |value: Option<f64>| value.map_or("–".to_owned(), short);
            let chosen = if index == record.chosen { "chosen" } else { "" };
            let strength = has_strength.then(|| cell(point.strength));
            let head = [record.arm.clone(), cell(point.learning_rate), cell(point.perturbation_scale)];
            let tail = [cell(point.solved), cell(point.evaluations_to_target), cell(point.metric), chosen.to_owned()];
            rows.push(head.into_iter().chain(strength).chain(tail).collect());
        }
    }
    let heads = ["arm", "rate", "scale"].into_iter().chain(has_strength.then_some("strength"));
    let heads = heads.chain(["share solved", "evaluations to target", "first metric", ""]);
    Figure {
        id: "search".to_owned(),
        title: "The search of rates".to_owned(),
        caption: "Every arm with a rate was searched on seeds of its own, with the budget of a reported run."
            .to_owned(),
        content: FigureContent::Table { columns: heads.map(str::to_owned).collect(), rows },
    }
}

/// Makes figures fit to be written and read back: identifiers are names of files, each of its own, and no number is NaN or
/// infinite. Figures without anything to show are left out.
pub(crate) fn finish(figures: Vec<Figure>) -> Vec<Figure> {
    let tidy = |mut figure: Figure| {
        figure.content = tidied(figure.content);
        figure
    };
    let mut figures: Vec<Figure> = figures.into_iter().map(tidy).filter(|figure| shows(&figure.content)).collect();
    make_unique(figures.iter_mut().map(|figure| &mut figure.id));
    figures
}

/// Whether there is anything in a picture.
fn shows(content: &FigureContent) -> bool {
    match content {
        FigureContent::Curves { series, .. } => !series.is_empty(),
        FigureContent::Distribution { groups, .. } => groups.iter().any(|group| !group.values.is_empty()),
        FigureContent::Runs { panels, .. } => panels.iter().any(|panel| !panel.runs.is_empty()),
        _ => true,
    }
}

/// The content without numbers that are not finite.
fn tidied(content: FigureContent) -> FigureContent {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let named = |lines: Vec<(String, f64)>| lines.into_iter().filter(|line| line.1.is_finite()).collect();
    match content {
        FigureContent::Curves { x, y, series, references } => {
            let series = series.into_iter().map(tidied_line).filter(|line| !line.x.is_empty()).collect();
            FigureContent::Curves { x: tidied_axis(x), y: tidied_axis(y), series, references: named(references) }
        }
        FigureContent::Distribution { axis, mut groups, references } => {
            for group in &mut groups {
                group.values.retain(|value| value.is_finite());
            }
            FigureContent::Distribution { axis: tidied_axis(axis), groups, references: named(references) }
        }
        FigureContent::Runs { x, y, panels } => {
            let is_whole = |run: &Vec<f64>| run.iter().all(|value| value.is_finite());
            let panel = |panel: RunsPanel| RunsPanel {
                runs: panel.runs.into_iter().filter(is_whole).collect(),
                mean: if is_whole(&panel.mean) { panel.mean } else { Vec::new() },
                ..panel
            };
            FigureContent::Runs {
                x: tidied_axis(x),
                y: tidied_axis(y),
                panels: panels.into_iter().map(panel).collect(),
            }
        }
        FigureContent::HeatMap { columns, rows, cells, colours } => {
            let cell = |cell: HeatCell| HeatCell { value: finite(cell.value), ..cell };
            let cells = cells.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
            FigureContent::HeatMap { columns, rows, cells, colours }
        }
        FigureContent::Bars { axis, bars } => {
            let bar = |bar: Bar| Bar { value: finite(bar.value), ci95: bar.ci95.map(finite), ..bar };
            FigureContent::Bars { axis: tidied_axis(axis), bars: bars.into_iter().map(bar).collect() }
        }
        FigureContent::Trajectories { x, y, panels } => {
            let is_finite = |point: &[f64; 2]| point.iter().all(|value| value.is_finite());
            let path = |path: Vec<[f64; 2]>| path.into_iter().take_while(is_finite).collect();
            let panel = |panel: TrajectoryPanel| TrajectoryPanel {
                paths: panel.paths.into_iter().map(path).collect(),
                ..panel
            };
            FigureContent::Trajectories { x, y, panels: panels.into_iter().map(panel).collect() }
        }
        other @ (FigureContent::Raster { .. } | FigureContent::Table { .. }) => other,
    }
}

fn tidied_axis(mut axis: Axis) -> Axis {
    axis.marks.retain(|mark| mark.1.is_finite());
    axis
}

/// A line without its points that are not finite; without its band, if the band is not.
fn tidied_line(line: CurveSeries) -> CurveSeries {
    let has_band = line.lower.len() == line.x.len() && line.upper.len() == line.x.len();
    let mut tidy = CurveSeries { label: line.label, x: vec![], y: vec![], lower: vec![], upper: vec![] };
    for (index, (&x, &y)) in line.x.iter().zip(&line.y).enumerate().filter(|(_, (x, y))| x.is_finite() && y.is_finite())
    {
        tidy.x.push(x);
        tidy.y.push(y);
        if has_band {
            let end = |ends: &[f64]| if ends[index].is_finite() { ends[index] } else { y };
            tidy.lower.push(end(&line.lower));
            tidy.upper.push(end(&line.upper));
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_can_be_read_back() {
        let line = CurveSeries {
            label: "a".to_owned(),
            x: vec![f64::NAN, 1.0, 2.0],
            y: vec![1.0, f64::INFINITY, 3.0],
            lower: vec![0.0, 0.0, f64::NEG_INFINITY],
            upper: vec![2.0, 2.0, 4.0],
        };
        let curves = |series: Vec<CurveSeries>| FigureContent::Curves {
            x: axis("x", true),
            y: axis("y", true),
            series,
            references: vec![("target".to_owned(), f64::NAN)],
        };
        let figure =
            |id: &str, content| Figure { id: id.to_owned(), title: String::new(), caption: String::new(), content };
        let empty = CurveSeries { x: vec![f64::NAN; 3], ..line.clone() };
        let figures = finish(vec![figure("a/b", curves(vec![line])), figure("none", curves(vec![empty]))]);
        assert_eq!((figures.len(), figures[0].id.as_str()), (1, "a-b"));
        let FigureContent::Curves { series, references, .. } = &figures[0].content else { panic!("curves") };
        assert_eq!((series[0].x.as_slice(), series[0].lower.as_slice(), references.len()), (&[2.0][..], &[3.0][..], 0));
        let text = serde_json::to_string(&figures).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Figure>>(&text).unwrap(), figures);
    }
}
