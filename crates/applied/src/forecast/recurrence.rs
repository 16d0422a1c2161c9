//! What a recurrent network adds to the linear base of a forecast: it learns what the base leaves.
//!
//! ```text
//!     u_t = (z_{t−1}, z_{t−1} − z_{t−2}, r_{t−1})                   each divided by its deviation
//!     h_t = tanh(W h_{t−1} + U u_t + c)
//!     r̂_t = (h_t, 1) · β ,  β = (HᵀH + λ I)⁻¹ Hᵀ r                  closed form, of each horizon its own
//!     GCV = (|r − r̂|²/k) / (1 − d/k)² ,  d = tr (HᵀH + λ I)⁻¹ HᵀH     least over λ ∈ {.1, 1, 10, 100}
//! ```
//! z standardised values · r what the base leaves of them, for rows that were fitted without themselves · h state \[16\] · k rows.
//! Only W, U and c are learned by perturbation: Dopamine makes ln GCV smaller in 450 evaluations, from three first drawings; the
//! prediction is the mean of the three. Drawings: W of deviation .9/√16, U .5, c .2.
//!
//! Cost: an evaluation is k passes of a network of 16 units and a readout of 17 columns; at most the last 3000 rows are used.
//!
//! References: G. H. Golub, M. Heath, G. Wahba, Technometrics 21, 215–223, 1979 (GCV); H. Jaeger, 2001 (a linear readout of a
//! recurrent network). Perturbing the recurrence under the readout's own criterion is ours.

use tegmentum::archived;
use tegmentum::error::Result;
use tegmentum::learning::minimise::{Minimisation, minimise};
use tegmentum::learning::run_log::RunLog;
use tegmentum::numerics::readout::{self, Products, Ridge};
use tegmentum::random::Key;

pub(crate) use readout::UNITS;

pub(crate) const INPUTS: usize = 3;
pub(crate) const PARAMETERS: usize = UNITS * (UNITS + INPUTS + 1);
const PENALTIES: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Most rows that an evaluation looks at, from the last.
const MOST_ROWS: usize = 3000;
/// Rows before the first one that the readout is fitted to.
const WASHOUT: usize = 2;
/// Deviations from its mean beyond which an input is taken to stand there.
pub(crate) const FARTHEST: f64 = 20.0;

/// What the networks see: standardised inputs \[rows + 1 × 3\], the row of an index being the one that is predicted.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    rows: Vec<[f32; INPUTS]>,
    moments: Moments,
}

/// Mean and deviation of each input.
pub(crate) type Moments = [(f64, f64); INPUTS];

/// Inputs as the networks see them. What lies far outside what was learned tells a saturating unit no more than its sign.
fn scaled(row: &[f64; INPUTS], moments: &Moments) -> [f32; INPUTS] {
    std::array::from_fn(|input| ((row[input] - moments[input].0) / moments[input].1).clamp(-FARTHEST, FARTHEST) as f32)
}

impl Inputs {
    /// Of `values` \[rows\] and what the base left of them, `residuals[t − first]` for row t ≥ `first` ≥ 2; scaled by the rows
    /// before `end`.
    pub(super) fn new(values: &[f64], residuals: &[f64], first: usize, end: usize) -> Self {
        let raw = |t: usize| {
            let left = if t > first { residuals[t - 1 - first] } else { 0.0 };
            [values[t - 1], values[t - 1] - values[t - 2], left]
        };
        let rows: Vec<[f64; INPUTS]> = (first..=values.len()).map(raw).collect();
        let learned = &rows[..end - first];
        let moments: Moments = std::array::from_fn(|input| {
            let count = learned.len() as f64;
            let mean = learned.iter().map(|row| row[input]).sum::<f64>() / count;
            let variance = learned.iter().map(|row| (row[input] - mean).powi(2)).sum::<f64>() / count;
            (mean, variance.sqrt().max(1e-300))
        });
        Self { rows: rows.iter().map(|row| scaled(row, &moments)).collect(), moments }
    }
}

/// A trained recurrence.
#[derive(Clone, Debug, Default)]
pub(super) struct Recurrence {
    parameters: Vec<f32>,
}

archived!(Recurrence { parameters });

impl Recurrence {
    /// One of `budget` evaluations, whose objective is the residuals of the rows `first .. end` of `inputs`; it is written to `log`.
    ///
    /// # Errors
    /// Those of the optimizer and of the log.
    pub(super) fn train(
        inputs: &Inputs,
        residuals: &[f64],
        budget: u64,
        key: Key,
        log: Option<&RunLog>,
    ) -> Result<Self> {
        if budget == 0 {
            return Ok(Self { parameters: drawn(key.child(0)) });
        }
        let from = residuals.len().saturating_sub(MOST_ROWS);
        let criterion = |parameters: &[f32]| {
            let states = states(parameters, &inputs.rows[from..residuals.len()]);
            Readout::new(&states, &residuals[from..], WASHOUT).0.max(1e-300).ln()
        };
        let training = training(key, budget, criterion);
        let training = match log {
            Some(log) => training.logged(log),
            None => training,
        };
        Ok(Self { parameters: training.run()?.parameters })
    }

    /// What the readout, fitted to `residuals` of the first rows, predicts at every row; fitted rows without themselves.
    pub(super) fn predict(&self, inputs: &Inputs, residuals: &[f64]) -> Vec<f64> {
        let states = states(&self.parameters, &inputs.rows);
        let (_, readout) = Readout::new(&states, residuals, WASHOUT);
        readout.predict(&states, residuals)
    }
}

/// The training of a network on `criterion` with `budget` evaluations; the first drawing and the optimizer's seed come from the key.
pub(super) fn training<'a>(key: Key, budget: u64, criterion: impl Fn(&[f32]) -> f64 + Sync + 'a) -> Minimisation<'a> {
    minimise(criterion, &drawn(key.child(0))).budget(budget).seed(key.child(1).stream().next_u64())
}

/// A network whose readouts stay as they are, and its state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settled {
    /// W, U, c: the weights of one source side by side \[20 × 16\].
    pub(crate) parameters: Vec<f32>,
    /// h.
    pub(crate) state: [f32; UNITS],
    /// β of each horizon.
    pub(crate) readouts: Vec<[f64; UNITS + 1]>,
}

impl Settled {
    /// What the base leaves so many rows ahead, in its deviations.
    pub(super) fn predict(&self, ahead: usize) -> f64 {
        let beta = &self.readouts[ahead - 1];
        beta[UNITS] + self.state.iter().zip(beta).map(|(state, beta)| f64::from(*state) * beta).sum::<f64>()
    }

    /// Takes in a row: its value, its change, and what the base left of it.
    pub(super) fn step(&mut self, row: &[f64; INPUTS], moments: &Moments) {
        let states = states_from(self.state, &self.parameters, &[scaled(row, moments)]);
        self.state = states[0].map(|state| state as f32);
    }
}

impl Recurrence {
    /// The network behind the last row, with a readout for each horizon, fitted to the residuals of the first rows at that horizon.
    pub(super) fn settle(&self, inputs: &Inputs, residuals: &[Vec<f64>]) -> Settled {
        let states = states(&self.parameters, &inputs.rows);
        let readout = |residuals: &Vec<f64>| Readout::new(&states, residuals, WASHOUT).1.ridge.beta;
        Settled {
            parameters: self.parameters.clone(),
            state: states[states.len() - 1].map(|state| state as f32),
            readouts: residuals.iter().map(readout).collect(),
        }
    }
}

impl Inputs {
    /// How inputs are scaled.
    pub(super) fn moments(&self) -> Moments {
        self.moments
    }
}

/// The first parameters: W, U, c, the weights of one source side by side.
fn drawn(key: Key) -> Vec<f32> {
    let mut stream = key.stream();
    (0..PARAMETERS)
        .map(|index| {
            let deviation = match index / UNITS {
                source if source < UNITS => 0.9 / (UNITS as f32).sqrt(),
                source if source < UNITS + INPUTS => 0.5,
                _ => 0.2,
            };
            deviation * stream.normal()
        })
        .collect()
}

/// States \[rows × 16\].
fn states(parameters: &[f32], rows: &[[f32; INPUTS]]) -> Vec<[f64; UNITS]> {
    states_from([0.0; UNITS], parameters, rows)
}

/// The same from a state.
fn states_from(state: [f32; UNITS], parameters: &[f32], rows: &[[f32; INPUTS]]) -> Vec<[f64; UNITS]> {
    readout::states(parameters.as_chunks().0, state, rows)
}

/// The ridge regression of residuals on states and a one.
struct Readout {
    ridge: Ridge,
    washout: usize,
}

impl Readout {
    /// The least GCV over the penalties, and the readout that has it.
    fn new(states: &[[f64; UNITS]], residuals: &[f64], washout: usize) -> (f64, Self) {
        let washout = washout.min(residuals.len());
        let products = Products::of(&states[washout..], &residuals[washout..]);
        let k = (residuals.len() - washout) as f64;
        let scored = PENALTIES.map(|penalty| {
            let ridge = products.ridge(penalty);
            let room = 1.0 - ridge.degrees / k;
            let gcv = ridge.residual / k / room.powi(2);
            // A NaN has no room.
            (if room > 0.0 && !gcv.is_nan() { gcv } else { f64::INFINITY }, ridge)
        });
        let [first, others @ ..] = scored;
        let (gcv, ridge) = others.into_iter().fold(first, |best, other| if other.0 < best.0 { other } else { best });
        (gcv, Self { ridge, washout })
    }

    /// Predictions at all rows of `states`, fitted rows without themselves.
    fn predict(&self, states: &[[f64; UNITS]], residuals: &[f64]) -> Vec<f64> {
        let one = |(row, state): (usize, &[f64; UNITS])| {
            let predicted = self.ridge.predict(state);
            if row < self.washout || row >= residuals.len() {
                return predicted;
            }
            residuals[row] - (residuals[row] - predicted) / (1.0 - self.ridge.leverage(state)).max(0.05)
        };
        states.iter().enumerate().map(one).collect()
    }
}
