//! What a linear model of a series sees: a family of regressors and the value it starts from.
//!
//! ```text
//!     z = (T(y) − m)/s           T the identity or the logarithm; m, s of the rows to learn from
//!     w_t = z_t , z_t − z_{t−1} , z_t − z_{t−m}                   level, difference, seasonal difference
//!     x_t = (k_{t+h−1}, 1 or the phase of t in the season, w_{t−m}, w_{t−m−1} or nothing, w_{t−1} … w_{t−p})
//!     z_{t+h−1} = b_t + x_t · β + noise ,  b_t = 0 , z_{t−1} , z_{t+h−1−m⌈h/m⌉}
//! ```
//! k known inputs of the row that is predicted, standardised, with the difference of the value that is predicted (k_{t+h−1} − k_{t−1}, …), in some families ·
//! y \[rows\] values · m season in rows · h horizon, 1 for the next row · p number of lags. The regressors of a row are the values
//! before it; those of p lags are the first columns of those of more lags, so that one matrix serves all p. The phase of the row
//! that is predicted is a permutation of that of the row it is predicted from; both span the same space.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::Data;

/// Phases of a season that have a level each, at most.
const MOST_PHASES: usize = 200;
/// Deviations from its mean beyond which a known input is taken to stand there.
pub(crate) const FARTHEST: f64 = 10.0;

/// What the values are turned into first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transform {
    /// Nothing.
    Level,
    /// The natural logarithm, for values above 0.
    Logarithm,
}

/// What is predicted, and what it is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Difference {
    /// The value itself.
    None,
    /// The change from the row before.
    First,
    /// The change from a season before.
    Seasonal,
}

/// How the season is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Seasonality {
    /// Not at all.
    None,
    /// A level for each phase.
    Phases,
    /// The values one season before.
    Lags,
}

/// Regressors without the number of lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Family {
    /// What the values are turned into.
    pub(crate) transform: Transform,
    /// What is predicted.
    pub(crate) difference: Difference,
    /// How the season is seen.
    pub(crate) seasonality: Seasonality,
    /// Known inputs that are seen: all of them, or none.
    pub(crate) known: usize,
}

impl Family {
    /// All families for a series with a season or without, positive or not, with so many known inputs.
    pub(super) fn all(season: Option<usize>, positive: bool, known: usize) -> Vec<Self> {
        let transforms = if positive { &[Transform::Level, Transform::Logarithm][..] } else { &[Transform::Level][..] };
        let seen = if known > 0 { &[0, known][..] } else { &[0][..] };
        let mut families = Vec::new();
        for (&transform, &known) in transforms.iter().flat_map(|one| seen.iter().map(move |known| (one, known))) {
            let mut add = |difference, seasonality| families.push(Self { transform, difference, seasonality, known });
            add(Difference::None, Seasonality::None);
            add(Difference::First, Seasonality::None);
            if season.is_some_and(|season| season <= MOST_PHASES) {
                add(Difference::None, Seasonality::Phases);
                add(Difference::First, Seasonality::Phases);
            }
            if season.is_some() {
                add(Difference::None, Seasonality::Lags);
                add(Difference::First, Seasonality::Lags);
                add(Difference::Seasonal, Seasonality::None);
            }
        }
        families
    }

    /// Rows before a row that its regressors with `lags` lags need.
    pub(crate) fn reach(self, lags: usize, season: usize) -> usize {
        let back = match self.difference {
            Difference::None => 0,
            Difference::First => 1,
            Difference::Seasonal => season,
        };
        let seen = if self.seasonality == Seasonality::Lags { lags.max(season + 1) } else { lags };
        (seen + back).max(back)
    }

    /// Columns that are there with no lags.
    pub(crate) fn fixed_columns(self, season: usize) -> usize {
        let own = match self.seasonality {
            Seasonality::None => 1,
            Seasonality::Phases => season,
            Seasonality::Lags => 3,
        };
        self.known + own
    }
}

/// How values and known inputs are turned into what a family sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scaling {
    /// Of the transformed values.
    pub(crate) mean: f64,
    pub(crate) scale: f64,
    /// Values below it are taken to be it, where there are logarithms.
    pub(crate) least: f64,
    /// Bounds of differences as regressors: half their range beyond what was learned.
    pub(crate) bounds: (f64, f64),
    /// Mean and scale of each known input; a scale of 0 where it says nothing.
    pub(crate) known: Vec<(f64, f64)>,
}

/// The series as a family sees it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) family: Family,
    pub(super) season: usize,
    pub(super) scaling: Scaling,
    /// Transformed and standardised values \[rows\].
    pub(super) z: Vec<f64>,
    /// Standardised known inputs \[inputs\]\[rows and those to come\].
    known: Vec<Vec<f64>>,
}

impl Scaling {
    /// A value as a family with this transform sees it.
    pub(super) fn of(&self, transform: Transform, value: f64) -> f64 {
        let turned = match transform {
            Transform::Level => value,
            Transform::Logarithm => value.max(self.least).ln(),
        };
        (turned - self.mean) / self.scale
    }

    /// A known input in deviations from its mean.
    fn known(&self, input: usize, value: f64) -> f64 {
        match self.known[input] {
            (mean, scale) if scale > 0.0 => ((value - mean) / scale).clamp(-FARTHEST, FARTHEST),
            _ => 0.0,
        }
    }

    /// Whether all numbers can be used, and there are those of so many known inputs.
    pub(super) fn is_sound(&self, known: usize) -> bool {
        let own = [self.mean, self.scale, self.least, self.bounds.0, self.bounds.1];
        let mut all = own.into_iter().chain(self.known.iter().flat_map(|(mean, scale)| [*mean, *scale]));
        self.known.len() == known && self.scale > 0.0 && self.bounds.0 <= self.bounds.1 && all.all(f64::is_finite)
    }
}

impl Seen {
    /// The series as `family` sees it, standardised by the first `fitted` rows; `None` if the values do not vary in them.
    pub(super) fn new(family: Family, season: Option<usize>, data: Data<'_>, fitted: usize) -> Option<Self> {
        let values = data.values;
        // A value below all that was learned has no use for a logarithm of its own.
        let least = match family.transform {
            Transform::Level => 0.0,
            Transform::Logarithm => 0.5 * values[..fitted].iter().copied().fold(f64::INFINITY, f64::min),
        };
        let turned: Vec<f64> = match family.transform {
            Transform::Level => values.to_vec(),
            Transform::Logarithm => values.iter().map(|value| value.max(least).ln()).collect(),
        };
        let learned = &turned[..fitted];
        let mean = learned.iter().sum::<f64>() / fitted as f64;
        let scale = (learned.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / fitted as f64).sqrt();
        // Below that, differences are those of rounding.
        let usable = scale.is_finite() && scale > 16.0 * f64::EPSILON * mean.abs() && scale > 0.0;
        let known = data.known.iter().take(family.known).map(|input| moments(&input[..fitted])).collect();
        let scaling = Scaling { mean, scale, least, bounds: (f64::MIN, f64::MAX), known };
        let mut seen = Self::scaled(family, season.unwrap_or(1), scaling, data);
        if family.difference != Difference::None {
            let back = family.reach(0, seen.season);
            let all = (back..fitted).map(|t| seen.w(t));
            let (low, high) = all.fold((0.0f64, 0.0f64), |(low, high), w| (low.min(w), high.max(w)));
            let room = 0.5 * (high - low);
            seen.scaling.bounds = (low - room, high + room);
        }
        usable.then_some(seen)
    }

    /// The series as `family` sees it, with a scaling that is there already.
    pub(super) fn scaled(family: Family, season: usize, scaling: Scaling, data: Data<'_>) -> Self {
        let z = data.values.iter().map(|value| scaling.of(family.transform, *value)).collect();
        let inputs = data.known.iter().take(family.known).enumerate();
        let known = inputs.map(|(index, input)| input.iter().map(|value| scaling.known(index, *value)).collect());
        Self { family, season, z, known: known.collect(), scaling }
    }

    /// The differenced value of row `t`, within its bounds: a jump that is larger than all before it is no guide to what follows.
    fn w(&self, t: usize) -> f64 {
        let value = match self.family.difference {
            Difference::None => self.z[t],
            Difference::First => self.z[t] - self.z[t - 1],
            Difference::Seasonal => self.z[t] - self.z[t - self.season],
        };
        value.clamp(self.scaling.bounds.0, self.scaling.bounds.1)
    }

    /// What the prediction `horizon` rows ahead, made from the rows before `t`, is added to.
    pub(super) fn start(&self, t: usize, horizon: usize) -> f64 {
        match self.family.difference {
            Difference::None => 0.0,
            Difference::First => self.z[t - 1],
            Difference::Seasonal => self.z[t + horizon - 1 - self.season * horizon.div_ceil(self.season)],
        }
    }

    /// The known inputs of the row that is predicted `horizon` rows ahead from the rows before `t`.
    pub(super) fn known(&self, t: usize, horizon: usize) -> impl Iterator<Item = f64> {
        let target = t + horizon - 1;
        self.known.iter().map(move |input| {
            input[target]
                - match self.family.difference {
                    Difference::None => 0.0,
                    Difference::First => input[t - 1],
                    Difference::Seasonal => input[target - self.season * horizon.div_ceil(self.season)],
                }
        })
    }

    /// The regressors of row `t` with `lags` lags into `row`, for the next row.
    pub(super) fn regressors(&self, t: usize, lags: usize, row: &mut [f64]) {
        self.regressors_ahead(t, 1, lags, row);
    }

    /// The same for the row so many rows ahead.
    pub(super) fn regressors_ahead(&self, t: usize, horizon: usize, lags: usize, row: &mut [f64]) {
        row.fill(0.0);
        for (cell, value) in row.iter_mut().zip(self.known(t, horizon)) {
            *cell = value;
        }
        let row = &mut row[self.family.known..];
        match self.family.seasonality {
            Seasonality::None => row[0] = 1.0,
            Seasonality::Phases => row[t % self.season] = 1.0,
            Seasonality::Lags => {
                row[0] = 1.0;
                row[1] = self.w(t - self.season);
                row[2] = self.w(t - self.season - 1);
            }
        }
        let fixed = self.family.fixed_columns(self.season) - self.family.known;
        for lag in 1..=lags {
            row[fixed + lag - 1] = self.w(t - lag);
        }
    }

    /// The regressors of the rows `rows` \[rows × columns\], one row of the result for each.
    pub(super) fn matrix(&self, rows: std::ops::Range<usize>, lags: usize) -> DMatrix<f64> {
        let columns = self.family.fixed_columns(self.season) + lags;
        let mut buffer = vec![0.0; columns];
        let mut matrix = DMatrix::zeros(rows.len(), columns);
        for (index, t) in rows.enumerate() {
            self.regressors(t, lags, &mut buffer);
            for (column, value) in buffer.iter().enumerate() {
                matrix[(index, column)] = *value;
            }
        }
        matrix
    }

    /// A standardised value in the unit of the data.
    pub(super) fn back(&self, z: f64) -> f64 {
        let value = self.scaling.mean + self.scaling.scale * z;
        match self.family.transform {
            Transform::Level => value,
            Transform::Logarithm => value.exp(),
        }
    }

    /// What Akaike's criterion of standardised values is corrected by to be one of the values themselves: twice the sum of
    /// the logarithms of dy/dz over `rows`.
    pub(super) fn jacobian(&self, rows: std::ops::Range<usize>) -> f64 {
        let own = match self.family.transform {
            Transform::Level => 0.0,
            Transform::Logarithm => {
                rows.clone().map(|t| self.scaling.mean + self.scaling.scale * self.z[t]).sum::<f64>()
            }
        };
        2.0 * (rows.len() as f64 * self.scaling.scale.ln() + own)
    }
}

/// Mean and deviation of an input; a deviation of 0 if it does not vary.
fn moments(input: &[f64]) -> (f64, f64) {
    let count = input.len() as f64;
    let mean = input.iter().sum::<f64>() / count;
    let scale = (input.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let usable = scale.is_finite() && scale > 16.0 * f64::EPSILON * mean.abs();
    (mean, if usable { scale } else { 0.0 })
}

impl Family {
    /// The family with so many lags, in words.
    pub(super) fn describe(self, season: usize, lags: usize) -> String {
        let lags = match lags {
            0 => "no lags".to_owned(),
            1 => "1 lag".to_owned(),
            count => format!("{count} lags"),
        };
        let of = match self.transform {
            Transform::Level => "",
            Transform::Logarithm => " of the logarithm",
        };
        let what = match self.difference {
            Difference::None => format!("level{of}"),
            Difference::First => format!("change{of} from the row before"),
            Difference::Seasonal => format!("change{of} from {season} rows before"),
        };
        let seen = match self.seasonality {
            Seasonality::None => String::new(),
            Seasonality::Phases => format!(", a level for each of {season} phases"),
            Seasonality::Lags => format!(", the values {season} rows before"),
        };
        let known = if self.known > 0 { ", the known inputs" } else { "" };
        format!("the {what}, {lags}{seen}{known}")
    }
}
