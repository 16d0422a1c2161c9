//! A size for each block of parameters: perturbations and steps are relative to the size of their own block.
//!
//! ```text
//!     "blocks", "each"    s_b = rms of block b of the start; s where it is zero
//!     "fan_in"            s_b = 1/√n_b ,  s the largest of them
//!     "auto"              "fan_in" if a block of the start is not zero and more than 32 times smaller or larger than 1/√n_b, or all are
//!                         zero; else one size for all
//!     v_i   = 2^e_b u_i ,  2^e_b nearest to s_b/s              i in block b
//!     rms of block b of x > 32 s_b at the end of a window:     s_b ← that
//! ```
//! s the size of all parameters · n_b presynaptic units of a connection · u the directions of the family · x the averaged parameters
//! `[P]`. An update is one in the coordinates θ_i/2^e_b. With `"fan_in"` no size is taken from the start: for those that are zero, too small
//! or of sizes that mean nothing. With the others each block keeps the size it has, which is right where sizes are units.
//!
//! Usual starts of networks are within 32 times of 1/√n, so that "auto" changes nothing there. A start beyond says little about the sizes that
//! are needed: a classifier of 8×8 digits that starts a thousand times too small learns nothing with one size, and as much as from a usual
//! start with those of its fan-in. Where such a size is that of a unit, set "blocks". Ours; 1/√n is the size of first weights of LeCun et al.
//! (1998).

use serde::{Deserialize, Serialize};

use super::{DopamineConfig, GROWTH};
use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::learning::schedule_free::ScheduleFree;
use crate::model::network::Network;
use crate::model::perturbation::sizes::Sizes;
use crate::model::perturbation::{Direction, Family};
use crate::random::Key;

/// Parameters of which each may have its own size.
const MOST: usize = 1024;

/// Which parameters share a size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ParameterSizes {
    /// All, unless the start of a network's connection is more than 32 times off 1/√n for n presynaptic units: then `FanIn`.
    #[default]
    Auto,
    /// All.
    One,
    /// Those of a connection of the network, weights and biases from one population to another: their root mean square at the start.
    Blocks,
    /// The same, with the size 1/√n for n presynaptic units, whatever the start.
    FanIn,
    /// None: each has its own, for up to 1024 parameters of different units.
    Each,
}

impl ParameterSizes {
    /// Whether nothing was set.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(super) fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// The root mean square of `start`; 1 if it is zero.
pub(crate) fn parameter_size(start: &[f32]) -> f64 {
    let sum: f64 = start.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if sum == 0.0 { 1.0 } else { (sum / start.len() as f64).sqrt() }
}

/// A connection of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectionSize {
    /// The number after its last parameter.
    pub end: usize,
    /// 1/√n for n presynaptic units.
    pub size: f64,
}

/// The connections of a network, in the order of their parameters.
pub(in crate::learning::optimizers) fn connections_of(network: &dyn Network) -> Vec<ConnectionSize> {
    let connections = network.connections().iter().map(|connection| ConnectionSize {
        end: connection.weights.end.max(connection.bias.end),
        size: 1.0 / (connection.presynaptic.len().max(1) as f64).sqrt(),
    });
    let mut connections: Vec<ConnectionSize> = connections.collect();
    connections.sort_by_key(|connection| connection.end);
    connections.dedup_by_key(|connection| connection.end);
    connections
}

/// Whether sizes are taken from the connections of a network unasked: one size would mean nothing for this start `[P]`.
fn is_unusual(config: &DopamineConfig, start: &[f32]) -> bool {
    let connections = &config.connections;
    let can = config.family.noise().is_some() && config.parameter_size.is_none();
    if !can || connections.last().map(|last| last.end) != Some(start.len()) {
        return false;
    }
    let mut begin = 0;
    let mut is_off = start.iter().all(|&value| value == 0.0);
    for connection in connections {
        let block = &start[begin..connection.end];
        let ratio = parameter_size(block) / connection.size;
        is_off |= block.iter().any(|&value| value != 0.0) && !(1.0 / GROWTH..=GROWTH).contains(&ratio);
        begin = connection.end;
    }
    is_off
}

/// The sizes of all blocks; none with one size for all.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockSizes {
    /// The number after the last parameter of each block.
    ends: Vec<usize>,
    /// s_b.
    sizes: Vec<f64>,
    /// s.
    whole: f64,
    factors: Sizes,
}

impl BlockSizes {
    /// Those of a start `[P]`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for blocks without a network, too many parameters, a family whose entries depend on each other, a given size.
    pub(super) fn new(config: &DopamineConfig, start: &[f32]) -> Result<Self> {
        let refused = |with: &str, reason: &str| {
            let what = format!("parameter_sizes = {:?}", config.parameter_sizes).to_lowercase();
            Err(Error::Incompatible { what, with: with.to_owned(), reason: reason.to_owned() })
        };
        let ends: Vec<usize> = match config.parameter_sizes {
            ParameterSizes::One => return Ok(Self::default()),
            ParameterSizes::Auto if !is_unusual(config, start) => return Ok(Self::default()),
            ParameterSizes::Auto => return Ok(Self::fan_in(config)),
            ParameterSizes::Blocks | ParameterSizes::FanIn => config.connections.iter().map(|one| one.end).collect(),
            ParameterSizes::Each => (1..=start.len()).collect(),
        };
        if config.parameter_sizes == ParameterSizes::Each && start.len() > MOST {
            return refused("more than 1024 parameters", "a size for each is for few parameters in units of their own");
        }
        if ends.last() != Some(&start.len()) {
            return refused(
                "an objective without blocks",
                "blocks are those of a network; use \"each\" for few parameters",
            );
        }
        if config.family.noise().is_none() {
            return refused("a family whose entries depend on each other", "use \"rademacher\" or \"gaussian\"");
        }
        if config.parameter_size.is_some() {
            return refused("parameter_size", "one size is given for all");
        }
        if config.parameter_sizes == ParameterSizes::FanIn {
            return Ok(Self::fan_in(config));
        }
        let whole = parameter_size(start);
        let mut sizes = Self { sizes: vec![whole; ends.len()], ends, whole, factors: Sizes::default() };
        sizes.take_in(start, 0.0);
        Ok(sizes)
    }

    /// 1/√n for each connection.
    fn fan_in(config: &DopamineConfig) -> Self {
        let (ends, sizes): (Vec<usize>, Vec<f64>) = config.connections.iter().map(|one| (one.end, one.size)).unzip();
        let whole = sizes.iter().copied().fold(0.0, f64::max);
        let mut sizes = Self { ends, sizes, whole, factors: Sizes::default() };
        sizes.measure();
        sizes
    }

    /// Makes the size of each block that is more than `growth` times as large in `values` `[P]` the one it has there. Whether there is one.
    fn take_in(&mut self, values: &[f32], growth: f64) -> bool {
        let (mut begin, mut grown) = (0, false);
        for (end, size) in self.ends.iter().zip(&mut self.sizes) {
            let block = &values[begin..*end];
            let found = parameter_size(block);
            if block.iter().any(|value| *value != 0.0) && found.is_finite() && found > growth * *size {
                (*size, grown) = (found, true);
            }
            begin = *end;
        }
        self.measure();
        grown
    }

    fn measure(&mut self) {
        let factors: Vec<f64> = self.sizes.iter().map(|size| size / self.whole).collect();
        self.factors = Sizes::of(&self.ends, &factors);
    }

    /// The end of a window: blocks that have outgrown their size. Whether the directions are others now.
    pub(super) fn grow(&mut self, averaged: &[f32]) -> bool {
        let before = self.factors;
        !self.ends.is_empty() && self.take_in(averaged, GROWTH) && self.factors != before
    }

    /// The size of all parameters, unless they have one.
    pub(super) fn whole(&self) -> Option<f64> {
        (!self.is_one()).then_some(self.whole)
    }

    /// Whether all parameters have one size.
    pub(super) fn is_one(&self) -> bool {
        self.ends.is_empty()
    }

    /// The direction `index` of a family in the update with `key`.
    pub(super) fn direction(&self, family: Family, key: Key, index: u64) -> Direction {
        match family.noise() {
            Some(noise) if !self.is_one() => Direction::Sized(self.factors.direction(noise, key.child(index))),
            _ => family.direction_of(key, index),
        }
    }

    /// Multiplies the blocks of new vectors `[P]` of the size of all by their factors.
    pub(super) fn multiply(&self, vectors: &mut ScheduleFree) {
        if !self.is_one() {
            self.factors.multiply(&mut vectors.averaged);
            self.factors.multiply(&mut vectors.exploring);
        }
    }
}

impl Archived for BlockSizes {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.values("sizes of blocks", &mut self.sizes)?;
        if archive.is_reading() && !self.is_one() {
            let usable = self.sizes.iter().all(|size| size.is_finite() && *size > 0.0);
            archive.check(usable, "sizes above 0")?;
            self.measure();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::data::task::Examples;
    use crate::learning::minimise::{minimise, minimise_objective};
    use crate::learning::optimizer::OptimizerSettings;
    use crate::model::networks::NetworkConfig;
    use crate::model::objectives::NetworkLoss;

    #[test]
    fn what_cannot_have_sizes_is_refused() {
        let refused = |config: DopamineConfig, length: usize, reason: &str| {
            let error = config.build(vec![1.0; length], Key::from_seed(1), 10).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        };
        let each = DopamineConfig { parameter_sizes: ParameterSizes::Each, ..DopamineConfig::default() };
        refused(each.clone(), 1025, "few parameters");
        refused(DopamineConfig { parameter_size: Some(1.0), ..each.clone() }, 3, "one size");
        let mut blocks = DopamineConfig { parameter_sizes: ParameterSizes::Blocks, ..each };
        refused(blocks.clone(), 3, "use \"each\"");
        let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]").unwrap().build(2, 1).unwrap();
        blocks.fit_to(&*network);
        let found: Vec<_> = blocks.connections.iter().map(|one| (one.end, one.size)).collect();
        assert_eq!(found, [(12, 1.0 / 2f64.sqrt()), (17, 0.5)]);
        assert!(blocks.build(vec![1.0; 17], Key::from_seed(1), 10).is_ok());
    }

    /// Parameters of 10⁶ beside 10⁻³ are found as those of one size are.
    #[test]
    fn parameters_of_different_units_are_found() {
        let optimizer =
            DopamineConfig { parameter_sizes: ParameterSizes::Each, search_scale: true, ..DopamineConfig::default() };
        for seed in 0..20 {
            for units in [[1e6, 1e-3], [1e3, 1.0], [1.0, 1e-3], [1e-9, 1e9]] {
                let loss = |x: &[f32]| -> f64 {
                    x.iter().zip(units).map(|(x, unit)| (f64::from(*x) / unit - 2.0).powi(2)).sum()
                };
                let start = units.map(|unit| unit as f32);
                let found = minimise(loss, &start).optimizer(optimizer.clone()).budget(5_000).seed(seed).run().unwrap();
                assert!(found.loss < 0.01, "{units:?}, {seed}: {found:?}");
            }
        }
    }

    /// Networks whose start is a thousand times too small or too large, or zero, in one layer or in all, learn exclusive or. With one size for
    /// all an implementation in numpy had 0, 0, 20, 11, 4 and 7 of 20, in the order of the factors; these had 20 but for 15 where the first layer
    /// is too large.
    #[test]
    fn networks_learn_from_starts_of_any_size() {
        let examples =
            Examples::from_rows(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &[[0.0], [1.0], [1.0], [0.0]]);
        let examples = examples.unwrap();
        let network: Arc<dyn Network> =
            toml::from_str::<NetworkConfig>("[mlp]\nhidden = [8]").unwrap().build(2, 1).unwrap().into();
        let mut optimizer = DopamineConfig::default();
        optimizer.fit_to(&*network);
        let starts = [[1e-3f32, 1e-3], [1e-3, 1.0], [1.0, 1e-3], [1e3, 1.0], [1.0, 1e3], [0.0, 0.0]];
        for (factors, wanted) in starts.into_iter().zip([17, 17, 17, 8, 15, 17]) {
            let solved = (0..20).filter(|&seed| {
                let mut start = network.initialise(Key::from_seed(seed));
                for (index, weight) in start.iter_mut().enumerate() {
                    *weight *= factors[usize::from(index >= 24)];
                }
                let objective = NetworkLoss::new(Arc::clone(&network), examples.clone());
                let search = minimise_objective(&objective, &start).optimizer(optimizer.clone());
                search.budget(6_000).seed(seed).run().unwrap().loss < 0.05
            });
            let solved = solved.count();
            assert!(solved >= wanted, "{factors:?}: {solved} of 20");
        }
    }

    /// A power of two in one block is nothing: the same steps in its own unit, to the bit.
    #[test]
    fn the_unit_of_a_block_does_not_matter() {
        let optimizer = DopamineConfig { parameter_sizes: ParameterSizes::Each, ..DopamineConfig::default() };
        let run = |unit: f32| {
            let loss = |x: &[f32]| (f64::from(x[0]) - 3.0).powi(2) + (f64::from(x[1] / unit) - 1.0).powi(2);
            let found = minimise(loss, &[1.0, unit]).optimizer(optimizer.clone()).budget(2_000).run().unwrap();
            (found.loss, found.parameters[0], found.parameters[1] / unit)
        };
        for exponent in [-20, 20] {
            let (usual, other) = (run(1.0), run(2f32.powi(exponent)));
            assert!((usual.1 - other.1).abs() < 1e-3 && (usual.2 - other.2).abs() < 1e-3, "{usual:?} {other:?}");
        }
    }
}
