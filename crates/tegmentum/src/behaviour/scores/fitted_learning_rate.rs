//! The learning rate of behaviour: that of the Rescorla–Wagner learner under which the choices are most likely.
//!
//! ```text
//!     Q[c, a] ← Q[c, a] + α (r − Q[c, a]) ,   P(a|c) = softmax_a(β Q[c, ·]) ,   (α, β) = argmax Σ_t ln P(a_t|c_t)
//! ```
//! c condition · a choice, the one taken alone is updated · Q starts at 0 · r reward, in units of the largest · α in (0, 1], β in [0.1, 50].
//!
//! The likelihood is searched on a grid (α linear, β logarithmic), then on finer grids around the best point so far.
//!
//! Cost: 305 passes over the trials.
//!
//! Reference: R. C. Wilson, A. G. E. Collins, eLife 8, e49547, 2019, for fitting by maximum likelihood and its check by recovery.

/// What was fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRateFit {
    /// Learning rate α.
    pub learning_rate: f64,
    /// Inverse temperature β.
    pub inverse_temperature: f64,
    /// Mean ln P of a choice; −ln(choices) is chance.
    pub log_likelihood: f64,
}

/// Points on each axis of the first grid, and of the finer ones.
const COARSE: [usize; 2] = [15, 12];
const FINE: [usize; 2] = [5, 5];
const REFINEMENTS: usize = 5;
const MIN_RATE: f64 = 0.005;
const INVERSE_TEMPERATURES: (f64, f64) = (0.1, 50.0);

/// Fits α and β to trials (condition, choice, reward) with `choices` choices; `None` without a trial or if a choice is out of
/// range.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::fit_learning_rate;
///
/// // One of two arms pays for 20 trials, then the other; choices stay with what was rewarded and leave what was not.
/// let trial = |t: usize| match (t / 20 % 2, t % 20) {
///     (arm, 0) if t > 0 => (0, 1 - arm, 0.0),
///     (arm, _) => (0, arm, 1.0),
/// };
/// let trials: Vec<(u16, usize, f64)> = (0..60).map(trial).collect();
/// assert!(fit_learning_rate(&trials, 2).is_some_and(|fit| fit.log_likelihood > -0.5 && fit.learning_rate > 0.5));
/// ```
pub fn fit_learning_rate(trials: &[(u16, usize, f64)], choices: usize) -> Option<LearningRateFit> {
    if trials.is_empty() || trials.iter().any(|trial| trial.1 >= choices) {
        return None;
    }
    let largest = trials.iter().map(|trial| trial.2.abs()).fold(0.0, f64::max);
    let unit = if largest > 0.0 && largest.is_finite() { largest } else { 1.0 };
    let trials: Vec<_> = trials.iter().map(|&(condition, choice, reward)| (condition, choice, reward / unit)).collect();
    let conditions = 1 + trials.iter().map(|trial| usize::from(trial.0)).max()?;
    let mut values = vec![0.0; conditions * choices];
    let (low, high) = (INVERSE_TEMPERATURES.0.ln(), INVERSE_TEMPERATURES.1.ln());
    let mut bounds = [(MIN_RATE, 1.0), (low, high)];
    let mut best =
        LearningRateFit { learning_rate: f64::NAN, inverse_temperature: 0.0, log_likelihood: f64::NEG_INFINITY };
    for round in 0..=REFINEMENTS {
        let count = if round == 0 { COARSE } else { FINE };
        let point = |axis: usize, index: usize| {
            let (low, high) = bounds[axis];
            low + (high - low) * index as f64 / (count[axis] - 1) as f64
        };
        for (first, second) in (0..count[0]).flat_map(|first| (0..count[1]).map(move |second| (first, second))) {
            let (rate, inverse_temperature) = (point(0, first), point(1, second).exp());
            let log_likelihood = log_likelihood(&trials, choices, rate, inverse_temperature, &mut values);
            if log_likelihood > best.log_likelihood {
                best = LearningRateFit { learning_rate: rate, inverse_temperature, log_likelihood };
            }
        }
        let around = |axis: usize, centre: f64, (lowest, highest): (f64, f64)| {
            let step = (bounds[axis].1 - bounds[axis].0) / (count[axis] - 1) as f64;
            ((centre - step).max(lowest), (centre + step).min(highest))
        };
        bounds =
            [around(0, best.learning_rate, (MIN_RATE, 1.0)), around(1, best.inverse_temperature.ln(), (low, high))];
    }
    Some(best)
}

/// Mean ln P of the choices.
fn log_likelihood(
    trials: &[(u16, usize, f64)],
    choices: usize,
    rate: f64,
    inverse_temperature: f64,
    values: &mut [f64],
) -> f64 {
    values.fill(0.0);
    // Logarithms are taken of products of a few partition sums, each at least 1.
    let (mut sum, mut product) = (0.0, 1.0f64);
    for &(condition, choice, reward) in trials {
        let first = usize::from(condition) * choices;
        let of_condition = &mut values[first..first + choices];
        let chosen = of_condition[choice];
        let others = of_condition.iter().enumerate().filter(|(other, _)| *other != choice);
        product *= 1.0 + others.map(|(_, value)| (inverse_temperature * (value - chosen)).exp()).sum::<f64>();
        if product > 1e100 {
            sum -= product.ln();
            product = 1.0;
        }
        of_condition[choice] += rate * (reward - chosen);
    }
    (sum - product.ln()) / trials.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// Choices of the learner itself in two arms of .8/.2 that swap every 40 trials.
    fn simulate(rate: f64, inverse_temperature: f64, trials: usize) -> Vec<(u16, usize, f64)> {
        let mut stream = Key::from_seed(8).stream();
        let mut values = [[0.0f64; 2]; 2];
        (0..trials)
            .map(|trial| {
                let condition = stream.below(2);
                let of = &mut values[condition];
                let second = 1.0 / (1.0 + (inverse_temperature * (of[0] - of[1])).exp());
                let choice = usize::from(stream.uniform() < second);
                let good = (trial / 40 + condition) % 2 == choice;
                let reward = f64::from(u8::from(stream.uniform() < if good { 0.8 } else { 0.2 }));
                of[choice] += rate * (reward - of[choice]);
                (condition as u16, choice, reward)
            })
            .collect()
    }

    #[test]
    fn parameters_are_recovered() {
        for (rate, inverse_temperature) in [(0.1, 6.0), (0.3, 4.0), (0.7, 3.0)] {
            let fit = fit_learning_rate(&simulate(rate, inverse_temperature, 6000), 2).unwrap();
            assert!((fit.learning_rate - rate).abs() < 0.15 * rate, "{fit:?} for {rate}");
            assert!(
                (fit.inverse_temperature / inverse_temperature - 1.0).abs() < 0.15,
                "{fit:?} for {inverse_temperature}"
            );
        }
    }

    #[test]
    fn the_fit_is_a_maximum() {
        let trials = simulate(0.4, 3.0, 500);
        let fit = fit_learning_rate(&trials, 2).unwrap();
        let mut values = vec![0.0; 4];
        for (a, b) in [(1.02, 1.0), (0.98, 1.0), (1.0, 1.02), (1.0, 0.98)] {
            let (rate, inverse_temperature) = (fit.learning_rate * a, fit.inverse_temperature * b);
            assert!(log_likelihood(&trials, 2, rate, inverse_temperature, &mut values) <= fit.log_likelihood + 1e-9);
        }
        assert!(fit_learning_rate(&[], 2).is_none() && fit_learning_rate(&trials, 1).is_none());
    }
}
