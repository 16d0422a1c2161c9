//! An agent of your own: choose, appraise the outcome, learn. Run it: `cargo run -p tegmentum --example own_agent`.

use serde::{Deserialize, Serialize};
use tegmentum::prelude::*;

/// Takes the choice that has paid most of late. The settings are the fields of `agent = { greedy = … }` in a study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Greedy {
    optimism: f32,
}

#[derive(Debug)]
struct Chooser {
    values: Vec<f32>,
    last: (usize, f64),
}

impl Agent for Chooser {
    fn act(&mut self, _observation: &[f32], _: &Modulation) -> Action {
        self.last.0 = (0..self.values.len()).max_by(|&a, &b| self.values[a].total_cmp(&self.values[b])).unwrap_or(0);
        Action::Choice(self.last.0)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.last.1 = feedback.reward - f64::from(self.values[self.last.0]);
        Signals { reward: Some(feedback.reward), prediction_error: Some(self.last.1), ..Signals::default() }
    }

    fn learn(&mut self, modulation: &Modulation) {
        self.values[self.last.0] += (0.2 * modulation.learning_rate * self.last.1) as f32;
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate])
    }

    fn parameters(&self) -> &[f32] {
        &self.values
    }
}

impl AgentSettings for Greedy {
    fn description(&self) -> Description {
        Description { name: "greedy", summary: "takes what has paid most", reference: "this example" }
    }

    fn build(&self, environment: &dyn Environment, _key: Key) -> Result<Box<dyn Agent>, Error> {
        Ok(Box::new(Chooser { values: vec![self.optimism; environment.actions().choices("greedy")?], last: (0, 0.0) }))
    }
}

fn main() -> Result<(), Error> {
    let environment = EnvironmentConfig::from_name("reversal")?.build(Key::from_seed(1))?;
    let agent = Greedy { optimism: 1.0 }.build(&*environment, Key::from_seed(2))?;
    let modulators = NeuromodulationConfig::default().build(Key::from_seed(3))?;
    let trials = Behaviour::new(environment, agent, modulators).run(Key::from_seed(4), 500)?;
    assert!(trials.iter().filter(|trial| trial.correct).count() > 300, "correct, in spite of reversals");
    Ok(())
}
