//! Exponential smoothing: level, trend and season that follow the errors of one step.
//!
//! ```text
//!     ẑ_t = l + φ b + s_{t−m} ,  e = z_t − ẑ_t
//!     l ← l + φ b + α e ,  b ← φ b + α β e ,  s_t ← s_{t−m} + γ (1 − α) e
//!     h rows ahead: l + (φ + … + φ^h) b + s of the phase
//! ```
//! z standardised values or their logarithms · l level, b trend (0 without one), s season (0 without one) of m rows · α, β, γ in
//! (0, 1), φ 1, or in (.8, .99) where the trend is damped. They make the sum of squared errors least over the rows to fit, by CMA-ES
//! on their logits in 240 evaluations; the first states are a line and the mean of each phase about it in the first rows.
//!
//! Cost: O(rows) an evaluation.
//!
//! Reference: R. J. Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder, *Forecasting with Exponential Smoothing*, 2008, additive errors.

use serde::{Deserialize, Serialize};

use super::features::Transform;
use tegmentum::error::Result;
use tegmentum::learning::minimise::minimise;
use tegmentum::learning::optimizers::cma_es::CmaEsConfig;

/// Evaluations of a fit.
const EVALUATIONS: u64 = 240;

/// Whether there is a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trend {
    /// None.
    None,
    /// A line.
    Linear,
    /// One that fades.
    Damped,
}

/// A model without its rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smoothing {
    /// The trend.
    pub(crate) trend: Trend,
    /// The season in rows; none if not given.
    pub(crate) season: Option<usize>,
}

/// Rates α, β, γ and φ.
pub(crate) type Rates = [f64; 4];

impl Smoothing {
    /// All models for a series with a season or without.
    pub(super) fn all(season: Option<usize>) -> Vec<Self> {
        let seasons = if season.is_some() { vec![None, season] } else { vec![None] };
        let with = |season| [Trend::None, Trend::Linear, Trend::Damped].map(|trend| Self { trend, season });
        seasons.into_iter().flat_map(with).collect()
    }

    /// The model of values or of their logarithms, in words.
    pub(super) fn describe(self, transform: Transform) -> String {
        let trend = match self.trend {
            Trend::None => "",
            Trend::Linear => " with a trend",
            Trend::Damped => " with a damped trend",
        };
        let of = match transform {
            Transform::Level => "",
            Transform::Logarithm => " of the logarithm",
        };
        let season = self.season.map_or_else(String::new, |season| format!(", season of {season} rows"));
        format!("exponential smoothing{of}{trend}{season}")
    }

    /// Free numbers of the model, those of its first states among them.
    pub(super) fn degrees(self) -> f64 {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Linear => 2,
            Trend::Damped => 3,
        };
        (2 + trend + self.season.unwrap_or(0)) as f64
    }

    /// The rates that make the squared errors of the rows `first .. end` of `z` least.
    pub(super) fn fit(self, z: &[f64], first: usize, end: usize) -> Result<Rates> {
        let error = |logits: &[f32]| {
            let mut sum = 0.0;
            let rates = self.rates(logits);
            let mut state = self.first_state(z, end);
            for (t, value) in z[..end].iter().enumerate() {
                let error = state.step(t, *value, &rates);
                if t >= first {
                    sum += error * error;
                }
            }
            sum.max(1e-300).ln()
        };
        let start = [-0.5, -2.0, -1.5, 1.0];
        let optimizer = CmaEsConfig { perturbation_scale: 0.8, ..CmaEsConfig::default() };
        let found = minimise(error, &start).optimizer(optimizer).budget(EVALUATIONS).run()?;
        Ok(self.rates(&found.parameters))
    }

    /// Predictions `ahead` rows ahead from each origin `first ..= rows` of `z`, standardised.
    pub(super) fn predict(self, z: &[f64], first: usize, end: usize, rates: &Rates, ahead: usize) -> Vec<f64> {
        let mut state = self.first_state(z, end);
        let mut predicted = Vec::with_capacity(z.len() + 1 - first);
        for t in 0..=z.len() {
            if t >= first {
                predicted.push(state.ahead(t, ahead, rates[3]));
            }
            if let Some(value) = z.get(t) {
                state.step(t, *value, rates);
            }
        }
        predicted
    }

    /// The state behind the last row, as the rows before `end` fitted it.
    pub(super) fn state(self, z: &[f64], end: usize, rates: &Rates) -> State {
        let mut state = self.first_state(z, end);
        for (t, value) in z.iter().enumerate() {
            state.step(t, *value, rates);
        }
        state
    }

    fn rates(self, logits: &[f32]) -> Rates {
        let share = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
        let [alpha, beta, gamma, phi] = [share(logits[0]), share(logits[1]), share(logits[2]), share(logits[3])];
        let trend = if self.trend == Trend::None { 0.0 } else { beta };
        let season = if self.season.is_some() { gamma } else { 0.0 };
        let damping = if self.trend == Trend::Damped { 0.8 + 0.19 * phi } else { 1.0 };
        [alpha, trend, season, damping]
    }

    /// A line through the first rows, and the mean of each phase about it.
    fn first_state(self, z: &[f64], end: usize) -> State {
        let period = self.season.unwrap_or(1);
        let rows = (3 * period).max(10).min(end);
        let shown = &z[..rows];
        let middle = (rows as f64 - 1.0) / 2.0;
        let mean = shown.iter().sum::<f64>() / rows as f64;
        // Whole seasons apart, so that the season is no slope.
        let apart = period * ((rows / 2) / period).max(1);
        let slope = if rows > apart {
            shown.windows(apart + 1).map(|window| window[apart] - window[0]).sum::<f64>()
                / ((rows - apart) * apart) as f64
        } else {
            0.0
        };
        let slope = if self.trend == Trend::None { 0.0 } else { slope };
        let mut season = vec![0.0; period];
        if self.season.is_some() {
            let mut counts = vec![0.0; period];
            for (t, value) in shown.iter().enumerate() {
                season[t % period] += value - mean - slope * (t as f64 - middle);
                counts[t % period] += 1.0;
            }
            season.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= f64::max(*count, 1.0));
        }
        State { level: mean - slope * (middle + 1.0), trend: slope, season }
    }
}

/// What is followed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) level: f64,
    pub(crate) trend: f64,
    /// By phase.
    pub(crate) season: Vec<f64>,
}

impl State {
    /// Takes in the value of row `t`; returns its error.
    pub(super) fn step(&mut self, t: usize, value: f64, rates: &Rates) -> f64 {
        let [alpha, beta, gamma, damping] = *rates;
        let phase = t % self.season.len();
        let carried = self.level + damping * self.trend;
        let error = value - carried - self.season[phase];
        self.level = carried + alpha * error;
        self.trend = damping * self.trend + alpha * beta * error;
        self.season[phase] += gamma * (1.0 - alpha) * error;
        error
    }

    /// The prediction of row `t + ahead − 1` from the rows before `t`.
    pub(super) fn ahead(&self, t: usize, ahead: usize, damping: f64) -> f64 {
        let reach: f64 = (1..=ahead as i32).map(|row| damping.powi(row)).sum();
        self.level + reach * self.trend + self.season[(t + ahead - 1) % self.season.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_season_is_continued() {
        let z: Vec<f64> = (0..60).map(|t| 0.1 * f64::from(t) + f64::from(t % 4)).collect();
        let model = Smoothing { trend: Trend::Linear, season: Some(4) };
        let rates = model.fit(&z, 12, 60).unwrap();
        let predicted = model.predict(&z, 60, 60, &rates, 6);
        assert!((predicted[0] - (6.5 + 1.0)).abs() < 1e-3, "{predicted:?}");
    }
}
