//! Tables of text on the page. Columns that would not fit side by side follow below, with the names of the rows again; on
//! a phone each row becomes a list.

use maud::{Markup, html};

use super::svg::text_width;

/// Width of all columns side by side, in pixels of a wide page, at most.
const WIDTH: f64 = 900.0;
/// Room between two columns.
const GAP: f64 = 20.0;

/// The table: the first column names the rows, numbers stand flush right.
pub(crate) fn table(columns: &[String], rows: &[Vec<String>]) -> Markup {
    html! { @for block in blocks(columns, rows) { (part(columns, rows, &block)) } }
}

/// Some of the columns, behind the names of the rows.
fn part(columns: &[String], rows: &[Vec<String>], block: &[usize]) -> Markup {
    let classes: Vec<_> = block.iter().map(|&column| alignment(rows, column)).collect();
    html! {
        table.stack {
            thead {
                tr {
                    th scope="col" { (cell(columns, 0)) }
                    @for (&column, class) in block.iter().zip(&classes) { th scope="col" class=(class) { (cell(columns, column)) } }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { (cell(row, 0)) }
                        @for (&column, class) in block.iter().zip(&classes) {
                            td class=(class) data-label=(cell(columns, column)) { (cell(row, column)) }
                        }
                    }
                }
            }
        }
    }
}

/// The columns after the first in groups that fit side by side.
fn blocks(columns: &[String], rows: &[Vec<String>]) -> Vec<Vec<usize>> {
    let texts =
        |column| std::iter::once(columns).chain(rows.iter().map(Vec::as_slice)).map(move |row| cell(row, column));
    let widest = |column| texts(column).map(text_width).fold(0.0, f64::max).min(WIDTH / 3.0) + GAP;
    let first = widest(0);
    let (mut blocks, mut block, mut used) = (Vec::new(), Vec::new(), first);
    for column in 1..width(columns, rows) {
        if !block.is_empty() && used + widest(column) > WIDTH {
            blocks.push(std::mem::take(&mut block));
            used = first;
        }
        used += widest(column);
        block.push(column);
    }
    blocks.push(block);
    blocks
}

/// How many columns the widest row has.
fn width(columns: &[String], rows: &[Vec<String>]) -> usize {
    rows.iter().map(Vec::len).fold(columns.len(), usize::max)
}

/// The cell of a row, empty where the row is too short.
fn cell(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// The class of a column: of numbers if each cell that says something starts like one.
fn alignment(rows: &[Vec<String>], column: usize) -> &'static str {
    let mut cells = rows.iter().map(|row| cell(row, column).trim()).filter(|cell| !cell.is_empty() && *cell != "–");
    let numeric = |cell: &str| {
        cell.trim_start_matches(['−', '-', '+', '<', '>', '≤', '≥', '≈', ' ', '['])
            .starts_with(|c: char| c.is_ascii_digit())
    };
    if column > 0 && cells.clone().next().is_some() && cells.all(numeric) { "number" } else { "text" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ragged_rows_are_filled() {
        let rows = [vec!["a".to_owned(), "1.5".to_owned(), "x".to_owned()], vec!["b".to_owned()]];
        let html = table(&["name".to_owned()], &rows).into_string();
        assert_eq!(html.matches("<td").count(), 4);
        assert_eq!((alignment(&rows, 1), alignment(&rows, 2)), ("number", "text"));
    }

    #[test]
    fn wide_tables_are_broken_and_whole() {
        let columns: Vec<String> = (0..12).map(|column| format!("an arm with a name {column}")).collect();
        let rows = [columns.iter().map(|_| "0.123 [0.100, 0.150]".to_owned()).collect::<Vec<_>>()];
        let blocks = blocks(&columns, &rows);
        assert!(blocks.len() > 1, "{blocks:?}");
        assert_eq!(blocks.concat(), (1..12).collect::<Vec<_>>());
        let html = table(&columns, &rows).into_string();
        assert_eq!(html.matches("an arm with a name 0<").count(), blocks.len(), "the rows are named in each part");
    }
}
