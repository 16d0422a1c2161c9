//! Tables of text for a terminal: aligned columns, cut into several tables where the terminal is narrow.

use console::measure_text_width;

/// Spaces between two columns.
const GAP: usize = 2;

/// A table; the first column names the row and stands at the left.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Vec<String>>,
}

impl Table {
    /// A table with these heads.
    pub(crate) fn new(heads: impl IntoIterator<Item = String>) -> Self {
        Self { columns: heads.into_iter().map(|head| vec![head]).collect() }
    }

    /// Adds a row, a cell for each head.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }

    /// The table in lines of at most `width` columns, if each pair of columns fits; without a line end at the end.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let widths: Vec<usize> = self.columns.iter().map(|column| widest(column)).collect();
        let Some(&first) = widths.first() else { return Vec::new() };
        let mut lines = Vec::new();
        let mut next = 1;
        loop {
            let (begin, mut used) = (next, first);
            while next < widths.len() && (next == begin || used + GAP + widths[next] <= width) {
                used += GAP + widths[next];
                next += 1;
            }
            let chosen: Vec<usize> = std::iter::once(0).chain(begin..next).collect();
            lines.extend((0..self.columns[0].len()).map(|row| self.line(row, &chosen, &widths)));
            if next >= widths.len() {
                return lines;
            }
            lines.push(String::new());
        }
    }

    fn line(&self, row: usize, chosen: &[usize], widths: &[usize]) -> String {
        let cell = |&column: &usize| {
            let cell = &self.columns[column][row];
            format!("{cell}{}", " ".repeat(widths[column] - measure_text_width(cell)))
        };
        chosen.iter().map(cell).collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    }
}

fn widest(column: &[String]) -> usize {
    column.iter().map(|cell| measure_text_width(cell)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_tables_are_cut() {
        let mut table = Table::new(["arm", "loss", "accuracy"].map(str::to_owned));
        table.row(["µ", "0.1 [0.05, 0.2]", "93 %"].map(str::to_owned));
        assert_eq!(table.lines(80), ["arm  loss             accuracy", "µ    0.1 [0.05, 0.2]  93 %"]);
        let lines = table.lines(25);
        assert_eq!(lines, ["arm  loss", "µ    0.1 [0.05, 0.2]", "", "arm  accuracy", "µ    93 %"]);
    }
}
