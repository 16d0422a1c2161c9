//! Where a receptor can sit in a network: layers, populations of units and synapses, as ranges of parameters.
//!
//! | place | parameters |
//! |---|---|
//! | layer i | weights and biases of the i-th map, from 0 |
//! | population `name` | those of the units that a block is named after: `layer1`, `hidden`, `gates`, `output` |
//! | synapse from `a` to `b` | the matrix from one population to another; the network's inputs are `input` |

use std::ops::Range;

use crate::learning::schedule_free::LocalRate;
use crate::model::network::Network;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::target::Target;

/// The places of one network; none by default.
///
/// # Example
/// ```
/// use tegmentum::learning::places::Places;
/// use tegmentum::model::networks::NetworkConfig;
///
/// let network = toml::from_str::<NetworkConfig>("[elman]\nhidden = 4")?.build(1, 1)?;
/// let heard = Places::of(&*network).heard();
/// assert!(heard.iter().any(|one| one.to_string() == "learning_rate at synapse hidden to hidden"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places(Vec<(Place, Range<usize>)>);

impl FromIterator<(Place, Range<usize>)> for Places {
    fn from_iter<T: IntoIterator<Item = (Place, Range<usize>)>>(places: T) -> Self {
        Self(places.into_iter().collect())
    }
}

impl Places {
    /// Those of `network`.
    pub fn of(network: &dyn Network) -> Self {
        let blocks = network.blocks();
        let mut places = Vec::new();
        for (layer, connection) in network.connections().iter().enumerate() {
            places.push((Place::Layer(layer), connection.weights.start..connection.bias.end));
        }
        let mut populations: Vec<&str> = Vec::new();
        for block in blocks {
            let (to, what) = block.name.split_once('.').unwrap_or((&block.name, ""));
            if populations.last() != Some(&to) {
                populations.push(to);
            }
            places.push((Place::Population(to.to_owned()), block.range()));
            let from = match what {
                "recurrent" => to,
                "input" => "input",
                "bias" => continue,
                _ => populations.len().checked_sub(2).map_or("input", |before| populations[before]),
            };
            places.push((Place::Synapse { from: from.to_owned(), to: to.to_owned() }, block.range()));
        }
        Self(places)
    }

    /// The learning rate at each place.
    pub fn heard(&self) -> Vec<Heard> {
        let mut heard: Vec<Heard> = Vec::new();
        for (place, _) in &self.0 {
            let one = Heard { target: Target::LearningRate, place: place.clone(), by: None };
            if !heard.contains(&one) {
                heard.push(one);
            }
        }
        heard
    }

    /// The factors on the learning rate of parts of the network; none where nothing acts on a part.
    pub(crate) fn rates(&self, modulation: &Modulation) -> Vec<LocalRate> {
        let mut rates = Vec::new();
        for effect in modulation.local.iter().filter(|effect| effect.target == Target::LearningRate) {
            let own = self.0.iter().filter(|(place, _)| *place == effect.place);
            rates.extend(own.map(|(_, range)| (range.clone(), effect.value as f32)));
        }
        rates
    }
}
