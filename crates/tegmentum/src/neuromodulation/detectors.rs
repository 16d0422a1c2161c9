//! Detectors of changes in a stream of numbers: one file for each, and their registry. The contract is in
//! [`detector`](crate::neuromodulation::detector); how good alarms were, [`detection`](../../evidence/detection/index.html) says.
//!
//! | file | fires when | time of a value |
//! |---|---|---|
//! | [`adwin`] | the means of two parts of a window of any length differ | O(1), and O(log W) each 32nd |
//! | [`page_hinkley`] | the sum of deviations from the mean has risen or fallen far | O(1) |
//! | [`kswin`] | the newest values have another distribution than older ones | O(n + r log r) |
//! | [`always`] | there is a value | O(1) |
//! | [`never`](mod@never) | never | O(1) |
//! | [`periodic`] | a number of values has passed | O(1) |
//!
//! The last three look at nothing: what an alarm is worth that knows more is what it adds to them.

pub mod adwin;
pub mod always;
pub mod kswin;
pub mod never;
pub mod page_hinkley;
pub mod periodic;

use crate::neuromodulation::detector::DetectorSettings;

tegmentum_engine::named_settings! {
    /// A detector by name, with its settings. A detector is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::detectors::DetectorConfig;
    /// use tegmentum::random::Key;
    ///
    /// let config: DetectorConfig = toml::from_str("[page_hinkley]\nthreshold = 10.0")?;
    /// let mut detector = config.build(Key::from_seed(1))?;
    /// let fired: Vec<usize> = (0..200).filter(|&row| detector.update(if row < 100 { 0.0 } else { 1.0 })).collect();
    /// assert_eq!((config.name(), fired), ("page_hinkley", vec![110]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub enum DetectorConfig: dyn DetectorSettings = "detector" {
        Adwin(adwin::AdwinConfig),
        PageHinkley(page_hinkley::PageHinkleyConfig),
        Kswin(kswin::KswinConfig),
        Always(always::AlwaysConfig),
        Never(never::NeverConfig),
        Periodic(periodic::PeriodicConfig),
    }
}

impl DetectorConfig {
    /// The same, tested after each value: [ADWIN](adwin) usually looks after each 32nd, too seldom where a value stands for many examples.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::detectors::DetectorConfig;
    /// use tegmentum::neuromodulation::detectors::adwin::AdwinConfig;
    ///
    /// let each = DetectorConfig::from_name("adwin")?.at_every_moment();
    /// assert_eq!(each, DetectorConfig::Adwin(AdwinConfig { clock: 1, ..AdwinConfig::default() }));
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    #[must_use]
    pub fn at_every_moment(self) -> Self {
        match self {
            Self::Adwin(config) => Self::Adwin(adwin::AdwinConfig { clock: 1, ..config }),
            other => other,
        }
    }

    /// One whose values stand for many examples each, from its name or its settings: [tested after each value](Self::at_every_moment), unless
    /// ADWIN's `clock` is set.
    ///
    /// # Errors
    /// Those of the settings: an unknown name or setting.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::detectors::DetectorConfig;
    /// use tegmentum::neuromodulation::detectors::adwin::AdwinConfig;
    ///
    /// let settings = toml::from_str("adwin = { delta = 0.05 }")?;
    /// let expected = AdwinConfig { delta: 0.05, clock: 1, ..AdwinConfig::default() };
    /// assert_eq!(DetectorConfig::of_blocks(settings)?, DetectorConfig::Adwin(expected));
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub fn of_blocks(settings: toml::Value) -> Result<Self, toml::de::Error> {
        let has_clock = settings.get("adwin").is_some_and(|adwin| adwin.get("clock").is_some());
        let config: Self = settings.try_into()?;
        Ok(if has_clock { config } else { config.at_every_moment() })
    }
}

#[cfg(test)]
mod tests;
