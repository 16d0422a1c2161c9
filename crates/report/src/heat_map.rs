//! Heat maps: a table of numbers whose cells are coloured by them.
//!
//! The colour only guides the eye: every number is written in its cell, and the deepest colour still leaves it legible.

use maud::{Markup, html};
use tegmentum_study::outcome::{HeatCell, HeatColours};

use super::number::optional;
use super::svg::{Drawing, NAME_LINE, WIDTH, centred_lines, px, text, text_lines, text_width, wrapped};

/// Height of a row of cells.
const ROW: f64 = 24.0;
/// Height of a row of cells with a second line.
const TALL_ROW: f64 = 38.0;
/// Narrowest and widest cell.
const CELL: [f64; 2] = [60.0, 128.0];
/// Room for the names of the rows, at most.
const NAMES: f64 = 132.0;
/// How opaque the deepest colour is.
const DEEPEST: f64 = 0.58;

/// The map as a drawing. Columns that do not fit side by side follow below, with the names of the rows again.
pub(crate) fn draw(columns: &[String], rows: &[String], cells: &[Vec<HeatCell>], colours: &HeatColours) -> Drawing {
    let map = Map { columns, rows, cells, colours };
    let blocks = columns.len().div_ceil(map.columns_abreast()).max(1);
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
    Drawing { height: (top - 20.0).max(ROW) + 4.0, body, legend: Vec::new(), description, note: String::new() }
}

struct Map<'a> {
    columns: &'a [String],
    rows: &'a [String],
    cells: &'a [Vec<HeatCell>],
    colours: &'a HeatColours,
}

impl Map<'_> {
    /// Room for the names of the rows.
    fn left(&self) -> f64 {
        let widest = self.rows.iter().map(|row| text_width(row) * 1.05).fold(0.0, f64::max);
        widest.clamp(40.0, NAMES) + 12.0
    }

    /// How many columns fit beside the names of the rows.
    fn columns_abreast(&self) -> usize {
        let texts =
            self.cells.iter().flatten().map(|cell| text_width(&optional(cell.value)).max(text_width(&cell.detail)));
        let widest = texts.fold(0.0, f64::max) + 8.0;
        (((WIDTH - self.left()) / widest.clamp(CELL[0], CELL[1])) as usize).max(1)
    }

    /// Some of the columns with the names of the rows, and the lower end.
    fn block(&self, columns: std::ops::Range<usize>, top: f64) -> (Markup, f64) {
        let left = self.left();
        let width = ((WIDTH - left) / columns.len().max(1) as f64).min(CELL[1]);
        let head = |column: usize| wrapped(&self.columns[column].replace('_', " "), width - 4.0);
        let heads: Vec<_> = columns.clone().map(head).collect();
        let lines = heads.iter().map(Vec::len).max().unwrap_or(0);
        let first = top + NAME_LINE * lines as f64 + 6.0;
        let tall = self.cells.iter().flatten().any(|cell| !cell.detail.is_empty());
        let names: Vec<_> = self.rows.iter().map(|name| wrapped(name, left - 12.0)).collect();
        let height = |name: &Vec<String>| (name.len() as f64 * NAME_LINE + 8.0).max(if tall { TALL_ROW } else { ROW });
        let mut y = first;
        let body = html! {
            @for (place, head) in heads.iter().enumerate() {
                @let y = first - 8.0 - NAME_LINE * (head.len().max(1) - 1) as f64;
                (text_lines(left + (place as f64 + 0.5) * width, y, "tick middle", head))
            }
            @for (row, name) in names.iter().enumerate() {
                (centred_lines(left - 10.0, y + height(name) / 2.0, "end", name))
                @for (place, column) in columns.clone().enumerate() {
                    (self.cell(row, column, (left + place as f64 * width, y), (width, height(name))))
                }
                ({ y += height(name); "" })
            }
        };
        (body, first + names.iter().map(height).sum::<f64>())
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
}
