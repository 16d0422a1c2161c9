//! What a linear model of a series sees: a family of regressors and the value it starts from.
//!
//! ```text
//!     z = (T(y) − m)/s           T the identity or the logarithm; m, s of the rows to learn from
//!     w_t = z_t , z_t − z_{t−1} , z_t − z_{t−m}                   level, difference, seasonal difference
//!     x_t = (1 or the phase of t in the season, w_{t−m}, w_{t−m−1} or nothing, w_{t−1} … w_{t−p})
//!     z_{t+h−1} = b_t + x_t · β + noise ,  b_t = 0 , z_{t−1} , z_{t+h−1−m⌈h/m⌉}
//! ```
//! y \[rows\] values · m season in rows · h horizon, 1 for the next row · p number of lags. The regressors of a row are the values
//! before it; those of p lags are the first columns of those of more lags, so that one matrix serves all p. The phase of the row
//! that is predicted is a permutation of that of the row it is predicted from; both span the same space.

use nalgebra::DMatrix;

/// Phases of a season that have a level each, at most.
const MOST_PHASES: usize = 200;

/// What the values are turned into first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    /// Nothing.
    Level,
    /// The natural logarithm, for values above 0.
    Logarithm,
}

/// What is predicted, and what it is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// The value itself.
    None,
    /// The change from the row before.
    First,
    /// The change from a season before.
    Seasonal,
}

/// How the season is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seasonality {
    /// Not at all.
    None,
    /// A level for each phase.
    Phases,
    /// The values one season before.
    Lags,
}

/// Regressors without the number of lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// What the values are turned into.
    pub(super) transform: Transform,
    /// What is predicted.
    pub(super) difference: Difference,
    /// How the season is seen.
    pub(super) seasonality: Seasonality,
}

impl Family {
    /// All families for a series with a season or without, positive or not.
    pub(super) fn all(season: Option<usize>, positive: bool) -> Vec<Self> {
        let transforms = if positive { &[Transform::Level, Transform::Logarithm][..] } else { &[Transform::Level][..] };
        let mut families = Vec::new();
        for &transform in transforms {
            let mut add = |difference, seasonality| families.push(Self { transform, difference, seasonality });
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
    pub(super) fn reach(self, lags: usize, season: usize) -> usize {
        let back = match self.difference {
            Difference::None => 0,
            Difference::First => 1,
            Difference::Seasonal => season,
        };
        let seen = if self.seasonality == Seasonality::Lags { lags.max(season + 1) } else { lags };
        (seen + back).max(back)
    }

    /// Columns that are there with no lags.
    pub(super) fn fixed_columns(self, season: usize) -> usize {
        match self.seasonality {
            Seasonality::None => 1,
            Seasonality::Phases => season,
            Seasonality::Lags => 3,
        }
    }
}

/// The series as a family sees it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) family: Family,
    pub(super) season: usize,
    pub(super) mean: f64,
    pub(super) scale: f64,
    /// Transformed and standardised values \[rows\].
    pub(super) z: Vec<f64>,
    /// Bounds of differences as regressors: half their range beyond what was learned.
    bounds: (f64, f64),
}

impl Seen {
    /// `values` \[rows\] as `family` sees them, standardised by the first `fitted` of them; `None` if they do not vary.
    pub(super) fn new(family: Family, season: Option<usize>, values: &[f64], fitted: usize) -> Option<Self> {
        // A value below all that was learned has no use for a logarithm of its own.
        let least = 0.5 * values[..fitted].iter().copied().fold(f64::INFINITY, f64::min);
        let turned: Vec<f64> = match family.transform {
            Transform::Level => values.to_vec(),
            Transform::Logarithm => values.iter().map(|value| value.max(least).ln()).collect(),
        };
        let learned = &turned[..fitted];
        let mean = learned.iter().sum::<f64>() / fitted as f64;
        let scale = (learned.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / fitted as f64).sqrt();
        // Below that, differences are those of rounding.
        let usable = scale.is_finite() && scale > 16.0 * f64::EPSILON * mean.abs() && scale > 0.0;
        let z = turned.iter().map(|value| (value - mean) / scale).collect();
        let mut seen = Self { family, season: season.unwrap_or(1), mean, scale, z, bounds: (f64::MIN, f64::MAX) };
        if family.difference != Difference::None {
            let back = family.reach(0, seen.season);
            let all = (back..fitted).map(|t| seen.w(t));
            let (low, high) = all.fold((0.0f64, 0.0f64), |(low, high), w| (low.min(w), high.max(w)));
            let room = 0.5 * (high - low);
            seen.bounds = (low - room, high + room);
        }
        usable.then_some(seen)
    }

    /// The differenced value of row `t`, within its bounds: a jump that is larger than all before it is no guide to what follows.
    fn w(&self, t: usize) -> f64 {
        let value = match self.family.difference {
            Difference::None => self.z[t],
            Difference::First => self.z[t] - self.z[t - 1],
            Difference::Seasonal => self.z[t] - self.z[t - self.season],
        };
        value.clamp(self.bounds.0, self.bounds.1)
    }

    /// What the prediction `horizon` rows ahead, made from the rows before `t`, is added to.
    pub(super) fn start(&self, t: usize, horizon: usize) -> f64 {
        match self.family.difference {
            Difference::None => 0.0,
            Difference::First => self.z[t - 1],
            Difference::Seasonal => self.z[t + horizon - 1 - self.season * horizon.div_ceil(self.season)],
        }
    }

    /// The regressors of row `t` with `lags` lags into `row`.
    pub(super) fn regressors(&self, t: usize, lags: usize, row: &mut [f64]) {
        row.fill(0.0);
        match self.family.seasonality {
            Seasonality::None => row[0] = 1.0,
            Seasonality::Phases => row[t % self.season] = 1.0,
            Seasonality::Lags => {
                row[0] = 1.0;
                row[1] = self.w(t - self.season);
                row[2] = self.w(t - self.season - 1);
            }
        }
        let fixed = self.family.fixed_columns(self.season);
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
        let value = self.mean + self.scale * z;
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
            Transform::Logarithm => rows.clone().map(|t| self.mean + self.scale * self.z[t]).sum::<f64>(),
        };
        2.0 * (rows.len() as f64 * self.scale.ln() + own)
    }
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
        format!("the {what}, {lags}{seen}")
    }
}
