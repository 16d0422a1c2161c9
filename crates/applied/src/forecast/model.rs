//! A forecast as a model: everything that was learned from all rows, with its state behind the last one.
//!
//! ```text
//!     ŷ_{t+h−1} = Σ_i W_{h,i} ŷ_{h,i}(t) + w_h s_h mean_j (h_t^j, 1) · β_h^j
//! ```
//! i models of the base, with coefficients, rates and states, W their weights · j networks with states h^j and a readout β of each horizon, s_h
//! the deviation of what the base left · w_h the weight of the networks. All as in the forecast that was delivered, so that the
//! model behind the rows that were learned says the same. Rows that come later move the states (lags, levels, seasons, networks); coefficients,
//! weights and widths of intervals stay as they were learned.
//!
//! So a model is for the rows until the next learning. What was judged learned anew along the test: learn anew after about a tenth of
//! the test rows.
//!
//! Cost: a row O(models × lags + networks × 320), a prediction that for each horizon. Memory: the rows that the regressors reach back to.

use super::average::{Settled, SettledMember, SettledModel};
use super::data::check_known;
use super::features::Seen;
use super::recurrence::{self, Moments};
use super::{Bounds, COVERAGES, Data};
use tegmentum::error::{Error, Result};

/// Rows beyond those that are needed before the oldest are forgotten.
const SPARE: usize = 1000;

/// A forecast that goes on with rows that come later.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::{Data, ForecastConfig, ForecastModel, Origin};
///
/// let wave = |t: usize| 50.0 + 10.0 * (0.4 * t as f64).sin();
/// let values: Vec<f64> = (0..100).map(wave).collect();
/// let forecast = ForecastConfig { horizon: 3, networks: 1, ..ForecastConfig::default() }.fit(&values)?;
/// let bytes = forecast.model.to_bytes("wave", &Origin::default())?;
/// let mut model = ForecastModel::from_bytes(&bytes, "wave.safetensors")?.model;
/// assert!((model.predict()[0].value - forecast.horizons[0].future).abs() < 1e-9);
/// // A day later.
/// model.observe(Data::from(&[wave(100)][..]))?;
/// assert!((model.predict()[0].value - wave(101)).abs() < 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastModel {
    /// Rows that were taken in.
    pub(crate) rows: usize,
    /// In rows; 1 for none.
    pub(crate) season: usize,
    /// The standard deviation of the rows that were learned from.
    pub(crate) deviation: f64,
    /// Where predictions and intervals are cut.
    pub(crate) bounds: Bounds,
    pub(crate) base: Settled,
    pub(crate) networks: Vec<recurrence::Settled>,
    /// How the networks' inputs are scaled.
    pub(crate) moments: Moments,
    /// Deviations of what the base left \[horizons\].
    pub(crate) scales: Vec<f64>,
    /// \[horizons\].
    pub(crate) network_weights: Vec<f64>,
    /// Of the intervals \[horizons\].
    pub(crate) half_widths: Vec<[f64; COVERAGES.len()]>,
    /// The last values, from a row whose number is whole seasons.
    pub(crate) values: Vec<f64>,
    /// Known inputs of the same rows and of those to come \[inputs\]\[values + horizons\].
    pub(crate) known: Vec<Vec<f64>>,
}

/// What comes so many rows behind the last one.
///
/// # Example
/// [`ForecastModel`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Rows ahead, from 1.
    pub ahead: usize,
    /// In the unit of the data, between the bounds of the forecast.
    pub value: f64,
    /// Half widths of the intervals, for each of [`COVERAGES`], before they are cut at the bounds.
    pub half_widths: [f64; COVERAGES.len()],
    /// The ends of the intervals, between the bounds.
    pub intervals: [[f64; 2]; COVERAGES.len()],
}

impl ForecastModel {
    /// Rows that were taken in, those that were learned from among them.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows ahead that are predicted.
    pub fn horizon(&self) -> usize {
        self.half_widths.len()
    }

    /// The standard deviation of the rows that were learned from, in the unit of the data.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Where predictions and intervals are cut.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The weights W, U, c \[320\] of a network, by its place from 0; none where the networks are not used.
    pub fn recurrence(&self, network: usize) -> Option<&[f32]> {
        self.networks.get(network).map(|network| &network.parameters[..])
    }

    /// How many known inputs it needs.
    pub fn known_inputs(&self) -> usize {
        self.known.len()
    }

    /// The last values that were taken in, the latest last; as many as the model keeps.
    pub fn last_values(&self) -> &[f64] {
        &self.values
    }

    /// What comes after the last row, for each horizon.
    pub fn predict(&self) -> Vec<Prediction> {
        let seen = self.seen();
        let one = |ahead: usize| {
            let weight = self.network_weights[ahead - 1];
            let mut value = self.base(&seen, ahead);
            if weight > 0.0 {
                let said: f64 = self.networks.iter().map(|network| network.predict(ahead)).sum();
                value += weight * self.scales[ahead - 1] * said / self.networks.len() as f64;
            }
            let half_widths = self.half_widths[ahead - 1];
            let intervals = half_widths.map(|half| self.bounds.interval(value, half));
            Prediction { ahead, value: self.bounds.cut(value), half_widths, intervals }
        };
        (1..=self.horizon()).map(one).collect()
    }

    /// Takes in rows that came later: their values, and known inputs of these rows and of the rows to come behind them.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a value that is not finite, [`Error::Incompatible`] for one outside the bounds of the forecast,
    /// [`Error::ShapeMismatch`] for another number of known inputs than
    /// was learned with, or too few of their rows. Nothing is taken in then.
    pub fn observe(&mut self, data: Data<'_>) -> Result<()> {
        let expected = self.known.len();
        if data.known.len() != expected {
            return Err(Error::ShapeMismatch { what: "known inputs", expected, found: data.known.len() });
        }
        check_known(data.known, data.values.len() + self.horizon())?;
        if let Some(value) = data.values.iter().find(|value| !value.is_finite()) {
            return Err(Error::InvalidParameter { name: "values", value: *value, requirement: "finite in every row" });
        }
        if let Some((index, problem)) = self.bounds.broken(data.values) {
            let (what, with) = (format!("row {} of the new rows", index + 1), "this forecast".to_owned());
            return Err(Error::Incompatible { what, with, reason: format!("it {problem}") });
        }
        for (own, new) in self.known.iter_mut().zip(data.known) {
            own.truncate(self.values.len());
            own.extend_from_slice(new);
        }
        for value in data.values {
            self.take_in(*value);
        }
        for own in &mut self.known {
            own.truncate(self.values.len() + self.half_widths.len());
        }
        Ok(())
    }

    /// One row.
    fn take_in(&mut self, value: f64) {
        if !self.networks.is_empty() {
            let before = self.values.last().copied().unwrap_or(value);
            let left = (value - self.base(&self.seen(), 1)) / self.scales[0];
            for network in &mut self.networks {
                network.step(&[value, value - before, left], &self.moments);
            }
        }
        for member in &mut self.base.members {
            let z = member.scaling.of(member.family.transform, value);
            if let SettledModel::Smoothing { state, rates, .. } = &mut member.model {
                state.step(self.rows, z, rates);
            }
        }
        self.rows += 1;
        self.values.push(value);
        let needed = needed(&self.base.members, self.season);
        if self.values.len() > needed + self.season + SPARE {
            let forgotten = (self.values.len() - needed) / self.season * self.season;
            self.values.drain(..forgotten);
            for own in &mut self.known {
                own.drain(..forgotten);
            }
        }
    }

    /// The kept rows as each model of the base sees them.
    fn seen(&self) -> Vec<Seen> {
        let data = Data { values: &self.values, known: &self.known };
        let of = |member: &SettledMember| Seen::scaled(member.family, self.season, member.scaling.clone(), data);
        self.base.members.iter().map(of).collect()
    }

    /// What the base predicts.
    fn base(&self, seen: &[Seen], ahead: usize) -> f64 {
        let t = self.values.len();
        let members = self.base.members.iter().zip(seen).zip(&self.base.weights[ahead - 1]);
        let one = |((member, seen), weight): ((&SettledMember, &Seen), &f64)| {
            if *weight == 0.0 {
                return 0.0;
            }
            let z = match &member.model {
                SettledModel::Ridge { lags, coefficients } => {
                    let beta = &coefficients[ahead - 1];
                    let mut row = vec![0.0; beta.len()];
                    seen.regressors_ahead(t, ahead, *lags, &mut row);
                    let sum: f64 = row.iter().zip(beta).map(|(x, beta)| x * beta).sum();
                    sum + seen.start(t, ahead)
                }
                SettledModel::Smoothing { rates, state, .. } => state.ahead(self.rows, ahead, rates[3]),
            };
            weight * seen.back(z)
        };
        members.map(one).sum()
    }
}

/// Rows before a row that some model needs.
pub(super) fn needed(members: &[SettledMember], season: usize) -> usize {
    let reach = members.iter().map(|member| match &member.model {
        SettledModel::Ridge { lags, .. } => member.family.reach(*lags, season),
        SettledModel::Smoothing { .. } => 0,
    });
    reach.max().unwrap_or(0).max(season).max(2)
}
