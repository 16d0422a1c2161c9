//! How well the test rows were predicted, beside predictors that need no learning or little.
//!
//! ```text
//!     error = √(mean of (ŷ − y)²) / s                       s the deviation of the rows to learn from
//! ```
//! for the next row alone, and for all rows ahead together, from every origin of the test part. Beside the forecast stand the last value,
//! the value a season before, the mean of all rows before the origin, and a linear autoregression with the least AICc that was fitted to
//! the rows to learn from. A difference is clear if the mean of block means of squared errors differs by two of its standard errors, over
//! up to 20 blocks, which are longer than a horizon.

use super::features::{Difference, Family, Seasonality, Seen, Transform};
use super::linear;
use super::{Data, Forecast, Horizon};

/// Blocks that the test part is cut into.
const BLOCKS: usize = 20;
/// Standard errors that a difference must be away from zero.
const STANDARD_ERRORS: f64 = 2.0;

/// The name of the forecast without its network.
pub const ITS_BASE: &str = "its linear base alone";

/// One predictor's errors.
///
/// # Example
/// [`Forecast::judge`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// Error of the next row, in deviations of the rows to learn from.
    pub next: f64,
    /// Error of all rows ahead.
    pub all: f64,
    /// Squared errors of all horizons, by origin, in the square of the data's unit; the means over what is known.
    squares: Vec<f64>,
    /// Those of the next row.
    next_squares: Vec<f64>,
}

/// The verdict on the test part.
///
/// # Example
/// [`Forecast::judge`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The forecast first, then the others.
    pub scores: Vec<Score>,
    /// Parts of the test values inside the intervals of each nominal coverage, over all rows ahead.
    pub covered: [f64; 2],
    /// The name of the predictor to use: the forecast, unless another one is clearly better, or as good and simpler.
    pub best: String,
    /// Whether the best one is clearly better than the forecast.
    pub beaten: bool,
    /// Whether the forecast is clearly better than the mean, for the next row or for all.
    pub above_mean: bool,
}

impl Forecast {
    /// Judges the predictions of the test rows of `values`, from which the forecast was made. `None` if there is no test row.
    ///
    /// # Example
    /// ```
    /// use tegmentum_applied::forecast::ForecastConfig;
    ///
    /// let wave: Vec<f64> = (0..100).map(|t| (0.5 * f64::from(t)).sin()).collect();
    /// let judgement = ForecastConfig::default().fit(&wave)?.judge(&wave).expect("30 test rows");
    /// assert!(judgement.scores[0].next < 0.1 && judgement.best == "this forecast");
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn judge(&self, values: &[f64]) -> Option<Judgement> {
        self.horizons.first().filter(|horizon| !horizon.predicted.is_empty())?;
        let learned = &values[..self.learned];
        let mean = learned.iter().sum::<f64>() / learned.len() as f64;
        let variance = learned.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / learned.len() as f64;
        let score = |name: &str, predict: &dyn Fn(&Horizon, usize) -> f64| self.score(values, variance, name, predict);
        let mut scores = vec![score("this forecast", &|horizon, index| self.bounds.cut(horizon.predicted[index]))];
        let alone = score(ITS_BASE, &|horizon, index| self.bounds.cut(horizon.base[index]));
        if alone.squares != scores[0].squares {
            scores.push(alone);
        }
        scores.push(score("the last value", &|_, index| values[self.learned + index - 1]));
        if let Some(season) = self.season {
            let before = |horizon: &Horizon, index: usize| {
                let row = self.learned + index + horizon.ahead - 1;
                values.get(row.wrapping_sub(season * horizon.ahead.div_ceil(season))).copied().unwrap_or(mean)
            };
            scores.push(score("the value a season before", &before));
        }
        let mut sums = vec![0.0];
        for value in values {
            sums.push(sums[sums.len() - 1] + value);
        }
        let before = |_: &Horizon, index: usize| sums[self.learned + index] / (self.learned + index) as f64;
        scores.push(score("the mean of the rows before", &before));
        if let Some((lags, predicted)) = self.autoregression(values) {
            let name = format!("linear autoregression, {lags} lag{}", if lags == 1 { "" } else { "s" });
            scores.push(score(&name, &|horizon, index| predicted[horizon.ahead - 1][index]));
        }
        Some(self.verdict(values, scores))
    }

    /// The errors of one predictor, which is asked for a horizon and a test row by index.
    fn score(&self, values: &[f64], variance: f64, name: &str, predict: &dyn Fn(&Horizon, usize) -> f64) -> Score {
        let mut squares = vec![(0.0, 0.0); values.len() - self.learned];
        let (mut all, mut count) = (0.0, 0.0);
        let mut next_squares = Vec::new();
        for horizon in &self.horizons {
            for index in 0..horizon.predicted.len() {
                let square = (predict(horizon, index) - values[self.learned + index + horizon.ahead - 1]).powi(2);
                squares[index].0 += square;
                squares[index].1 += 1.0;
                all += square;
                count += 1.0;
                if horizon.ahead == 1 {
                    next_squares.push(square);
                }
            }
        }
        let (next, rows) = (next_squares.iter().sum::<f64>(), next_squares.len() as f64);
        let error = |sum: f64, count: f64| (sum / count / variance).sqrt();
        let squares = squares.into_iter().map(|(sum, count)| sum / f64::max(count, 1.0)).collect();
        Score { name: name.to_owned(), next: error(next, rows), all: error(all, count), squares, next_squares }
    }

    /// The autoregression that was fitted to the rows to learn from: its lags, and its predictions \[horizons\]\[test rows\].
    fn autoregression(&self, values: &[f64]) -> Option<(usize, Vec<Vec<f64>>)> {
        let family = Family {
            transform: Transform::Level,
            difference: Difference::None,
            seasonality: Seasonality::None,
            known: 0,
        };
        let seen = Seen::new(family, None, Data::from(values), self.learned)?;
        let (ridge, lags) = linear::autoregression(&seen, self.learned)?;
        let (first, end) = (lags.max(1), self.learned);
        let design = linear::Design::new(&seen, first, lags, &[end]);
        let of = |horizon: &Horizon| {
            let fit = linear::Fit { first, end, index: 0, horizon: horizon.ahead, left_out: false };
            Some(ridge.predict(&seen, &design, fit)?[end - first..].to_vec())
        };
        Some((lags, self.horizons.iter().map(of).collect::<Option<_>>()?))
    }

    fn verdict(&self, values: &[f64], scores: Vec<Score>) -> Judgement {
        let covered = [0, 1].map(|level| {
            let (mut inside, mut count) = (0.0, 0.0);
            for horizon in &self.horizons {
                for (index, predicted) in horizon.predicted.iter().enumerate() {
                    // A value that is possible is in the cut interval if it is in the whole one.
                    let error = (values[self.learned + index + horizon.ahead - 1] - predicted).abs();
                    inside += if error <= horizon.half_widths[level][index] { 1.0 } else { 0.0 };
                    count += 1.0;
                }
            }
            inside / count
        });
        let own = &scores[0];
        let clearly = |better: &Score, worse: &Score| is_clear(&better.squares, &worse.squares, self.horizons.len());
        let others = scores[1..].iter();
        let rival = others.min_by(|a, b| a.all.total_cmp(&b.all)).filter(|rival| clearly(rival, own));
        let mean = scores.iter().find(|score| score.name.starts_with("the mean"));
        let above_mean =
            mean.is_none_or(|mean| clearly(own, mean) || is_clear(&own.next_squares, &mean.next_squares, 1));
        let best = match (rival, mean) {
            (Some(rival), _) => rival.name.clone(),
            (None, Some(mean)) if !above_mean => mean.name.clone(),
            _ => own.name.clone(),
        };
        Judgement { covered, best, beaten: rival.is_some(), above_mean, scores }
    }
}

/// Whether the squared errors `better` are smaller than `worse` by two standard errors of the means of blocks.
fn is_clear(better: &[f64], worse: &[f64], horizon: usize) -> bool {
    let length = better.len().div_ceil(BLOCKS).max(horizon);
    let differences: Vec<f64> = worse.iter().zip(better).map(|(worse, better)| worse - better).collect();
    let means: Vec<f64> =
        differences.chunks(length).map(|block| block.iter().sum::<f64>() / block.len() as f64).collect();
    let count = means.len() as f64;
    if means.len() < 3 {
        return false;
    }
    let mean = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > STANDARD_ERRORS * (variance / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_win_and_a_draw() {
        let small: Vec<f64> = (0..400).map(|index| 0.5 + f64::from(index % 7) / 100.0).collect();
        let large: Vec<f64> = small.iter().map(|error| error * 2.0).collect();
        assert!(is_clear(&small, &large, 1) && !is_clear(&large, &small, 1));
        let noisy: Vec<f64> = small.iter().enumerate().map(|(i, e)| e + (i as f64 * 0.1).sin()).collect();
        assert!(!is_clear(&small, &noisy, 1) && !is_clear(&noisy, &small, 1));
    }

    #[test]
    fn of_noise_the_mean_is_said_to_be_as_good() {
        let mut named = 0;
        for seed in 0..10 {
            let mut stream = tegmentum::random::Key::from_seed(seed).stream();
            let noise: Vec<f64> = (0..150).map(|_| f64::from(stream.normal())).collect();
            let config =
                super::super::ForecastConfig { networks: 1, evaluations: 50, horizon: 3, ..Default::default() };
            let judgement = config.fit(&noise).unwrap().judge(&noise).unwrap();
            named += usize::from(!judgement.above_mean);
            assert!(judgement.scores[0].all < 1.25, "{:?}", judgement.scores);
        }
        assert!(named >= 8, "{named} of 10");
    }
}
