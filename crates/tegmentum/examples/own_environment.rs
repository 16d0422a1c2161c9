//! An environment of your own: stimuli, actions, outcomes. Run it: `cargo run -p tegmentum --example own_environment`.

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::prelude::*;

/// Two lamps; the one that is lit is the one to choose. The settings are the fields of `[environment.lamps]` in a study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lamps {
    penalty: f64,
}

#[derive(Debug)]
struct Room {
    penalty: f64,
    lit: usize,
}

impl Environment for Room {
    fn num_observations(&self) -> usize {
        2
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        self.lit = key.stream().below(2);
        observation.fill(0.0);
        observation[self.lit] = 1.0;
    }

    fn step(&mut self, action: Action, _observation: &mut [f32]) -> Outcome {
        let correct = action == Action::Choice(self.lit);
        let reward = if correct { 1.0 } else { -self.penalty };
        Outcome { reward, correct, end_of_trial: true, ..Outcome::default() }
    }
}

impl EnvironmentSettings for Lamps {
    fn description(&self) -> Description {
        Description { name: "lamps", summary: "choose the lamp that is lit", reference: "this example" }
    }

    fn build(&self, _key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Room { penalty: self.penalty, lit: 0 }))
    }
}

fn main() -> Result<()> {
    EnvironmentConfig::register::<Lamps>()?;
    let (environment, agent) = (EnvironmentConfig::from_name("lamps")?, AgentConfig::from_name("q_learning")?);
    let no_system = NeuromodulationConfig::default();
    let mut session = Behaviour::from_settings(&environment, &agent, &no_system, Key::from_seed(1))?;
    let trials = session.run(Key::from_seed(2), 400)?;
    assert!(environment.scores(&trials[200..])[0].or_nan() > 0.8, "the share of correct choices in the second half");
    Ok(())
}
