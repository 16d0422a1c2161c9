//! A network of your own: a forward pass for one example. No derivative is asked for.
//! Run it: `cargo run -p tegmentum --example own_network`.

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::prelude::*;

/// Radial units: Gaussian bumps. The settings are the fields of `[network.bumps]` in a study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bumps {
    /// 8 if it is not given.
    units: Option<usize>,
}

/// Units, inputs, outputs. The parameters of a unit are its centre, its log width and a weight to every output.
#[derive(Debug)]
struct Pass(usize, usize, usize);

impl ForwardPass for Pass {
    fn sizes(&self) -> Sizes {
        let &Self(units, inputs, outputs) = self;
        Sizes { parameters: units * (inputs + 1 + outputs), inputs, outputs, states: 0 }
    }

    fn initialise(&self, key: Key) -> Vec<f32> {
        let mut stream = key.stream();
        (0..self.sizes().parameters).map(|_| 0.5 * stream.normal()).collect()
    }

    fn forward(&self, parameters: &[f32], input: &[f32], _: &mut [f32], output: &mut [f32]) {
        output.fill(0.0);
        for unit in parameters.chunks_exact(self.1 + 1 + self.2) {
            let distance: f32 = input.iter().zip(unit).map(|(x, centre)| (x - centre).powi(2)).sum();
            let height = (-distance * (-2.0 * unit[self.1]).exp()).exp();
            output.iter_mut().zip(&unit[self.1 + 1..]).for_each(|(y, weight)| *y += weight * height);
        }
    }
}

impl NetworkSettings for Bumps {
    fn description(&self) -> Description {
        Description { name: "bumps", summary: "radial units", reference: "Broomhead & Lowe 1988" }
    }

    fn build_with(&self, _: Numerics, inputs: usize, outputs: usize) -> Result<Box<dyn Network>> {
        Ok(Box::new(CustomNetwork::new(Pass(self.units.unwrap_or(8), inputs, outputs))))
    }
}

fn main() -> Result<()> {
    let x: Vec<[f32; 1]> = (0..20).map(|index| [index as f32 / 10.0 - 1.0]).collect();
    let y: Vec<[f32; 1]> = x.iter().map(|[x]| [(3.0 * x).sin()]).collect();
    let network = Bumps::default().build_with(Numerics::default(), 1, 1)?;
    let objective = NetworkLoss::new(network, Examples::from_rows(&x, &y)?);
    let start = objective.network().initialise(Key::from_seed(1));
    let result = minimise_objective(&objective, &start).budget(10_000).run()?;
    assert!(result.loss < 0.02, "mean squared error of a sine: {}", result.loss);
    Ok(())
}
