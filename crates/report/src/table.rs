//! Tables of text, on the page and as a drawing.

use maud::{Markup, html};

use super::svg::{Drawing, WIDTH, polyline, shortened, text};

/// Height of a row in a drawing.
const ROW: f64 = 24.0;

/// The table as HTML: the first column names the rows, numbers stand flush right.
pub(crate) fn table(columns: &[String], rows: &[Vec<String>]) -> Markup {
    let alignment: Vec<_> = (0..width(columns, rows)).map(|column| alignment(rows, column)).collect();
    html! {
        div.scroll role="region" tabindex="0" aria-label="Table" {
            table {
                thead {
                    tr { @for (column, align) in alignment.iter().enumerate() { th scope="col" class=(align) { (cell(columns, column)) } } }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (cell(row, 0)) }
                            @for (column, align) in alignment.iter().enumerate().skip(1) { td class=(align) { (cell(row, column)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The table as a drawing, with columns of equal width.
pub(crate) fn draw(columns: &[String], rows: &[Vec<String>]) -> Drawing {
    let count = width(columns, rows).max(1);
    let pitch = WIDTH / count as f64;
    let line = |row: &[String], y: f64, head: bool| {
        html! {
            @for column in 0..count {
                @let left = (column as f64) * pitch;
                @let class = if head { "name " } else { "" };
                @if alignment(rows, column) == "number" && column > 0 {
                    (text(left + pitch - 8.0, y, &format!("{class}end"), &shortened(cell(row, column), pitch - 8.0)))
                } @else {
                    (text(left, y, &format!("{class}start"), &shortened(cell(row, column), pitch - 8.0)))
                }
            }
        }
    };
    let body = html! {
        (line(columns, 16.0, true))
        path class="axis" d=(polyline(&[(0.0, 24.0), (WIDTH, 24.0)])) {}
        @for (index, row) in rows.iter().enumerate() { (line(row, 16.0 + (index as f64 + 1.0) * ROW, false)) }
    };
    let description = format!("Table of {} rows: {}.", rows.len(), columns.join(", "));
    Drawing { height: (rows.len() as f64 + 1.0) * ROW + 4.0, body, legend: Vec::new(), description }
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
}
