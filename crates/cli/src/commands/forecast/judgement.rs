//! How well the test part was predicted, and who did it best.

use tegmentum::data::task::Series;

use super::Predictions;
use crate::table::Table;
use tegmentum_study::number::number;

/// Blocks that the test part is cut into to see how sure a difference is.
const BLOCKS: usize = 20;
/// Standard errors that a difference must be away from zero.
const STANDARD_ERRORS: f64 = 2.0;

/// The value before, for each test row.
pub(super) fn persistence(series: &Series) -> Vec<f32> {
    let channels = series.channels.len();
    series.values[(series.test.start - 1) * channels..(series.test.end - 1) * channels].to_vec()
}

/// Root mean square of prediction − truth; both are in units of the training part's standard deviation.
pub(super) fn nrmse(predicted: &[f32], truth: &[f32]) -> f64 {
    let squares = squares(predicted, truth);
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

fn squares(predicted: &[f32], truth: &[f32]) -> Vec<f64> {
    predicted.iter().zip(truth).map(|(&p, &t)| (f64::from(p) - f64::from(t)).powi(2)).collect()
}

/// Squared errors of the three predictors on the same rows, [rows × channels] each.
#[derive(Debug)]
pub(super) struct Judgement {
    network: Vec<f64>,
    autoregression: Vec<f64>,
    persistence: Vec<f64>,
    channels: usize,
}

impl Judgement {
    /// Judges predictions of the test part.
    pub(super) fn new(series: &Series, predictions: &Predictions) -> Self {
        let channels = series.channels.len();
        let truth = &series.values[series.test.start * channels..series.test.end * channels];
        Self {
            network: squares(&predictions.network, truth),
            autoregression: squares(&predictions.autoregression, truth),
            persistence: squares(&predictions.persistence, truth),
            channels,
        }
    }

    /// The errors side by side, for each channel if there are several.
    pub(super) fn table(&self, series: &Series, network: &str, lags: usize) -> Table {
        let mut heads = vec!["one-step NRMSE on the test part".to_owned()];
        if self.channels > 1 {
            heads.push("all".to_owned());
        }
        heads.extend(series.channels.iter().cloned());
        let mut table = Table::new(heads);
        let lags = if lags == 1 { "1 lag".to_owned() } else { format!("{lags} lags") };
        let rows = [
            (network.to_owned(), &self.network),
            (format!("linear autoregression, {lags}"), &self.autoregression),
            ("persistence".to_owned(), &self.persistence),
        ];
        for (name, errors) in rows {
            let all = (self.channels > 1).then(|| number(root_mean(errors.iter().copied())));
            let own = |channel| number(root_mean(errors.iter().copied().skip(channel).step_by(self.channels)));
            table.row(std::iter::once(name).chain(all).chain((0..self.channels).map(own)));
        }
        table
    }

    /// In a sentence each: the network against persistence and against the autoregression.
    pub(super) fn verdicts(&self) -> [String; 3] {
        [
            "NRMSE: root mean square error over the standard deviation of the training part.".to_owned(),
            verdict(&self.network, &self.persistence, "persistence"),
            verdict(&self.network, &self.autoregression, "the linear autoregression"),
        ]
    }
}

fn root_mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    (values.sum::<f64>() / count as f64).sqrt()
}

/// Who is better, by how much, and whether that may be chance.
fn verdict(network: &[f64], other: &[f64], name: &str) -> String {
    let (own, others) = (root_mean(network.iter().copied()), root_mean(other.iter().copied()));
    let percent = number(100.0 * (own / others - 1.0).abs());
    let differences: Vec<f64> = network.iter().zip(other).map(|(a, b)| a - b).collect();
    let relation = if own <= others { "lower" } else { "higher" };
    let sure = match (is_clear(&differences), own <= others) {
        (true, true) => "it wins",
        (true, false) => "it loses",
        (false, _) => "too close to call on these rows",
    };
    format!("Against {name}: the network's error is {percent} % {relation}; {sure}.")
}

/// Whether the mean of differences, which may depend on their neighbours, is two standard errors of the means of blocks
/// away from zero.
fn is_clear(differences: &[f64]) -> bool {
    let length = differences.len().div_ceil(BLOCKS).max(1);
    let means: Vec<f64> =
        differences.chunks(length).map(|block| block.iter().sum::<f64>() / block.len() as f64).collect();
    let count = means.len() as f64;
    if means.len() < 4 {
        return false;
    }
    let mean = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean.abs() > STANDARD_ERRORS * (variance / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_win_and_a_draw() {
        let network: Vec<f64> = (0..400).map(|index| 0.5 + f64::from(index % 7) / 100.0).collect();
        let worse: Vec<f64> = network.iter().map(|error| error * 2.0).collect();
        assert_eq!(
            verdict(&network, &worse, "persistence"),
            "Against persistence: the network's error is 29.3 % lower; it wins."
        );
        assert!(verdict(&worse, &network, "x").contains("error is 41.4 % higher; it loses"));
        let noisy: Vec<f64> = network.iter().enumerate().map(|(i, e)| e + (i as f64 * 0.1).sin()).collect();
        assert!(verdict(&network, &noisy, "x").contains("too close to call"));
    }
}
