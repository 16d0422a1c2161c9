//! The environments, one file each, and their registry. The contract is in [`environment`](crate::behaviour::environment).

pub mod continual_digits;
pub(crate) mod cycle;
pub mod delayed_match;
pub mod go_no_go;
pub mod helicopter;
pub mod linear_function;
pub mod open_field;
pub mod reversal;
pub mod stop_signal;
pub mod switching_xor;
pub mod two_step;
pub mod volatile_bandit;

use crate::behaviour::environment::EnvironmentSettings;

tegmentum_engine::named_settings! {
    /// Which environment, with its settings. An environment is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::behaviour::environments::EnvironmentConfig;
    ///
    /// let config: EnvironmentConfig = toml::from_str("[go_no_go]\ntrials_before_shift = 200")?;
    /// assert_eq!(config.name(), "go_no_go");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum EnvironmentConfig: dyn EnvironmentSettings = "environment" {
        GoNoGo(go_no_go::GoNoGoConfig),
        Helicopter(helicopter::HelicopterConfig),
        Reversal(reversal::ReversalConfig),
        VolatileBandit(volatile_bandit::VolatileBanditConfig),
        StopSignal(stop_signal::StopSignalConfig),
        DelayedMatch(delayed_match::DelayedMatchConfig),
        TwoStep(two_step::TwoStepConfig),
        SwitchingXor(switching_xor::SwitchingXorConfig),
        ContinualDigits(continual_digits::ContinualDigitsConfig),
        OpenField(open_field::OpenFieldConfig),
        LinearFunction(linear_function::LinearFunctionConfig),
    }
}

#[cfg(test)]
pub(super) mod conformance;
#[cfg(test)]
mod going_on;
#[cfg(test)]
mod units;
