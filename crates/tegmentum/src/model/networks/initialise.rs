//! First weights, and what all networks check.

use crate::error::{Error, Result};
use crate::model::network::{Activation, Block, Initialisation};
use crate::random::{Key, Stream};

impl Initialisation {
    /// Draws the parameters of `blocks`; `is_output` tells the output layer's blocks.
    pub(crate) fn draw(self, blocks: &[Block], is_output: impl Fn(&Block) -> bool, key: Key) -> Vec<f32> {
        let mut stream = key.stream();
        let mut parameters = Vec::with_capacity(blocks.last().map_or(0, |block| block.range().end));
        for block in blocks {
            let is_bias = block.name.ends_with(".bias");
            let (inputs, units) = (block.rows as f32, block.columns as f32);
            let deviation = match self {
                Self::Normal(deviation) => deviation,
                _ if is_bias => 0.0,
                Self::Lecun => (1.0 / inputs).sqrt(),
                Self::He => (if is_output(block) { 1.0 } else { 2.0 } / inputs).sqrt(),
                Self::Glorot => (2.0 / (inputs + units)).sqrt(),
            };
            extend_normal(&mut parameters, block, deviation, &mut stream);
        }
        parameters
    }

    /// Checks the number inside, if there is one.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Normal(deviation) if !(deviation.is_finite() && deviation >= 0.0) => Err(Error::InvalidParameter {
                name: "initialisation.normal",
                value: f64::from(deviation),
                requirement: "a finite number, at least 0",
            }),
            _ => Ok(()),
        }
    }
}

/// Appends a block of normals with standard deviation `deviation`; zeros draw no numbers.
pub(crate) fn extend_normal(parameters: &mut Vec<f32>, block: &Block, deviation: f32, stream: &mut Stream) {
    let count = block.rows * block.columns;
    if deviation == 0.0 {
        parameters.resize(parameters.len() + count, 0.0);
    } else {
        parameters.extend((0..count).map(|_| deviation * stream.normal()));
    }
}

/// Refuses softmax on hidden units.
pub(crate) fn check_hidden(activation: Activation) -> Result<()> {
    if activation == Activation::Softmax {
        return Err(Error::Incompatible {
            what: "softmax".to_owned(),
            with: "hidden units".to_owned(),
            reason:
                "it normalises over a layer; use it as output_activation, and tanh, relu, logistic, linear or step \
                     for hidden units"
                    .to_owned(),
        });
    }
    Ok(())
}
