//! Ratios of rates taken in turn, and the table of them.

use std::fmt::Write as _;

/// Median, smallest and largest of several values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `None` of no values. The median of an even number is the mean of the two in the middle.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let (low, high) = (values.get((values.len() - 1) / 2)?, values.get(values.len() / 2)?);
        Some(Self { median: f64::midpoint(*low, *high), least, most })
    }
}

/// What a race found.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) title: String,
    /// The peer, with the form of it that was the fastest.
    pub(crate) peer: String,
    pub(crate) ours: Spread,
    pub(crate) theirs: Spread,
    /// How many times as fast ours was, round by round.
    pub(crate) ratio: Spread,
    pub(crate) bar: Option<f64>,
}

impl Outcome {
    /// From rates (or reciprocal times) taken in turn. `None` without a round.
    pub(crate) fn of(title: &str, peer: &str, bar: Option<f64>, rounds: &[(f64, f64)]) -> Option<Self> {
        Some(Self {
            title: title.to_owned(),
            peer: peer.to_owned(),
            ours: Spread::of(rounds.iter().map(|(ours, _)| *ours).collect())?,
            theirs: Spread::of(rounds.iter().map(|(_, theirs)| *theirs).collect())?,
            ratio: Spread::of(rounds.iter().map(|(ours, theirs)| ours / theirs).collect())?,
            bar,
        })
    }

    /// What the ratio says of the bar.
    fn verdict(&self) -> &'static str {
        match self.bar {
            Some(bar) if self.ratio.median >= bar => "reached",
            Some(_) => "missed",
            None if self.ratio.median < 1.0 => "slower",
            None => "",
        }
    }

    fn cells(&self) -> [String; 7] {
        let ratio = |value: f64| if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        let Spread { median, least, most } = self.ratio;
        [
            self.title.clone(),
            self.peer.clone(),
            format!("{:.3e}", self.theirs.median),
            format!("{:.3e}", self.ours.median),
            format!("{} × [{}..{}]", ratio(median), ratio(least), ratio(most)),
            self.bar.map_or(String::new(), |bar| format!("{bar} ×")),
            self.verdict().to_owned(),
        ]
    }
}

impl Outcome {
    /// Peer, theirs, ours and the ratio; marked where we are slower or miss the bar.
    fn cells_of_a_set(&self) -> [String; 4] {
        let [_, peer, theirs, ours, ratio, ..] = self.cells();
        let slower = if self.ratio.median < 1.0 { ", **slower**" } else { "" };
        let missed = self.bar.filter(|bar| self.ratio.median < *bar);
        [peer, theirs, ours, ratio + slower + &missed.map_or(String::new(), |bar| format!(", misses {bar} ×"))]
    }
}

const HEAD: [&str; 7] = ["workload", "against", "theirs", "ours", "ratio [min..max]", "bar", ""];

/// The table in columns.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let rows: Vec<[String; 7]> =
        [HEAD.map(str::to_owned)].into_iter().chain(outcomes.iter().map(Outcome::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A race: its outcome on the whole processor, or limited to each of several sets of instructions.
pub(crate) struct Row {
    pub(crate) in_readme: bool,
    pub(crate) outcomes: Vec<Outcome>,
}

/// All races of a call.
pub(crate) struct Table {
    pub(crate) processor: String,
    pub(crate) rounds: u32,
    pub(crate) sets: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// The table as Markdown, rows that lose among the others, with a line above it that names the processor.
    pub(crate) fn markdown(&self) -> String {
        let head: Vec<String> = match &self.sets[..] {
            [] => HEAD.map(str::to_owned).to_vec(),
            sets => {
                let of = |set: &String| {
                    ["against", "theirs", "ours", "ratio [min..max]"].map(|what| format!("{set}: {what}"))
                };
                ["workload".to_owned()].into_iter().chain(sets.iter().flat_map(of)).collect()
            }
        };
        let mut text = format!("Processor: {}; {} rounds of each race.\n\n", self.processor, self.rounds);
        let _ = writeln!(text, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
        for Row { outcomes, .. } in &self.rows {
            let cells: Vec<String> = match (&outcomes[..], self.sets.is_empty()) {
                ([outcome], true) => outcome.cells().to_vec(),
                (outcomes, _) => {
                    let title = outcomes.iter().take(1).map(|outcome| outcome.title.clone());
                    title.chain(outcomes.iter().flat_map(Outcome::cells_of_a_set)).collect()
                }
            };
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    /// A short one, of the README's rows: of each set our rate and the ratio, and beneath it the processor.
    pub(crate) fn short(&self) -> String {
        let of = |set: &String| [format!("{set}: ours"), "ratio [min..max]".to_owned()];
        let names = ["workload", "against"].map(str::to_owned);
        let head: Vec<String> = names.into_iter().chain(self.sets.iter().flat_map(of)).collect();
        let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
        for Row { outcomes, .. } in self.rows.iter().filter(|row| row.in_readme) {
            let first = outcomes.iter().take(1).flat_map(|outcome| {
                let peer = outcome.peer.split_once(" (").map_or(&*outcome.peer, |(name, _)| name);
                [outcome.title.clone(), peer.to_owned()]
            });
            let cells = outcomes.iter().flat_map(|outcome| {
                let [_, _, ours, ratio] = outcome.cells_of_a_set();
                [ours, ratio]
            });
            let _ = writeln!(text, "| {} |", first.chain(cells).collect::<Vec<_>>().join(" | "));
        }
        let _ = writeln!(
            text,
            "\nRates a second, in the last row 1/seconds; {}, {} rounds of each race.",
            self.processor, self.rounds
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_and_not_of_the_rates() {
        // A machine that slows down for one whole round changes both rates and no ratio.
        let outcome = Outcome::of("t", "p", Some(2.5), &[(30.0, 10.0), (3.0, 1.0), (20.0, 10.0)]).unwrap();
        assert_eq!(outcome.ratio, Spread { median: 3.0, least: 2.0, most: 3.0 });
        assert_eq!((outcome.ours.median, outcome.theirs.median), (20.0, 10.0));
        assert_eq!(outcome.verdict(), "reached");
    }

    #[test]
    fn spreads_of_even_odd_and_no_values() {
        assert_eq!(Spread::of(vec![4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of(vec![9.0, 4.0, 1.0]).unwrap(), Spread { median: 4.0, least: 1.0, most: 9.0 });
        assert_eq!(Spread::of(Vec::new()), None);
        assert!(Outcome::of("t", "p", None, &[]).is_none());
    }

    #[test]
    fn tables_show_misses_and_losses() {
        let of = |title: &str, bar, ratio| Outcome::of(title, "peer", bar, &[(ratio, 1.0)]).unwrap();
        let outcomes = [of("hit", Some(2.0), 150.4), of("miss", Some(2.0), 1.5), of("loss", None, 0.1)];
        let row = |outcomes: &[Outcome], in_readme| Row { in_readme, outcomes: outcomes.to_vec() };
        let rows = outcomes.iter().map(|outcome| row(std::slice::from_ref(outcome), false)).collect();
        let mut table = Table { processor: "P".to_owned(), rounds: 5, sets: Vec::new(), rows };
        assert_eq!(
            table.markdown(),
            "Processor: P; 5 rounds of each race.\n\n| workload | against | theirs | ours | ratio [min..max] | bar |  |\n|---|---|---|---|---|---|---|\n\
             | hit | peer | 1.000e0 | 1.504e2 | 150 × [150..150] | 2 × | reached |\n\
             | miss | peer | 1.000e0 | 1.500e0 | 1.50 × [1.50..1.50] | 2 × | missed |\n\
             | loss | peer | 1.000e0 | 1.000e-1 | 0.10 × [0.10..0.10] |  | slower |\n"
        );
        table.sets = vec!["avx2".to_owned(), "avx512".to_owned()];
        let last = [outcomes[2].clone(), outcomes[0].clone()];
        table.rows = vec![row(&[outcomes[1].clone(), outcomes[0].clone()], false), row(&last, true)];
        assert!(table.markdown().ends_with(
            "| miss | peer | 1.000e0 | 1.500e0 | 1.50 × [1.50..1.50], misses 2 × | peer | 1.000e0 | 1.504e2 | 150 × [150..150] |\n\
             | loss | peer | 1.000e0 | 1.000e-1 | 0.10 × [0.10..0.10], **slower** | peer | 1.000e0 | 1.504e2 | 150 × [150..150] |\n"
        ));
        assert_eq!(
            table.short(),
            "| workload | against | avx2: ours | ratio [min..max] | avx512: ours | ratio [min..max] |\n|---|---|---|---|---|---|\n\
             | loss | peer | 1.000e-1 | 0.10 × [0.10..0.10], **slower** | 1.504e2 | 150 × [150..150] |\n\n\
             Rates a second, in the last row 1/seconds; P, 5 rounds of each race.\n"
        );
        let lines: Vec<_> = text(&outcomes).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1].find("peer"), lines[3].find("peer"));
    }
}
