//! The report: one HTML page, complete in itself, from the outcomes of studies.
//!
//! [`render`] makes the page; it loads nothing, runs no script, follows the reader's light or dark theme, and prints.
//! [`standalone_svg`] makes one figure as a file of its own.
//!
//! The figures are drawn here and not by the `plotters` library, because its SVG back end has whole pixels only, writes
//! a fixed RGB colour and a font size into each element, and gives elements neither a class nor a title. This page
//! needs classes, so that one drawing serves both themes, paper and a phone.

mod axis;
mod bars;
mod curves;
mod distribution;
mod figure;
mod frame;
mod heat_map;
mod page;
mod raster;
mod runs;
mod simplify;
mod study;
mod svg;
mod table;
mod trajectories;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use tegmentum_study::config::StudyConfig;
use tegmentum_study::number;
use tegmentum_study::outcome::{Figure, Summary};

/// What one study brings to the report.
#[derive(Clone, Copy, Debug)]
pub struct StudyReport<'a> {
    /// The study as it was run.
    pub study: &'a StudyConfig,
    /// Its arms, claims and notes.
    pub summary: &'a Summary,
    /// Its pictures and tables, in the order of the page.
    pub figures: &'a [Figure],
}

impl<'a> StudyReport<'a> {
    /// The names of its arms in pictures, the most important first: those of the claims that answer its question, those of its
    /// other claims, the others.
    fn order(&self) -> Vec<&'a str> {
        let study = self.study;
        let (answers, others): (Vec<_>, Vec<_>) = study.claim.iter().partition(|claim| claim.answer.is_some());
        let claimed =
            answers.into_iter().chain(others).flat_map(|claim| std::iter::once(&claim.arm).chain(&claim.reference));
        let mut names: Vec<&str> = Vec::new();
        for name in claimed.chain(study.arm.iter().map(|arm| &arm.name)) {
            let label = study.arm.iter().find(|arm| arm.name == *name).map_or(name.as_str(), |arm| arm.label());
            if !names.contains(&label) {
                names.push(label);
            }
        }
        names
    }
}

/// The whole report as one HTML page.
///
/// `provenance` says how the results came about, as pairs of a label and a value, in the order of the page. The head of
/// the page repeats the labels `Started`, `Command`, `Version` and `Commit`, the citation the last two; `A full run` stands
/// beside the word that runs are shortened.
pub fn render(studies: &[StudyReport<'_>], provenance: &[(String, String)]) -> String {
    svg::without_control_characters(&page::page(studies, provenance).into_string())
}

/// One figure as the text of an `.svg` file: light colours, and dark ones for a reader with a dark theme. `order` has names of
/// lines, the most important first. `None` for a table.
pub fn standalone_svg(figure: &Figure, order: &[&str]) -> Option<String> {
    Some(svg::without_control_characters(&figure::standalone(figure, order)?.into_string()))
}

/// The pictures of a study as files: the id and the text of each.
pub fn standalone_figures(study: &StudyReport<'_>) -> Vec<(String, String)> {
    let order = study.order();
    let file = |figure: &Figure| Some((figure.id.clone(), standalone_svg(figure, &order)?));
    study.figures.iter().filter_map(file).collect()
}
