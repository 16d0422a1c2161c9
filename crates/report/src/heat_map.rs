//! Heat maps: a table of numbers whose cells are coloured by them.
//!
//! The colour only guides the eye: every number is written in its cell, and the deepest colour still leaves it legible.

use maud::{Markup, html};
use tegmentum_study::outcome::{HeatCell, HeatColours};

use super::number::optional;
use super::svg::{Drawing, WIDTH, px, shortened, text, text_width};

/// Columns side by side at most; more of them follow below, with the names of the rows again.
const COLUMNS: usize = 6;
/// Height of a row of cells.
const ROW: f64 = 24.0;
/// Height of a row of cells with a second line.
const TALL_ROW: f64 = 38.0;
/// Height of a line of a head.
const HEAD: f64 = 16.0;
/// Lines of a head at most.
const HEAD_LINES: usize = 3;
/// Widest cell.
const WIDEST: f64 = 128.0;
/// How opaque the deepest colour is.
const DEEPEST: f64 = 0.58;

/// The map as a drawing.
pub(crate) fn draw(columns: &[String], rows: &[String], cells: &[Vec<HeatCell>], colours: &HeatColours) -> Drawing {
    let map = Map { columns, rows, cells, colours };
    let blocks = columns.len().div_ceil(COLUMNS).max(1);
    let per_block = columns.len().div_ceil(blocks);
    let mut top = 0.0;
    let mut parts = Vec::new();
    for block in 0..blocks {
        let range = block * per_block..((block + 1) * per_block).min(columns.len());
        let (part, bottom) = map.block(range, top);
        parts.push(part);
        top = bottom + 20.0;
    }
    let body = html! { g class="heat" { @for part in &parts { (part) } } };
    let description = format!("Table of {} by {}, coloured: {}.", rows.len(), columns.len(), columns.join(", "));
    Drawing { height: (top - 20.0).max(ROW) + 4.0, body, legend: Vec::new(), description }
}

struct Map<'a> {
    columns: &'a [String],
    rows: &'a [String],
    cells: &'a [Vec<HeatCell>],
    colours: &'a HeatColours,
}

impl Map<'_> {
    /// Some of the columns with the names of the rows, and the lower end.
    fn block(&self, columns: std::ops::Range<usize>, top: f64) -> (Markup, f64) {
        let widest = self.rows.iter().map(|row| text_width(row) * 1.05).fold(0.0, f64::max);
        let left = widest.clamp(40.0, 220.0) + 12.0;
        let width = ((WIDTH - left) / columns.len().max(1) as f64).min(WIDEST);
        let heads: Vec<_> = columns.clone().map(|column| wrapped(&self.columns[column], width - 6.0)).collect();
        let lines = heads.iter().map(Vec::len).max().unwrap_or(0);
        let first = top + HEAD * lines as f64 + 6.0;
        let tall = self.cells.iter().flatten().any(|cell| !cell.detail.is_empty());
        let height = if tall { TALL_ROW } else { ROW };
        let body = html! {
            @for (place, head) in heads.iter().enumerate() {
                @for (line, words) in head.iter().enumerate() {
                    @let y = first - 8.0 - HEAD * (head.len() - 1 - line) as f64;
                    (text(left + (place as f64 + 0.5) * width, y, "tick middle", words))
                }
            }
            @for (row, name) in self.rows.iter().enumerate() {
                @let y = first + row as f64 * height;
                (text(left - 10.0, y + height / 2.0 + 4.5, "end", &shortened(name, left - 12.0)))
                @for (place, column) in columns.clone().enumerate() {
                    (self.cell(row, column, (left + place as f64 * width, y), (width, height)))
                }
            }
        };
        (body, first + self.rows.len() as f64 * height)
    }

    /// One cell, a line apart from its neighbours.
    fn cell(&self, row: usize, column: usize, (x, y): (f64, f64), (width, height): (f64, f64)) -> Markup {
        let Some(cell) = self.cells.get(row).and_then(|cells| cells.get(column)) else { return html! {} };
        let (class, depth) = self.colour(cell.value, column);
        let middle = x + width / 2.0;
        let base = y + height / 2.0 + if cell.detail.is_empty() { 4.5 } else { -2.5 };
        html! {
            g {
                title { (self.rows[row]) ", " (self.columns[column]) ": " (optional(cell.value)) " " (cell.detail) }
                rect class={ "cell " (class) } x=(px(x + 0.5)) y=(px(y + 0.5)) width=(px(width - 1.0)) height=(px(height - 1.0))
                    fill-opacity=(format!("{depth:.3}")) {}
                (text(middle, base, "middle", &optional(cell.value)))
                @if !cell.detail.is_empty() { (text(middle, base + 14.0, "detail middle", &cell.detail)) }
            }
        }
    }

    /// The class and the depth of the colour of a number.
    fn colour(&self, value: Option<f64>, column: usize) -> (&'static str, f64) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return ("c6", 0.0) };
        let known = |cell: Option<&HeatCell>| cell.and_then(|cell| cell.value).filter(|value| value.is_finite());
        match self.colours {
            HeatColours::Columns { reversed } => {
                let values = || self.cells.iter().filter_map(|cells| known(cells.get(column)));
                let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
                let share = if high > low { (value * 0.5 - low * 0.5) / (high * 0.5 - low * 0.5) } else { 0.0 };
                let turned = reversed.get(column).is_some_and(|&reversed| reversed) && high > low;
                ("c0", DEEPEST * if turned { 1.0 - share } else { share })
            }
            HeatColours::Signed => {
                let values = self.cells.iter().flatten().filter_map(|cell| known(Some(cell)));
                let size = values.fold(0.0, |size: f64, value| size.max(value.abs()));
                let share = if size > 0.0 { value.abs() / size } else { 0.0 };
                (if value < 0.0 { "c1" } else { "c0" }, DEEPEST * share)
            }
        }
    }
}

/// A head in at most three lines that are not wider than `width`, if its words allow it.
fn wrapped(head: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in head.split([' ', '_']).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if text_width(line) + 5.0 + text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.len() > HEAD_LINES {
        let rest = lines.split_off(HEAD_LINES - 1).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| shortened(line, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[f64]]) -> Vec<Vec<HeatCell>> {
        let cell = |&value: &f64| HeatCell { value: value.is_finite().then_some(value), detail: String::new() };
        rows.iter().map(|row| row.iter().map(cell).collect()).collect()
    }

    #[test]
    fn colours_follow_the_numbers() {
        let names = ["a", "b"].map(str::to_owned);
        let cells = cells(&[&[0.0, -2.0], &[1.0, 1.0]]);
        let map = |colours| Map { columns: &names, rows: &names, cells: &cells, colours };
        let signed = HeatColours::Signed;
        assert_eq!(map(&signed).colour(Some(-2.0), 1), ("c1", DEEPEST));
        assert_eq!(map(&signed).colour(Some(1.0), 0), ("c0", DEEPEST / 2.0));
        let columns = HeatColours::Columns { reversed: vec![false, true] };
        assert_eq!(map(&columns).colour(Some(1.0), 0), ("c0", DEEPEST));
        assert_eq!(map(&columns).colour(Some(1.0), 1), ("c0", 0.0));
        assert_eq!(map(&columns).colour(None, 1), ("c6", 0.0));
    }

    #[test]
    fn many_columns_are_cut_into_blocks() {
        let columns: Vec<String> = (0..13).map(|column| format!("score_{column}")).collect();
        let rows = ["none".to_owned()];
        let drawing = draw(&columns, &rows, &cells(&[&[1.0; 13]]), &HeatColours::Columns { reversed: vec![false; 13] });
        let body = drawing.body.into_string();
        assert_eq!((body.matches("<rect").count(), body.matches(">none<").count()), (13, 3));
    }

    #[test]
    fn heads_are_wrapped_at_words() {
        assert_eq!(wrapped("accuracy_after_shift", 70.0), ["accuracy", "after shift"]);
        let many = wrapped("a head that has far too many words to be set in three lines", 60.0);
        assert!(many.len() == 3 && many[2].ends_with('…'), "{many:?}");
    }
}
