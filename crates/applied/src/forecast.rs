//! Forecasting a series: a linear base, a recurrent network on what the base leaves, and intervals that are calibrated.
//!
//! ```text
//!     ŷ_{t+h−1} = base_h(t) + w_h · network_h(t)
//!     w_h = clip( (Σ c e / s² + w₀/s₀²) / (Σ c²/s² + 1/s₀²), 0, 1)       over the validation part
//! ```
//! h horizon, 1 for the next row · t origin, the first row not seen · base `linear` · network `recurrence`, the mean of several ·
//! e what the base leaves on the validation part, c what the network says of it, both from models that were fitted to the rows
//! before · s² mean of e² · prior w₀ = .6, s₀ = .3. The weight is zero where the network makes the error on the validation part no
//! smaller: the report says so.
//!
//! Everything is decided on the rows before an origin, whose last third is for validation. In the test part this is repeated at
//! several origins, and each row is predicted by what was learned before it; the forecast past the end of the data is made by
//! the same procedure with all rows. So what is judged is what is delivered.
//!
//! The recipe is ours; its parts and their references are in the files of this folder.

pub(crate) mod average;
mod bounds;
pub mod calendar;
mod check;
pub mod continuation;
mod data;
pub(crate) mod features;
pub mod intervals;
pub mod judgement;
mod linear;
pub mod logs;
pub(crate) mod model;
pub(crate) mod model_file;
pub(crate) mod recurrence;
pub mod season;
pub mod series;
pub(crate) mod smoothing;

use serde::{Deserialize, Serialize};

use rayon::prelude::*;

use average::{Ahead, Average};
pub use bounds::Bounds;
use check::too_short;
pub use data::{Data, MOST_KNOWN};
use logs::Logs;
pub use model::{ForecastModel, Prediction};
pub use model_file::{ForecastFile, Origin};
use recurrence::{Inputs, Recurrence};
use tegmentum::checkpoint::Units;
use tegmentum::error::{Error, Result};

/// Prior mean and deviation of the network's weight.
const PRIOR: (f64, f64) = (0.6, 0.3);
/// Standard errors by which the network must make the squared error of validation smaller.
const LEAST_GAIN: f64 = 0.5;
/// Parts of the validation, and its share of the rows to learn from: one in so many.
const PARTS: usize = 4;
const VALIDATION: usize = 3;
/// How often everything is learned anew in the test part, at most, and rows that this may cost in all.
const REPETITIONS: usize = 10;
const ROWS_LEARNED_ANEW: usize = 6000;
/// Most rows of a series.
pub const MOST_ROWS: usize = 20_000;
/// Least rows to learn from.
pub const LEAST_ROWS: usize = 24;
/// Nominal coverages of the intervals.
pub const COVERAGES: [f64; 2] = [0.8, 0.95];

/// How a series is forecast.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::ForecastConfig;
///
/// let values: Vec<f64> = (0..120).map(|t| f64::from(t) + 10.0 * f64::from(t % 12)).collect();
/// let forecast = ForecastConfig { horizon: 3, ..ForecastConfig::default() }.fit(&values)?;
/// assert_eq!(forecast.season, Some(12));
/// assert!((forecast.horizons[0].future - 120.0).abs() < 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForecastConfig {
    /// Part of the rows to learn from; the rest is the test.
    pub train_fraction: f64,
    /// Rows after which the series repeats itself; found if not given, none if 1.
    pub season: Option<usize>,
    /// Rows that are forecast past the end of the data.
    pub horizon: usize,
    /// Recurrent networks whose mean is taken; 0 for the linear base alone.
    pub networks: usize,
    /// Evaluations of each training of a network.
    pub evaluations: u64,
    /// What everything random follows from.
    pub seed: u64,
    /// What the values can be; predictions and intervals are cut there.
    #[serde(skip_serializing_if = "Bounds::is_none")]
    pub bounds: Bounds,
}

impl Default for ForecastConfig {
    fn default() -> Self {
        let (networks, evaluations, bounds) = (3, 450, Bounds::default());
        Self { train_fraction: 0.7, season: None, horizon: 12, networks, evaluations, seed: 1, bounds }
    }
}

/// Predictions so many rows ahead, in the unit of the data, before they are [cut](Bounds) at the bounds of the forecast.
///
/// # Example
/// [`ForecastConfig`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Horizon {
    /// Rows ahead, from 1.
    pub ahead: usize,
    /// Predictions \[test rows − ahead + 1\] of the test rows, from the first that can be predicted from an origin in the test part.
    pub predicted: Vec<f64>,
    /// The same by the linear base alone.
    pub base: Vec<f64>,
    /// Half widths of their intervals, for each of [`COVERAGES`].
    pub half_widths: [Vec<f64>; 2],
    /// The prediction past the end of the data.
    pub future: f64,
    /// The half widths of its intervals.
    pub future_half_widths: [f64; 2],
    /// The weight of the network past the end of the data, between 0 and 1.
    pub network_weight: f64,
}

/// A series that was learned, judged and continued.
///
/// # Example
/// [`ForecastConfig`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Rows to learn from before the test; the rows from here on are the test.
    pub learned: usize,
    /// How often everything was learned anew in the test part.
    pub repetitions: usize,
    /// The season in rows, as found in all rows.
    pub season: Option<usize>,
    /// How many simple models the base has in the end, and the heaviest of each class in words.
    pub base: (usize, Vec<String>),
    /// Rows ahead that were asked for.
    pub asked: usize,
    /// One for each row ahead, as far as the rows suffice.
    pub horizons: Vec<Horizon>,
    /// Where predictions and intervals are cut.
    pub bounds: Bounds,
    /// What was learned from all rows, which goes on with rows that come later.
    pub model: ForecastModel,
}

impl ForecastConfig {
    /// Learns values \[rows\], at equal steps of time, or [`Data`] with known inputs.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range or a value that is not finite; [`Error::Incompatible`] for too few rows
    /// or a series that does not vary in the rows to learn from; [`Error::ShapeMismatch`] for a known input that is not known for
    /// every row and horizon.
    pub fn fit<'a>(&self, data: impl Into<Data<'a>>) -> Result<Forecast> {
        self.fit_in(data, &Units::nowhere())
    }

    /// The same with trained networks that are kept as units of work, so that a forecast that was stopped goes on where it was.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`Error::Io`] if a unit cannot be kept.
    pub fn fit_in<'a>(&self, data: impl Into<Data<'a>>, units: &Units<'_>) -> Result<Forecast> {
        self.fit_logged(data, units, None)
    }

    /// The same with [logs](logs::NetworkLog) of the trainings of the networks that are delivered.
    ///
    /// # Errors
    /// As [`fit_in`](Self::fit_in), and [`Error::Io`] if a log cannot be written.
    pub fn fit_logged<'a>(
        &self,
        data: impl Into<Data<'a>>,
        units: &Units<'_>,
        logs: Option<&Logs<'_>>,
    ) -> Result<Forecast> {
        let data = data.into();
        let (values, learned) = (data.values, self.check(data)?);
        let rows = values.len();
        let repetitions = (ROWS_LEARNED_ANEW / rows).clamp(1, REPETITIONS).min((rows - learned).max(1));
        let mut starts: Vec<usize> =
            (0..repetitions).map(|part| learned + part * (rows - learned) / repetitions).collect();
        starts.push(rows);
        // Without a test part there is one origin alone.
        starts.dedup();
        let mut traces = vec![Trace::default(); self.horizon.min(rows)];
        let mut last = None;
        let aheads = traces.len();
        for (part, &start) in starts.iter().enumerate() {
            let end = starts.get(part + 1).copied().unwrap_or(rows);
            let logs = logs.filter(|_| start == rows);
            let learner = self.learn(data.until(end), start, &units.below(&start.to_string()), logs)?;
            let mut found = Vec::with_capacity(aheads);
            for (trace, ahead) in traces.iter_mut().zip(1..) {
                found.extend(learner.extend(trace, ahead, part == 0));
            }
            last = Some((learner, found));
        }
        // The starts are never empty.
        let Some((learner, found)) = last else { return Err(too_short()) };
        let horizons: Vec<Horizon> =
            traces.iter().zip(1..).map_while(|(trace, ahead)| trace.judged(values, learned, ahead)).collect();
        if horizons.is_empty() {
            return Err(too_short());
        }
        let (season, base) = (learner.season, learner.base.describe());
        let bounds = self.bounds;
        let model = ForecastModel { bounds, ..learner.settle(data, &found[..horizons.len()], &horizons) };
        Ok(Forecast { learned, repetitions, season, base, asked: self.horizon, horizons, bounds, model })
    }

    /// Learns the rows before `learned`.
    fn learn<'a>(
        &self,
        data: Data<'a>,
        learned: usize,
        units: &Units<'_>,
        logs: Option<&Logs<'_>>,
    ) -> Result<Learner<'a>> {
        let values = data.values;
        let season = match self.season {
            Some(season) => (season > 1).then_some(season),
            None => season::find(&values[..learned]),
        };
        let base = Average::choose(data, season, validation_parts(learned)).ok_or_else(|| Error::Incompatible {
            what: "the series".to_owned(),
            with: "a forecast".to_owned(),
            reason: "it does not vary in the rows to learn from".to_owned(),
        })?;
        let networks = match base.ahead(values, 1, true).filter(|_| self.networks > 0) {
            Some(ahead) => ahead
                .predicted
                .iter()
                .enumerate()
                .map(|(fit, predicted)| {
                    // The last ones are those that count.
                    let logs = logs.filter(|_| fit + 1 == base.ends.len());
                    self.networks(values, &base, predicted, (fit, units, logs))
                })
                .collect::<Result<Vec<_>>>()?,
            None => Vec::new(),
        };
        Ok(Learner { values, season, base, networks })
    }

    /// Networks trained on what the base, which `predicted`, leaves of the rows before `base.ends[fit]`.
    fn networks(
        &self,
        values: &[f64],
        base: &Average,
        predicted: &[f64],
        (fit, units, logs): (usize, &Units<'_>, Option<&Logs<'_>>),
    ) -> Result<Networks> {
        let end = base.ends[fit];
        let (residuals, _) = residuals(values, predicted, base.first, end, 1);
        let inputs = Inputs::new(values, &residuals, base.first, end);
        let learned = &residuals[..end - base.first];
        let (seed, place) = (self.seed, fit as u64);
        let train = |network: u64| {
            let log = logs.filter(|_| self.evaluations > 0);
            let log = log.map(|logs| logs.record(seed, place, network, self.evaluations)).transpose()?;
            let key = logs::key(seed, place, network);
            Recurrence::train(&inputs, learned, self.evaluations, key, log.as_ref())
        };
        let all = || (0..self.networks as u64).into_par_iter().map(train).collect::<Result<Vec<_>>>();
        let recurrences = units.get(&fit.to_string(), all)?;
        Ok(Networks { inputs, recurrences, end })
    }
}

/// Networks with what they see.
struct Networks {
    inputs: Inputs,
    recurrences: Vec<Recurrence>,
    /// The first row that they did not learn from.
    end: usize,
}

impl Networks {
    /// What the base leaves, as the networks say, `ahead` rows ahead from each origin, in the unit of the data.
    fn correction(&self, values: &[f64], base: &[f64], first: usize, ahead: usize) -> Vec<f64> {
        let mut mean = vec![0.0; base.len()];
        let (residuals, scale) = residuals(values, base, first, self.end, ahead);
        let learned = &residuals[..(self.end + 1).saturating_sub(first + ahead)];
        for recurrence in &self.recurrences {
            for (sum, value) in mean.iter_mut().zip(recurrence.predict(&self.inputs, learned)) {
                *sum += scale * value / self.recurrences.len() as f64;
            }
        }
        mean
    }
}

/// Truth minus prediction for each origin whose truth is known, divided by the deviation of those before `end`, and that deviation.
fn residuals(values: &[f64], predicted: &[f64], first: usize, end: usize, ahead: usize) -> (Vec<f64>, f64) {
    let truths = values[first + ahead - 1..].iter();
    let mut left: Vec<f64> = truths.zip(predicted).map(|(truth, value)| truth - value).collect();
    let known = &left[..(end + 1).saturating_sub(first + ahead)];
    let scale = (known.iter().map(|error| error * error).sum::<f64>() / known.len().max(1) as f64).sqrt();
    let scale = if scale > 0.0 && scale.is_finite() { scale } else { 1.0 };
    for error in &mut left {
        *error /= scale;
    }
    (left, scale)
}

/// The standard deviation.
fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// The first row of each part of the validation, and the end of the rows to learn from.
fn validation_parts(learned: usize) -> Vec<usize> {
    (0..=PARTS).map(|part| learned - (PARTS - part) * learned / (PARTS * VALIDATION)).collect()
}

/// What was learned from the rows before an origin.
struct Learner<'a> {
    values: &'a [f64],
    season: Option<usize>,
    base: Average,
    /// One for each part of the validation, and those that count.
    networks: Vec<Networks>,
}

/// Predictions of one horizon, from the first origin that the first learner can predict from.
#[derive(Clone, Debug, Default)]
struct Trace {
    first: usize,
    full: Vec<f64>,
    base: Vec<f64>,
    weight: f64,
    /// Whether a learner had too few rows for this horizon.
    broken: bool,
}

impl Learner<'_> {
    /// Adds the predictions from the origins that are not learned from, and for the first learner also those before. Returns those of the
    /// base; `None` if there are too few rows for this horizon.
    fn extend(&self, trace: &mut Trace, ahead: usize, is_first: bool) -> Option<Ahead> {
        let (first, fit) = (self.base.first, self.base.ends.len() - 1);
        let learned = self.base.ends[fit];
        let Some(found) = self.base.ahead(self.values, ahead, is_first) else {
            trace.broken = true;
            return None;
        };
        let base = &found.predicted[fit];
        let weight = self.weight(&found.predicted, ahead);
        let correction = match self.networks.get(fit) {
            Some(networks) if weight > 0.0 => networks.correction(self.values, base, first, ahead),
            _ => vec![0.0; base.len()],
        };
        let from = if is_first { 0 } else { learned - first };
        // The origin behind the last row belongs to the learner that has learned all.
        let to = if learned == self.values.len() { base.len() } else { self.values.len() - first };
        trace.full.extend((from..to).map(|origin| base[origin] + weight * correction[origin]));
        trace.base.extend(&base[from..to]);
        trace.weight = weight;
        if is_first {
            trace.first = first;
        }
        Some(found)
    }

    /// What was learned from all rows, with `found` of each horizon.
    fn settle(&self, data: Data<'_>, found: &[Ahead], horizons: &[Horizon]) -> ForecastModel {
        let (first, rows, season) = (self.base.first, self.values.len(), self.season.unwrap_or(1));
        let weights: Vec<Vec<f64>> = found.iter().map(|found| found.weights.clone()).collect();
        let base = self.base.settle(&weights);
        let late = self.base.ends.len() - 1;
        // As `Networks::correction` has them.
        let left = found.iter().zip(1..).map(|(found, ahead)| {
            let (mut left, scale) = residuals(self.values, &found.predicted[late], first, rows, ahead);
            left.truncate((rows + 1).saturating_sub(first + ahead));
            (left, scale)
        });
        let (left, scales): (Vec<Vec<f64>>, Vec<f64>) = left.unzip();
        let used = horizons.iter().any(|horizon| horizon.network_weight > 0.0);
        let networks = self.networks.get(late).filter(|_| used);
        let kept = model::needed(&base.members, season);
        let from = rows.saturating_sub(kept) / season * season;
        let until = rows + horizons.len();
        ForecastModel {
            rows,
            season,
            deviation: deviation(self.values),
            bounds: Bounds::default(),
            base,
            moments: networks.map_or([(0.0, 1.0); 3], |networks| networks.inputs.moments()),
            networks: networks.map_or_else(Vec::new, |networks| {
                networks.recurrences.iter().map(|network| network.settle(&networks.inputs, &left)).collect()
            }),
            scales,
            network_weights: horizons.iter().map(|horizon| horizon.network_weight).collect(),
            half_widths: horizons.iter().map(|horizon| horizon.future_half_widths).collect(),
            values: self.values[from..].to_vec(),
            known: data.known.iter().map(|input| input[from..until].to_vec()).collect(),
        }
    }

    /// The weight of the networks so many rows ahead, where the base `predicted`.
    fn weight(&self, predicted: &[Vec<f64>], ahead: usize) -> f64 {
        let first = self.base.first;
        let (mut left, mut said) = (Vec::new(), Vec::new());
        for (fit, (part, networks)) in self.base.ends.windows(2).zip(&self.networks).enumerate() {
            // Origins whose targets lie in this part.
            let from = (part[0] + 1).saturating_sub(ahead).max(first) - first;
            let to = (part[1] + 1).saturating_sub(first + ahead);
            let own = networks.correction(self.values, &predicted[fit], first, ahead);
            left.extend((from..to).map(|origin| self.values[first + origin + ahead - 1] - predicted[fit][origin]));
            said.extend((from..to).map(|origin| own[origin]));
        }
        network_weight(&left, &said)
    }
}

impl Trace {
    /// The predictions of the test rows with their intervals; `None` if there is none past the end.
    fn judged(&self, values: &[f64], learned: usize, ahead: usize) -> Option<Horizon> {
        let future = *self.full.last()?;
        if self.broken {
            return None;
        }
        let known = (values.len() + 1).saturating_sub(self.first + ahead);
        let errors: Vec<f64> =
            (0..known).map(|origin| values[self.first + origin + ahead - 1] - self.full[origin]).collect();
        let widths = COVERAGES.map(|coverage| intervals::half_widths(&errors, ahead, coverage, self.full.len()));
        let test = learned - self.first..known.max(learned - self.first);
        let of = |all: &[f64]| all[test.clone()].to_vec();
        let last = self.full.len() - 1;
        Some(Horizon {
            ahead,
            predicted: of(&self.full),
            base: of(&self.base),
            half_widths: widths.each_ref().map(|widths| of(widths)),
            future,
            future_half_widths: widths.map(|widths| widths[last]),
            network_weight: self.weight,
        })
    }
}

/// The weight w of the network from errors of the base on the validation part and what the network says of them.
fn network_weight(errors: &[f64], said: &[f64]) -> f64 {
    let count = errors.len().max(1) as f64;
    let square = errors.iter().map(|error| error * error).sum::<f64>() / count;
    if square <= 0.0 || said.iter().all(|value| *value == 0.0) {
        return 0.0;
    }
    let across: f64 = errors.iter().zip(said).map(|(error, value)| error * value).sum::<f64>() / square;
    let along: f64 = said.iter().map(|value| value * value).sum::<f64>() / square;
    let precision = PRIOR.1.powi(-2);
    let weight = ((across + PRIOR.0 * precision) / (along + precision)).clamp(0.0, 1.0);
    let gains: Vec<f64> =
        errors.iter().zip(said).map(|(error, value)| error * error - (error - weight * value).powi(2)).collect();
    let gain = gains.iter().sum::<f64>() / count;
    let deviation = (gains.iter().map(|one| (one - gain).powi(2)).sum::<f64>() / count).sqrt();
    if gain > LEAST_GAIN * deviation / count.sqrt() { weight } else { 0.0 }
}

#[cfg(test)]
mod tests;
