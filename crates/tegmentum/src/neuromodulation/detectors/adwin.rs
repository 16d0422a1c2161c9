//! ADWIN: a window that drops its oldest part when its mean is another one (Bifet & Gavaldà, 2007; ADWIN2).
//!
//! # Test
//! ```text
//!     window W = W0 W1, cut anywhere between two buckets, n0 and n1 ≥ m
//!     δ' = ln(2 ln(n)/δ) ,   1/h = 1/(n0 − m + 1) + 1/(n1 − m + 1)
//!     ε  = √(2/h · σ² · δ') + 2/(3h) · δ'
//!     |mean W0 − mean W1| > ε at some cut:   the oldest bucket goes, and the test is made again;   it fires
//! ```
//! n = n0 + n1 values in the window · σ² their variance `[value²]` · δ the confidence of the bound (`delta`) · m the shortest part that is
//! looked at (`min_window_length`) · the test is made after each `clock`-th value, once more than `grace_period` values are in the window.
//!
//! # Window
//! An exponential histogram: a bucket of row i has the sum and the squared deviations from the mean of 2ⁱ values. With more than M buckets in
//! a row (`max_buckets`), its two oldest become one of the next row:
//! ```text
//!     S = S_a + S_b ,   Q = Q_a + Q_b + 2ⁱ/2 (S_a/2ⁱ − S_b/2ⁱ)²
//! ```
//! The variance of the whole window is kept by the same formulas.
//!
//! # Cost
//! A value: O(1) on average. A test: at most M log₂(W/M) cuts, two quotients each and a root for those that may be beyond ε. Memory 16 bytes for
//! each of (M + 1) log₂(W/M) buckets. `cargo bench -p tegmentum --bench online` measures it.
//!
//! # Readings
//! The paper has δ' = ln(2n/δ) or, for the bound that it recommends in practice, ln(2 ln(n)/δ) and a whole number of cuts; the second one is taken, and
//! n − m + 1 in the place of n for a part, both as in MOA and river. A change in any direction fires. What is left of the window after an alarm is
//! kept, as in the paper, so that a large change may fire several times while older values leave; river 0.26 begins anew with an empty one. A test
//! compares alarms with those of river's window, kept so.
//!
//! # References
//! 1. A. Bifet, R. Gavaldà, Learning from time-changing data with adaptive windowing, SIAM International Conference on Data Mining, 443–448,
//!    2007, doi:10.1137/1.9781611972771.42.
//! 2. B. Babcock, M. Datar, R. Motwani, L. O'Callaghan, Maintaining variance and k-medians over data stream windows, PODS, 234–243, 2003, for
//!    deviations of buckets that are joined.

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::neuromodulation::detector::{Detector, DetectorSettings, is_observation};
use crate::random::Key;
use crate::registry::Description;

/// Rows of the histogram, at most; the last one would be full after more values than anybody has.
const MAX_ROWS: usize = 60;

/// The constants of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdwinConfig {
    /// The confidence δ, above 0 and below 1: smaller ones fire more rarely.
    pub delta: f64,
    /// Values between two tests.
    pub clock: u64,
    /// Buckets of a row, at most.
    pub max_buckets: usize,
    /// Values of each part of the window, at least.
    pub min_window_length: u64,
    /// Values of a window that is not tested, at most.
    pub grace_period: u64,
}

impl Default for AdwinConfig {
    fn default() -> Self {
        Self { delta: 0.002, clock: 32, max_buckets: 5, min_window_length: 5, grace_period: 10 }
    }
}

impl AdwinConfig {
    /// The detector, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self) -> Result<Adwin> {
        if !(self.delta > 0.0 && self.delta < 1.0) {
            let (name, value) = ("detector.adwin.delta", self.delta);
            return Err(Error::InvalidParameter { name, value, requirement: "above 0 and below 1" });
        }
        for (name, value, most, requirement) in [
            ("detector.adwin.clock", self.clock, 1_000_000, "between 1 and 1000000"),
            ("detector.adwin.max_buckets", self.max_buckets as u64, 1000, "between 1 and 1000"),
            ("detector.adwin.min_window_length", self.min_window_length, 1_000_000, "between 1 and 1000000"),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::InvalidParameter { name, value: value as f64, requirement });
            }
        }
        Ok(Adwin { config: self, counts: Vec::new(), buckets: Vec::new(), window: Window::default(), since_test: 0 })
    }
}

impl DetectorSettings for AdwinConfig {
    fn description(&self) -> Description {
        Description {
            name: "adwin",
            summary: "adaptive window: the means of its two parts differ",
            reference: "Bifet & Gavaldà 2007",
        }
    }

    fn build(&self, _: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// What is known of all values of the window.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// Their number.
    width: u64,
    sum: f64,
    /// Squared deviations from the mean.
    squares: f64,
}

/// Sum and squared deviations of the values of a bucket.
type Bucket = [f64; 2];

/// The state of the detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::adwin::AdwinConfig;
///
/// let mut detector = AdwinConfig::default().build()?;
/// let fired: Vec<u32> = (0..2000).filter(|&row| detector.update(if row < 1000 { 0.1 } else { 0.9 })).collect();
/// // The second time older values leave that were still there.
/// assert_eq!(fired, [1023, 1055]);
/// assert!((detector.mean().unwrap_or(0.0) - 0.9).abs() < 0.01);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Adwin {
    config: AdwinConfig,
    /// Buckets of each row.
    counts: Vec<usize>,
    /// `max_buckets + 1` places for each row, the oldest bucket first.
    buckets: Vec<Bucket>,
    window: Window,
    since_test: u64,
}

impl Adwin {
    /// The number of values in the window.
    pub fn width(&self) -> u64 {
        self.window.width
    }

    /// The mean of the window; `None` if it is empty.
    pub fn mean(&self) -> Option<f64> {
        (self.window.width > 0).then(|| self.window.sum / self.window.width as f64)
    }

    /// The variance of the window; 0 if it is empty.
    pub fn variance(&self) -> f64 {
        self.window.squares / self.window.width.max(1) as f64
    }

    /// Places of a row.
    fn stride(&self) -> usize {
        self.config.max_buckets + 1
    }

    fn push(&mut self, row: usize, bucket: Bucket) {
        let stride = self.stride();
        if row == self.counts.len() {
            self.counts.push(0);
            self.buckets.resize(self.counts.len() * stride, [0.0; 2]);
        }
        self.buckets[row * stride + self.counts[row]] = bucket;
        self.counts[row] += 1;
    }

    /// Removes the oldest buckets of a row.
    fn remove(&mut self, row: usize, oldest: usize) {
        let (first, count) = (row * self.stride(), self.counts[row]);
        self.buckets.copy_within(first + oldest..first + count, first);
        self.counts[row] -= oldest;
    }

    fn insert(&mut self, value: f64) {
        self.push(0, [value, 0.0]);
        let Window { width, sum, squares } = &mut self.window;
        *width += 1;
        if *width > 1 {
            let before = (*width - 1) as f64;
            let difference = value - *sum / before;
            *squares += before * difference * difference / *width as f64;
        }
        *sum += value;
        let stride = self.stride();
        let mut row = 0;
        while self.counts[row] == stride && row + 1 < MAX_ROWS {
            let size = (1u64 << row) as f64;
            let [[sum, squares], [other_sum, other_squares]] =
                [self.buckets[row * stride], self.buckets[row * stride + 1]];
            let difference = sum / size - other_sum / size;
            let joined = [sum + other_sum, squares + other_squares + size * 0.5 * difference * difference];
            self.remove(row, 2);
            row += 1;
            self.push(row, joined);
        }
    }

    /// Whether the means differ at some cut.
    fn differs(&self) -> bool {
        let least = self.config.min_window_length as f64;
        let Window { width, sum, squares } = self.window;
        let (mut older, mut older_sum, mut newer, mut newer_sum) = (0.0, 0.0, width as f64, sum);
        let confidence = (2.0 * newer.ln() / self.config.delta).ln();
        let variance = squares / newer;
        for (row, &count) in self.counts.iter().enumerate().rev() {
            let size = (1u64 << row) as f64;
            let first = row * self.stride();
            for [sum, _] in &self.buckets[first..first + count] {
                older += size;
                newer -= size;
                older_sum += sum;
                newer_sum -= sum;
                if newer < least {
                    return false;
                }
                if older < least {
                    continue;
                }
                let apart = (older_sum / older - newer_sum / newer).abs();
                let over = 1.0 / (older - least + 1.0) + 1.0 / (newer - least + 1.0);
                let range = 2.0 / 3.0 * confidence * over;
                // The root is at least 0.
                if apart > range && apart > (2.0 * over * variance * confidence).sqrt() + range {
                    return true;
                }
            }
        }
        false
    }

    /// Removes the oldest bucket.
    fn forget(&mut self) {
        let row = self.counts.len() - 1;
        let size = 1u64 << row;
        let [sum, squares] = self.buckets[row * self.stride()];
        self.remove(row, 1);
        let window = &mut self.window;
        window.width -= size;
        window.sum -= sum;
        let (size, width) = (size as f64, window.width as f64);
        let difference = sum / size - window.sum / width;
        let gone = squares + size * width * difference * difference / (size + width);
        window.squares = (window.squares - gone).max(0.0);
        while self.counts.last() == Some(&0) {
            self.counts.pop();
        }
        self.buckets.truncate(self.counts.len() * self.stride());
    }
}

impl Detector for Adwin {
    fn update(&mut self, value: f64) -> bool {
        if !is_observation(value) {
            return false;
        }
        self.insert(value);
        self.since_test += 1;
        if self.since_test < self.config.clock {
            return false;
        }
        self.since_test = 0;
        if self.window.width <= self.config.grace_period {
            return false;
        }
        let mut fired = false;
        // A cut leaves a value in each part, so that the window is never emptied.
        while self.differs() {
            self.forget();
            fired = true;
        }
        fired
    }

    crate::archives!();
}

impl Archived for Adwin {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("Adwin")?;
        let stride = self.stride();
        let Self { config, counts, buckets, window: Window { width, sum, squares }, since_test } = self;
        counts.archive(archive)?;
        archive.check(counts.len() <= MAX_ROWS, "rows of a window")?;
        let fit = counts.iter().all(|&count| count < stride) && counts.last() != Some(&0);
        archive.check(fit, "buckets of a row")?;
        // Places that no bucket has are not written.
        let mut used = Vec::new();
        for (row, &count) in counts.iter().enumerate().filter(|_| !archive.is_reading()) {
            used.extend_from_slice(&buckets[row * stride..row * stride + count]);
        }
        used.archive(archive)?;
        archive.check(used.len() == counts.iter().sum::<usize>(), "as many buckets as the rows have")?;
        let fit = used.iter().all(|[sum, squares]| sum.is_finite() && squares.is_finite());
        archive.check(fit, "finite sums")?;
        if archive.is_reading() {
            *buckets = vec![[0.0; 2]; counts.len() * stride];
            let mut rest = used.as_slice();
            for (row, &count) in counts.iter().enumerate() {
                let (own, others) = rest.split_at(count);
                buckets[row * stride..row * stride + count].copy_from_slice(own);
                rest = others;
            }
            *width = counts.iter().enumerate().map(|(row, &count)| (count as u64) << row).sum();
        }
        sum.archive(archive)?;
        squares.archive(archive)?;
        archive.check(sum.is_finite() && squares.is_finite() && *squares >= 0.0, "finite sums")?;
        since_test.archive(archive)?;
        archive.check(*since_test < config.clock, "values since the last test")
    }
}
