//! What a study found, as plain data: the contract between a run and its report.
//!
//! [`Summary`] is `summary.json`, [`Figure`]s are `figures.json`; both are enough to draw the report again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// The content of `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The study's name, for example `lorenz`.
    pub study: String,
    /// Its title, for people.
    pub title: String,
    /// What was asked, in a sentence or two.
    pub question: String,
    /// The answer in one sentence, with its interval.
    pub answer: String,
    /// Whether this was a shortened run (`--quick`), whose figures are not the study's.
    pub quick: bool,
    /// What each arm reached: arm → metric → sample.
    pub arms: BTreeMap<String, BTreeMap<String, Sample>>,
    /// The names of the arms in the order of the study.
    pub arm_order: Vec<String>,
    /// The metrics that occur in `arms`: names for people, units, what of each is better.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// The claims, in the order of the study.
    pub claims: Vec<ClaimOutcome>,
    /// Further facts: notes on the set-up, limits, what was searched.
    pub notes: Vec<String>,
}

/// One metric of one arm over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Number of seeds.
    pub n: usize,
    /// Interquartile mean; for a metric that counts seeds the share itself with its exact interval, for an attribution the mean.
    /// `None` if it is not finite, because a quarter or more of the seeds failed, or if no seed has the metric.
    pub iqm: Option<f64>,
    /// 95 % bootstrap interval of the interquartile mean.
    pub ci95: Option<[f64; 2]>,
    /// Median; `None` if half of the seeds failed.
    pub median: Option<f64>,
    /// First and third quartile; `None` where it is not finite.
    pub quartiles: [Option<f64>; 2],
    /// The values in the order of the seeds; `None` where a seed failed (never reached a target, or not finite) or has none.
    pub values: Vec<Option<f64>>,
    /// Seeds that do not have the metric at all, which is no failure: what it is about did not occur in their runs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undefined: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the attribute asks for it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Sample {
    /// Whether no seed has the metric: there is none in this study.
    pub fn is_none(&self) -> bool {
        self.undefined == self.n
    }

    /// Seeds that failed, besides those that do not have the metric.
    pub fn failed(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count().saturating_sub(self.undefined)
    }

    /// Seeds whose value is one, for a metric that counts seeds.
    pub fn ones(&self) -> usize {
        self.values.iter().filter(|value| **value == Some(1.0)).count()
    }
}

impl Summary {
    /// What the metric called `name` is.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies on the claim's side of its threshold.
    Supported,
    /// The whole interval lies on the other side.
    NotSupported,
    /// The interval contains the threshold, or `reason` says why there is no verdict.
    Inconclusive,
}

/// A claim with its test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimOutcome {
    /// The claim in words, as written in the study before the run.
    pub claim: String,
    /// Whether the data support it.
    pub verdict: Verdict,
    /// The measured effect, in the unit of `statistic`.
    pub effect: Option<f64>,
    /// Its 95 % interval; an end that is not finite is `None`.
    pub ci95: [Option<f64>; 2],
    /// Number of seeds (or pairs of them).
    pub n: usize,
    /// What the effect is, for example "ratio of interquartile means, paired by seed".
    pub statistic: String,
    /// The threshold in words, for example "≤ 0.286".
    pub threshold: String,
    /// Why nothing can be said, where that is not seen from the interval: too few seeds, no value, a reference that diverged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A picture or a table of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Unique in the study; becomes the anchor in the report.
    pub id: String,
    /// One line above the picture.
    pub title: String,
    /// What is shown and how to read it, below the picture.
    pub caption: String,
    /// The content.
    pub content: FigureContent,
}

/// The kinds of pictures and tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureContent {
    /// Lines with bands: learning curves, robustness curves, costs.
    Curves {
        /// Horizontal axis.
        x: Axis,
        /// Vertical axis.
        y: Axis,
        /// The lines.
        series: Vec<CurveSeries>,
        /// Horizontal lines with a name: persistence, a target.
        references: Vec<(String, f64)>,
    },
    /// One value for each seed in several groups: drawn as box plots with the points.
    Distribution {
        /// The axis of the values.
        axis: Axis,
        /// The groups, from top to bottom.
        groups: Vec<DistributionGroup>,
        /// Lines across the groups with a name.
        references: Vec<(String, f64)>,
    },
    /// Paths in a plane, panel beside panel on common axes: true and predicted attractors.
    Trajectories {
        /// Horizontal axis, common to all panels.
        x: Axis,
        /// Vertical axis, common to all panels.
        y: Axis,
        /// The panels, from left to right.
        panels: Vec<TrajectoryPanel>,
    },
    /// Every run as a thin line and their mean as a thick one, panel beside panel on common axes: two ways to end show as two
    /// bundles of lines, which no mean does.
    Runs {
        /// Horizontal axis, common to all panels.
        x: Axis,
        /// Vertical axis, common to all panels.
        y: Axis,
        /// The panels, from left to right.
        panels: Vec<RunsPanel>,
    },
    /// A table of numbers whose cells are coloured by them.
    HeatMap {
        /// The heads of the columns.
        columns: Vec<String>,
        /// Names of the rows.
        rows: Vec<String>,
        /// The cells, row by row.
        cells: Vec<Vec<HeatCell>>,
        /// From number to colour.
        colours: HeatColours,
    },
    /// One bar for each number, from zero, with its interval: shares of the whole.
    Bars {
        /// The axis of the numbers.
        axis: Axis,
        /// The bars, from top to bottom.
        bars: Vec<Bar>,
    },
    /// Spikes of cells over time, panel beside panel: before a shift, just after it, late.
    Raster {
        /// Names of the populations with the number of their first cell, in order.
        populations: Vec<(String, u32)>,
        /// Number of cells.
        cells: u32,
        /// Horizontal axis: time.
        x: Axis,
        /// The panels, from left to right.
        panels: Vec<RasterPanel>,
    },
    /// A table of text; the first column names the row.
    Table {
        /// The heads of the columns.
        columns: Vec<String>,
        /// The cells, row by row, formatted.
        rows: Vec<Vec<String>>,
    },
}

/// An axis of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What is on it, with its unit in brackets.
    pub label: String,
    /// Whether it is logarithmic; values at or below zero are then not drawn.
    pub logarithmic: bool,
    /// Values of this axis with a name, drawn as lines across the picture: where the world changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<(String, f64)>,
}

/// One line with a band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveSeries {
    /// Its name in the legend.
    pub label: String,
    /// Positions.
    pub x: Vec<f64>,
    /// The line, as long as `x`.
    pub y: Vec<f64>,
    /// The band's lower edge, as long as `x`, or empty for no band.
    pub lower: Vec<f64>,
    /// The band's upper edge, as long as `x`, or empty for no band.
    pub upper: Vec<f64>,
}

/// The values of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionGroup {
    /// Its name.
    pub label: String,
    /// The finite values.
    pub values: Vec<f64>,
    /// How many seeds failed and have no value.
    pub failed: usize,
}

/// One panel of paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrajectoryPanel {
    /// Its name.
    pub title: String,
    /// The paths, each a list of points.
    pub paths: Vec<Vec<[f64; 2]>>,
}

/// All runs of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunsPanel {
    /// Its name.
    pub title: String,
    /// Positions.
    pub x: Vec<f64>,
    /// The mean, or another centre, as long as `x`.
    pub mean: Vec<f64>,
    /// The runs, each as long as `x`.
    pub runs: Vec<Vec<f64>>,
}

/// A cell of a heat map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatCell {
    /// The number; `None` where there is none.
    pub value: Option<f64>,
    /// A second, smaller line, such as the interval; may be empty.
    pub detail: String,
}

/// How the cells of a heat map are coloured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeatColours {
    /// Each column by itself, from its least to its greatest value.
    Columns {
        /// For each column, whether the least value has the deepest colour.
        reversed: Vec<bool>,
    },
    /// All cells on one scale around zero, with a colour for each sign.
    Signed,
}

/// A bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its name.
    pub label: String,
    /// Where it ends; `None` where there is no number.
    pub value: Option<f64>,
    /// Its 95 % interval; an end that is not finite is `None`.
    pub ci95: [Option<f64>; 2],
}

/// The spikes of one stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RasterPanel {
    /// Its name.
    pub title: String,
    /// How long it is, in the unit of the axis.
    pub duration: f32,
    /// Time from the panel's beginning and the cell's number, one entry for each spike.
    pub spikes: Vec<(f32, u32)>,
}
