//! An optimizer of your own: ask for the losses of a few probes, be told, move; with `archived!` a run that is stopped goes on.
//! Run it: `cargo run -p tegmentum --example own_optimizer`.

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::prelude::*;

/// A random step is kept if it is better; steps grow after a success and shrink after a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OnePlusOne {}

struct Climber {
    parameters: Vec<f32>,
    scale: f32,
    directions: Key,
    probes: [Probe; 2],
}
// What changes over a run is its state. One probe is always the same, the other is written before it is read.
tegmentum::archived!(Climber { scale, directions } sized { parameters } fixed { probes });

impl Optimizer for Climber {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        let direction = Family::Gaussian.direction(self.directions);
        self.probes[1] = Probe::perturbed(direction, self.scale * modulation.perturbation_scale as f32);
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], _: &Modulation) -> Result<StepReport> {
        let is_better = losses[1] < losses[0];
        if is_better {
            self.probes[1].write(Bases::single(&self.parameters.clone()), &mut self.parameters)?;
        }
        self.scale *= if is_better { 1.5 } else { 0.9 };
        self.directions = self.directions.child(0);
        Ok(StepReport { loss: losses[0], ..StepReport::default() })
    }
    fn bases(&self) -> Bases<'_> {
        Bases::single(&self.parameters)
    }
    tegmentum::archives!();
}

impl OptimizerSettings for OnePlusOne {
    fn description(&self) -> Description {
        Description { name: "one_plus_one", summary: "(1 + 1) evolution strategy", reference: "Rechenberg 1973" }
    }

    fn build(&self, parameters: Vec<f32>, directions: Key, _budget: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(Climber { parameters, scale: 0.1, directions, probes: [Probe::unperturbed(Base::Acting); 2] }))
    }
}

fn main() -> Result<()> {
    OptimizerConfig::register::<OnePlusOne>()?;
    let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum();
    let result =
        minimise(bowl, &[0.0; 5]).optimizer(OptimizerConfig::from_name("one_plus_one")?).budget(4_000).run()?;
    assert!(result.loss < 1e-6, "{result:?}");
    Ok(())
}
