//! An optimizer of your own: ask for the losses of a few probes, be told, move; with `archive` a run that is stopped goes on.
//! Run it: `cargo run -p tegmentum --example own_optimizer`.

use serde::{Deserialize, Serialize};
use tegmentum::archive::Archive;
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
            let base = self.parameters.clone();
            self.probes[1].write(Bases::single(&base), &mut self.parameters)?;
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
        let probes = [Probe::unperturbed(Base::Acting); 2];
        Ok(Box::new(Climber { parameters, scale: 0.1, directions, probes }))
    }
}

fn main() -> Result<()> {
    OptimizerConfig::register::<OnePlusOne>()?;
    let optimizer = OptimizerConfig::from_name("one_plus_one")?;
    let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum();
    let result = minimise(bowl, &[0.0; 5]).optimizer(optimizer).budget(4_000).run()?;
    assert!(result.loss < 1e-6, "{result:?}");

    // Half of a run, its state as bytes, and the rest of it by another optimizer that read them: the same bits as a whole run.
    let mut whole = OnePlusOne {}.build(vec![0.0; 5], Key::from_seed(1), 400)?;
    climb(&mut *whole, 200)?;
    let mut half = OnePlusOne {}.build(vec![0.0; 5], Key::from_seed(1), 400)?;
    climb(&mut *half, 100)?;
    let bytes = Archive::write(&mut half)?;
    let mut again = OnePlusOne {}.build(vec![0.0; 5], Key::from_seed(1), 400)?;
    Archive::read(&bytes, &mut again)?;
    climb(&mut *again, 100)?;
    assert_eq!(Archive::write(&mut again)?, Archive::write(&mut whole)?);
    Ok(())
}

/// So many updates on a bowl.
fn climb(optimizer: &mut dyn Optimizer, updates: u64) -> Result<()> {
    let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum::<f64>();
    for _ in 0..updates {
        let probes = optimizer.ask(&Modulation::default()).to_vec();
        let mut candidate = [0.0; 5];
        let mut losses = Vec::new();
        for probe in probes {
            probe.write(optimizer.bases(), &mut candidate)?;
            losses.push(bowl(&candidate));
        }
        optimizer.tell(&losses, &Modulation::default())?;
    }
    Ok(())
}
