//! KSWIN: the newest values have another distribution than a sample of the older ones (Raab, Heusinger & Schleif, 2020).
//!
//! # Test
//! ```text
//!     window of the last n values ;   R the newest r of them ;   S a sample of r of the other n − r, without replacement
//!     D = max_x |#{S ≤ x} − #{R ≤ x}|/r
//!     p = 2 Σ_{j ≥ 1, jk ≤ r} (−1)^{j−1} Π_{i=1}^{jk} (r − i + 1)/(r + i) ,   k = D r
//!     fires if p ≤ α and D > 0.1 ;   the window is R then
//! ```
//! n `window_size` · r `stat_size` · α the level of one test (`alpha`). A test is made with each value once the window is full, so that false
//! alarms are far more frequent than α for each n values. The sample follows from the key and the number of values seen.
//!
//! # Cost
//! A value: O(n + r log r). Memory 8 bytes for each of 2n + r values.
//!
//! # Readings
//! The paper fires if D > √(−ln α/r), a bound for one direction of the difference; the authors' program, and river after it, take the p-value of the
//! test in both directions and D > 0.1. So does this, with the exact p-value (2), which ties make smaller than it is said to be. The window after an
//! alarm is R, as in the paper; river begins with an empty one.
//!
//! # References
//! 1. C. Raab, M. Heusinger, F.-M. Schleif, Reactive soft prototype computing for concept drift streams, Neurocomputing 416, 340–351, 2020,
//!    doi:10.1016/j.neucom.2019.11.111.
//! 2. B. V. Gnedenko, V. S. Korolyuk, On the maximum discrepancy between two empirical distributions, Dokl. Akad. Nauk SSSR 80, 525–528, 1951.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::neuromodulation::detector::{Detector, DetectorSettings, is_observation};
use crate::random::Key;
use crate::registry::Description;

/// Distances up to this one never fire.
const SMALL: f64 = 0.1;

/// The constants of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KswinConfig {
    /// The level α of one test, above 0 and below 1.
    pub alpha: f64,
    /// Values n of the window, at least twice `stat_size`.
    pub window_size: usize,
    /// Values r of each of the two samples.
    pub stat_size: usize,
}

impl Default for KswinConfig {
    fn default() -> Self {
        Self { alpha: 0.005, window_size: 100, stat_size: 30 }
    }
}

impl KswinConfig {
    /// The detector, having seen nothing; samples follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, or samples that are too small for any to reach α.
    pub fn build(self, key: Key) -> Result<Kswin> {
        let wrong = |name, value, requirement| Err(Error::InvalidParameter { name, value, requirement });
        let Self { alpha, window_size, stat_size } = self;
        if !(alpha > 0.0 && alpha < 1.0) {
            return wrong("detector.kswin.alpha", alpha, "above 0 and below 1");
        }
        if !(1..=10_000).contains(&stat_size) {
            return wrong("detector.kswin.stat_size", stat_size as f64, "between 1 and 10000");
        }
        if !(2 * stat_size..=1_000_000).contains(&window_size) {
            let requirement = "at least twice stat_size, and at most 1000000";
            return wrong("detector.kswin.window_size", window_size as f64, requirement);
        }
        let Some(least) = least_distance(stat_size, alpha) else {
            let requirement = "larger: samples of this size never differ enough for alpha";
            return wrong("detector.kswin.stat_size", stat_size as f64, requirement);
        };
        let (places, sample, newest) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Kswin { config: self, key, least, window: VecDeque::new(), count: 0, places, sample, newest })
    }
}

impl DetectorSettings for KswinConfig {
    fn description(&self) -> Description {
        Description {
            name: "kswin",
            summary: "Kolmogorov–Smirnov test of the newest values and a sample of older ones",
            reference: "Raab, Heusinger & Schleif 2020",
        }
    }

    fn build(&self, key: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Self::build(*self, key)?))
    }
}

/// The probability that two samples of `r` values of one continuous distribution are at least `k`/`r` apart, for k = 1 … r.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detectors::kswin::p_values;
///
/// // Two values that are both below the two others: one order in six, and its mirror image.
/// let found = p_values(2);
/// assert!((found[1] - 2.0 / 6.0).abs() < 1e-12 && (found[0] - 1.0).abs() < 1e-12);
/// ```
pub fn p_values(r: usize) -> Vec<f64> {
    let products: Vec<f64> = (1..=r)
        .scan(1.0, |product, i| {
            *product *= (r - i + 1) as f64 / (r + i) as f64;
            Some(*product)
        })
        .collect();
    let p_value = |k: usize| {
        let terms = products.iter().skip(k - 1).step_by(k).enumerate();
        2.0 * terms.map(|(j, product)| if j % 2 == 0 { *product } else { -product }).sum::<f64>()
    };
    (1..=r).map(p_value).collect()
}

/// The least difference of counts that fires.
fn least_distance(r: usize, alpha: f64) -> Option<usize> {
    let fires = |(index, p): (usize, &f64)| *p <= alpha && (index + 1) as f64 / r as f64 > SMALL;
    p_values(r).iter().enumerate().position(fires).map(|index| index + 1)
}

/// The state of the detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::kswin::KswinConfig;
/// use tegmentum::random::Key;
///
/// let mut detector = KswinConfig { alpha: 1e-4, ..KswinConfig::default() }.build(Key::from_seed(1))?;
/// let mut stream = Key::from_seed(2).stream();
/// // A spread that grows while the mean stays.
/// let fired = (0..2000).find(|&row| detector.update((stream.uniform() - 0.5) * if row < 1000 { 0.1 } else { 1.0 }));
/// assert!(fired.is_some_and(|row| (1000..1060).contains(&row)));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Kswin {
    config: KswinConfig,
    key: Key,
    /// The least difference of counts that fires.
    least: usize,
    window: VecDeque<f64>,
    /// Values that were seen.
    count: u64,
    /// Work space: places in the window, and the two samples in order.
    places: Vec<usize>,
    sample: Vec<f64>,
    newest: Vec<f64>,
}

impl Kswin {
    /// The two samples, each in ascending order.
    fn draw(&mut self) {
        let Self { config: KswinConfig { window_size, stat_size, .. }, places, sample, newest, window, .. } = self;
        let older = *window_size - *stat_size;
        let mut stream = self.key.child(self.count).stream();
        places.clear();
        places.extend(0..older);
        for place in 0..*stat_size {
            places.swap(place, place + stream.below(older - place));
        }
        sample.clear();
        sample.extend(places[..*stat_size].iter().map(|&place| window[place]));
        newest.clear();
        newest.extend(window.range(older..));
        sample.sort_unstable_by(f64::total_cmp);
        newest.sort_unstable_by(f64::total_cmp);
    }
}

/// The largest difference of the numbers of values up to x, of two samples in ascending order.
fn distance(one: &[f64], other: &[f64]) -> usize {
    let (mut i, mut j, mut most) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        let x = one[i].min(other[j]);
        i += one[i..].iter().take_while(|&&value| value <= x).count();
        j += other[j..].iter().take_while(|&&value| value <= x).count();
        most = most.max(i.abs_diff(j));
    }
    most
}

impl Detector for Kswin {
    fn update(&mut self, value: f64) -> bool {
        if !is_observation(value) {
            return false;
        }
        let KswinConfig { window_size, stat_size, .. } = self.config;
        if self.window.len() == window_size {
            self.window.pop_front();
        }
        self.window.push_back(value);
        self.count += 1;
        if self.window.len() < window_size {
            return false;
        }
        self.draw();
        let fired = distance(&self.sample, &self.newest) >= self.least;
        if fired {
            self.window.drain(..window_size - stat_size);
        }
        fired
    }

    crate::archives!();
}

impl Archived for Kswin {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("Kswin")?;
        let Self { config, key: _, least: _, window, count, places: _, sample: _, newest: _ } = self;
        window.archive(archive)?;
        archive.check(window.len() <= config.window_size, "values of a window")?;
        archive.check(window.iter().all(|&value| is_observation(value)), "values that are finite")?;
        count.archive(archive)
    }
}
