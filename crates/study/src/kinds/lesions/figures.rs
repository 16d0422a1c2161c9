//! The pictures and tables of a study of lesions.

use super::{Game, Transmitter, attributed, is_away_from_zero, key, order, variant};
use crate::config::StudyConfig;
use crate::drawing::{axis, changes, runs_panel};
use crate::kinds::intervention::{Variants, table};
use crate::metric::Metric;
use crate::number::{brackets, with_interval};
use crate::outcome::{Axis, Bar, Figure, FigureContent, HeatCell, HeatColours};
use crate::trial::ArmTrials;
use tegmentum::error::Result;
use tegmentum::evidence::statistics::Estimate;

/// The sets whose runs are shown one by one: all, each lesion alone, none.
const SHOWN: [usize; 6] = [0b1111, 0b1110, 0b1101, 0b1011, 0b0111, 0];

/// All figures.
pub(super) fn draw(study: &StudyConfig, outcome: &Variants, games: &[(Metric, Game)]) -> Result<Vec<Figure>> {
    let mut figures = vec![sets(study, &outcome.all)];
    for (metric, game) in games {
        figures.push(bars(study, metric, game));
        figures.push(pairs(study, metric, game));
        figures.push(numbers(study, metric, game)?);
    }
    figures.push(runs(study, outcome));
    Ok(figures)
}

fn figure(study: &StudyConfig, id: &str, title: String, caption: String, content: FigureContent) -> Figure {
    Figure { id: format!("{}-{id}", study.name), title, caption, content }
}

/// The scores of every set.
fn sets(study: &StudyConfig, all: &[ArmTrials]) -> Figure {
    figure(
        study,
        "lesions",
        "What each set of intact modulators reaches".to_owned(),
        format!(
            "Means over {} seeds, the same for all rows; a row names what is left intact (DA dopamine, ACh acetylcholine, \
             5-HT serotonin, NA noradrenaline). Each column has its own colours, from its worst value to its best, the \
             deepest. A dash: a run has no value.",
            study.seeds.count
        ),
        table(study, all, &attributed(study)),
    )
}

fn ends(estimate: &Estimate) -> [Option<f64>; 2] {
    estimate.ci95.map(|end| end.is_finite().then_some(end))
}

/// Shapley values of the four.
fn bars(study: &StudyConfig, metric: &Metric, game: &Game) -> Figure {
    let bar = |(place, of): (usize, Transmitter)| {
        let value = game.shapley(place, key());
        let label = of.name().to_owned();
        Bar { label, value: value.value.is_finite().then_some(value.value), ci95: ends(&value) }
    };
    let name = &metric.title;
    let total = game.total(key());
    figure(
        study,
        &format!("shapley-{}", metric.name),
        format!("Who did it? Shapley values for {name}"),
        format!(
            "What each modulator adds to {name}, averaged over all orders in which the four can be put in, with its 95 % \
             interval over seeds. The four add up to the whole difference between all and none: {}.",
            with_interval(total.value, total.ci95)
        ),
        FigureContent::Bars {
            axis: axis(&format!("Shapley value ({name})"), false),
            bars: Transmitter::ALL.into_iter().enumerate().map(bar).collect(),
        },
    )
}

/// What two do together.
fn pairs(study: &StudyConfig, metric: &Metric, game: &Game) -> Figure {
    let cell = |estimate: Estimate| HeatCell {
        value: estimate.value.is_finite().then_some(estimate.value),
        detail: if estimate.value.is_finite() { brackets(estimate.ci95) } else { String::new() },
    };
    let (mut rows, mut cells) = (Vec::new(), Vec::new());
    for (first, one) in Transmitter::ALL.into_iter().enumerate() {
        for (second, other) in Transmitter::ALL.into_iter().enumerate().skip(first + 1) {
            rows.push(format!("{} + {}", one.name(), other.name()));
            cells.push(vec![cell(game.synergy(first, second, key())), cell(game.interaction(first, second, key()))]);
        }
    }
    let name = &metric.title;
    figure(
        study,
        &format!("synergy-{}", metric.name),
        format!("What two do together, for {name}"),
        "Above zero two modulators do more together than the sum of what each does, below zero they replace each other. \
         First with the other two taken away (where nothing is learned without a third, this is zero), then averaged over \
         what is left of the other two. 95 % intervals over seeds."
            .to_owned(),
        FigureContent::HeatMap {
            columns: ["others taken away", "averaged over the others"].map(str::to_owned).to_vec(),
            rows,
            cells,
            colours: HeatColours::Signed,
        },
    )
}

/// Values and shares in numbers.
fn numbers(study: &StudyConfig, metric: &Metric, game: &Game) -> Result<Figure> {
    let total = game.total(key());
    let mut rows = Vec::new();
    for (place, of) in Transmitter::ALL.into_iter().enumerate() {
        let share = game.share(place, key())?;
        let share = if is_away_from_zero(&total) && share.value.is_finite() {
            let [low, high] = share.ci95.map(|end| (100.0 * end).round());
            format!("{:.0} % [{low}, {high}]", 100.0 * share.value)
        } else {
            "–".to_owned()
        };
        let value = game.shapley(place, key());
        rows.push(vec![of.name().to_owned(), with_interval(value.value, value.ci95), share]);
    }
    rows.push(vec!["sum".to_owned(), with_interval(total.value, total.ci95), String::new()]);
    Ok(figure(
        study,
        &format!("shares-{}", metric.name),
        format!("Shares in {}", metric.title),
        "Shapley values and their shares in the difference between all and none, with 95 % intervals over seeds. A share \
         is given where that difference is not to be confused with zero."
            .to_owned(),
        FigureContent::Table {
            columns: ["modulator", "Shapley value [95 % interval]", "share [95 % interval]"].map(str::to_owned).to_vec(),
            rows,
        },
    ))
}

/// Every run of the sets that are easiest to understand.
fn runs(study: &StudyConfig, outcome: &Variants) -> Figure {
    let name = outcome.curves.first().cloned().unwrap_or_default().replace('_', " ");
    let title = |set: usize| match set {
        0b1111 | 0 => variant(set, 0b1111).label,
        set => format!("without {}", super::members(!set & 0b1111).map(Transmitter::name).collect::<String>()),
    };
    let find = |set: usize| order().position(|other| other == set).and_then(|place| outcome.all.get(place));
    let panel = |&set: &usize| Some(runs_panel(&title(set), find(set)?, |point| point.metrics[0]));
    let trials = study.environment.is_some();
    figure(
        study,
        "runs",
        format!("Every run: {name}"),
        "A thin line is a run, the thick one their mean.".to_owned(),
        FigureContent::Runs {
            x: Axis {
                marks: study.environment.as_ref().map_or_else(Vec::new, changes),
                ..axis(if trials { "trials" } else { "loss evaluations" }, !trials)
            },
            y: axis(&name, false),
            panels: SHOWN.iter().filter_map(panel).collect(),
        },
    )
}
