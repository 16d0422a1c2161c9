//! The pictures and tables of a study of many worlds.

use super::{ALL, Game, lesions, that_matter};
use crate::config::StudyConfig;
use crate::number::{fixed, short, with_interval};
use crate::outcome::{Figure, FigureContent, HeatCell, HeatColours};
use crate::tuning::TuningRecord;
use tegmentum::error::Result;
use tegmentum::evidence::statistics::mean;
use tegmentum::neuromodulation::nucleus::Transmitter;

/// All figures.
pub(super) fn draw(study: &StudyConfig, games: &[Game], tuning: &[TuningRecord]) -> Result<Vec<Figure>> {
    let mut figures = vec![shapley(study, games), scores(study, games), shares(study, games)?];
    if !tuning.is_empty() {
        figures.push(rates(study, tuning));
    }
    Ok(figures)
}

fn figure(study: &StudyConfig, id: &str, title: &str, caption: String, content: FigureContent) -> Figure {
    Figure { id: format!("{}-{id}", study.name), title: title.to_owned(), caption, content }
}

fn labels(study: &StudyConfig) -> Vec<String> {
    study.world.iter().map(|world| world.label().to_owned()).collect()
}

/// The heat map: worlds by modulators.
fn shapley(study: &StudyConfig, games: &[Game]) -> Figure {
    let cell = |game: &Game, place: usize| {
        let value = game.shapley(place, lesions::key());
        let mark = if lesions::is_away_from_zero(&value) { "●\u{2009}" } else { "" };
        // All of one width, so that they fit into the cell.
        let [low, high] = value.ci95.map(|end| fixed(end, 4));
        let finite = value.value.is_finite();
        HeatCell {
            value: finite.then_some(value.value),
            detail: if finite { format!("{mark}[{low}, {high}]") } else { String::new() },
        }
    };
    let row = |game: &Game| (0..Transmitter::ALL.len()).map(|place| cell(game, place)).collect();
    figure(
        study,
        "shapley",
        "Which modulator matters where? Shapley values",
        format!(
            "What each modulator adds to the score of a world, averaged over all orders in which the four can be put in, with its 95 % \
             interval over {} seeds; a dot marks intervals that do not hold zero. One preset and one configuration in all worlds; every \
             lesion has the best rate of its own. Each column has its own colours, from its least value to its greatest, the deepest.",
            study.seeds.count
        ),
        FigureContent::HeatMap {
            columns: Transmitter::ALL.map(|of| of.name().to_owned()).to_vec(),
            rows: labels(study),
            cells: games.iter().map(row).collect(),
            colours: HeatColours::Columns { reversed: vec![false; Transmitter::ALL.len()] },
        },
    )
}

/// Mean scores of the whole system, under each single lesion, and of none.
fn scores(study: &StudyConfig, games: &[Game]) -> Figure {
    let row = |(world, game): (usize, &Game)| {
        let score = |set: usize| short(mean(game.scores(set)));
        let mut row = vec![study.world[world].label().to_owned(), study.world[world].score.clone(), score(ALL)];
        row.extend((0..Transmitter::ALL.len()).map(|place| score(ALL & !(1 << place))));
        row.push(score(0));
        row
    };
    let mut columns = vec!["world".to_owned(), "score".to_owned(), "all four".to_owned()];
    columns.extend(Transmitter::ALL.map(|of| format!("without {}", of.name())));
    columns.push("none".to_owned());
    figure(
        study,
        "scores",
        "The whole system, each lesion, and none",
        format!("Mean scores over {} seeds; more is better.", study.seeds.count),
        FigureContent::Table { columns, rows: games.iter().enumerate().map(row).collect() },
    )
}

/// Shares in the difference between all and none, and who matters.
fn shares(study: &StudyConfig, games: &[Game]) -> Result<Figure> {
    let mut rows = Vec::new();
    for (world, game) in study.world.iter().zip(games) {
        let total = game.total(lesions::key());
        let mut row = vec![world.label().to_owned(), with_interval(total.value, total.ci95)];
        for place in 0..Transmitter::ALL.len() {
            let share = game.share(place, lesions::key())?;
            let known = lesions::is_away_from_zero(&total) && share.value.is_finite();
            row.push(if known { format!("{:.0} %", 100.0 * share.value) } else { "–".to_owned() });
        }
        row.push(that_matter(game).into_iter().map(Transmitter::name).collect::<Vec<_>>().join(", "));
        rows.push(row);
    }
    let mut columns = vec!["world".to_owned(), "all − none [95 % interval]".to_owned()];
    columns.extend(Transmitter::ALL.map(|of| of.name().to_owned()));
    columns.push("matter".to_owned());
    Ok(figure(
        study,
        "shares",
        "Shares of the modulators",
        "Shapley values as shares of the difference between all and none, where that is not to be confused with zero. A modulator matters if \
         the interval of its value lies above zero."
            .to_owned(),
        FigureContent::Table { columns, rows },
    ))
}

/// The rates that lesions were given.
fn rates(study: &StudyConfig, tuning: &[TuningRecord]) -> Figure {
    let row = |record: &TuningRecord| {
        let chosen = record.points.get(record.chosen);
        let rate = chosen.and_then(|point| point.learning_rate).map_or_else(String::new, short);
        vec![record.arm.clone(), rate, if record.at_edge { "yes" } else { "" }.to_owned()]
    };
    figure(
        study,
        "rates",
        "The rate of each lesion",
        format!(
            "Chosen on {} seeds of their own, by the worse quartile of the score. The whole system has one rate in all worlds.",
            study.tuning.seeds.count
        ),
        FigureContent::Table {
            columns: ["world and what is intact", "learning rate", "at an end of the grid"].map(str::to_owned).to_vec(),
            rows: tuning.iter().map(row).collect(),
        },
    )
}
