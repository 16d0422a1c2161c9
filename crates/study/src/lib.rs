//! Studies: settings × arms × seeds with a budget, and the claims under test, written before the run.
//!
//! A study is a TOML file ([`config`]) of one of the [`kinds`]. [`run`](run::run) searches the rates of the arms that have
//! one on seeds of their own ([`tuning`]), runs every arm on the study's seeds, tests the [`claims`] and draws up figures. What
//! it found is plain data ([`outcome`]), its [`metric`]s with unit and direction; a [`folder`] holds it.
//!
//! Modules point one way: metrics, names and the text of a study ← running, testing and drawing ← the kinds ← the check of a
//! text ← [`run`].

pub mod answer;
mod check;
pub mod claims;
pub mod config;
mod drawing;
mod execution;
pub mod folder;
pub mod hearing;
mod kind;
pub mod kinds;
pub mod limits;
pub mod logs;
pub mod metric;
mod monitor;
pub mod names;
pub mod number;
pub mod outcome;
pub mod replay;
mod result;
pub mod run;
pub mod shard;
pub mod trial;
pub mod tuning;
mod work;

pub use kinds::{dose, lesions};

use config::StudyConfig;

use tegmentum::error::{Error, Result};

/// The studies that come with the library, in the order of a full reproduction: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("theory", include_str!("../../../studies/theory.toml")),
    ("xor", include_str!("../../../studies/xor.toml")),
    ("xor-robustness", include_str!("../../../studies/xor-robustness.toml")),
    ("parity", include_str!("../../../studies/parity.toml")),
    ("readings", include_str!("../../../studies/readings.toml")),
    ("lorenz", include_str!("../../../studies/lorenz.toml")),
    ("rossler", include_str!("../../../studies/rossler.toml")),
    ("mackey-glass", include_str!("../../../studies/mackey-glass.toml")),
    ("feedback", include_str!("../../../studies/feedback.toml")),
    ("feedback-recurrent", include_str!("../../../studies/feedback-recurrent.toml")),
    ("gradient-gap", include_str!("../../../studies/gradient-gap.toml")),
    ("digits", include_str!("../../../studies/digits.toml")),
    ("size", include_str!("../../../studies/size.toml")),
    ("families", include_str!("../../../studies/families.toml")),
    ("best-rate", include_str!("../../../studies/best-rate.toml")),
    ("ten-million", include_str!("../../../studies/ten-million.toml")),
    ("warm-start", include_str!("../../../studies/warm-start.toml")),
    ("quantised", include_str!("../../../studies/quantised.toml")),
    ("int8", include_str!("../../../studies/int8.toml")),
    ("units", include_str!("../../../studies/units.toml")),
    ("rivals", include_str!("../../../studies/rivals.toml")),
    ("go-no-go", include_str!("../../../studies/go-no-go.toml")),
    ("go-no-go-effects", include_str!("../../../studies/go-no-go-effects.toml")),
    ("go-no-go-probabilistic", include_str!("../../../studies/go-no-go-probabilistic.toml")),
    ("go-no-go-probabilistic-reversal", include_str!("../../../studies/go-no-go-probabilistic-reversal.toml")),
    ("go-no-go-reversal", include_str!("../../../studies/go-no-go-reversal.toml")),
    ("go-no-go-serial", include_str!("../../../studies/go-no-go-serial.toml")),
    ("go-no-go-spiking", include_str!("../../../studies/go-no-go-spiking.toml")),
    ("helicopter", include_str!("../../../studies/helicopter.toml")),
    ("reversal", include_str!("../../../studies/reversal.toml")),
    ("volatility", include_str!("../../../studies/volatility.toml")),
    ("volatile-bandit", include_str!("../../../studies/volatile-bandit.toml")),
    ("stop-signal", include_str!("../../../studies/stop-signal.toml")),
    ("delayed-match", include_str!("../../../studies/delayed-match.toml")),
    ("two-step", include_str!("../../../studies/two-step.toml")),
    ("navigation", include_str!("../../../studies/navigation.toml")),
    ("supervised-spikes", include_str!("../../../studies/supervised-spikes.toml")),
    ("switching-xor", include_str!("../../../studies/switching-xor.toml")),
    ("switching-chaos", include_str!("../../../studies/switching-chaos.toml")),
    ("switching-digits", include_str!("../../../studies/switching-digits.toml")),
    ("switching-drift", include_str!("../../../studies/switching-drift.toml")),
    ("false-alarms", include_str!("../../../studies/false-alarms.toml")),
    ("continual-permuted", include_str!("../../../studies/continual-permuted.toml")),
    ("continual-fisher", include_str!("../../../studies/continual-fisher.toml")),
    ("continual-ten", include_str!("../../../studies/continual-ten.toml")),
    ("continual-weight-perturbation", include_str!("../../../studies/continual-weight-perturbation.toml")),
    ("continual-parity", include_str!("../../../studies/continual-parity.toml")),
    ("continual-rotated", include_str!("../../../studies/continual-rotated.toml")),
    ("continual-domain", include_str!("../../../studies/continual-domain.toml")),
    ("continual-class", include_str!("../../../studies/continual-class.toml")),
    ("continual-blurred", include_str!("../../../studies/continual-blurred.toml")),
    ("continual-blurred-class", include_str!("../../../studies/continual-blurred-class.toml")),
    ("continual-label-noise", include_str!("../../../studies/continual-label-noise.toml")),
    ("forgetting", include_str!("../../../studies/forgetting.toml")),
    ("forgetting-chaos", include_str!("../../../studies/forgetting-chaos.toml")),
    ("lesions", include_str!("../../../studies/lesions.toml")),
    ("many-to-one", include_str!("../../../studies/many-to-one.toml")),
    ("scales-go-no-go", include_str!("../../../studies/scales-go-no-go.toml")),
    ("scales-reversal", include_str!("../../../studies/scales-reversal.toml")),
    ("cost", include_str!("../../../studies/cost.toml")),
];

/// The built-in study called `name`.
///
/// # Errors
/// [`Error::UnknownName`] if there is none.
///
/// # Example
/// ```
/// let study = tegmentum_study::built_in("xor")?;
/// assert_eq!(study.name, "xor");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn built_in(name: &str) -> Result<StudyConfig> {
    let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = BUILT_IN.iter().map(|study| study.0).collect();
        return Err(Error::UnknownName { kind: "study", name: name.to_owned(), known: known.join(", ") });
    };
    StudyConfig::from_toml(text, &format!("built-in study {name}"))
}
