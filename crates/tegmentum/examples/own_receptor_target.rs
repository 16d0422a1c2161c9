//! A target of receptors that an agent of yours obeys. Run it: `cargo run -p tegmentum --example own_receptor_target`.

use serde::{Deserialize, Serialize};
use tegmentum::prelude::*;

/// Goes from one choice to the other, or stays where it is as long as `stillness` is at least 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restless {}

#[derive(Debug)]
struct Walker(Target, usize);

impl Agent for Walker {
    fn act(&mut self, _observation: &[f32], modulation: &Modulation) -> Action {
        if modulation.at(&Place::Network, self.0) < 1.0 {
            self.1 = 1 - self.1;
        }
        Action::Choice(self.1)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        Signals { reward: Some(feedback.reward), ..Signals::default() }
    }

    fn learn(&mut self, _: &Modulation) {}

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[self.0])
    }

    fn parameters(&self) -> &[f32] {
        &[]
    }
}

impl AgentSettings for Restless {
    fn description(&self) -> Description {
        Description { name: "restless", summary: "leaves, unless something stills it", reference: "this example" }
    }

    fn build(&self, _: &dyn Environment, _: Key) -> Result<Box<dyn Agent>, Error> {
        Ok(Box::new(Walker(Target::register("stillness", false)?, 0)))
    }
}

fn main() -> Result<(), Error> {
    let key = Key::from_seed(1);
    Target::register("stillness", false).and_then(|_| AgentConfig::register::<Restless>())?;
    let (world, agent) = (EnvironmentConfig::from_name("reversal")?, AgentConfig::from_name("restless")?);
    let moves = |serotonin: f64| -> Result<usize, Error> {
        let receptor = "{ name = '5-HT1A', transmitter = 'serotonin', target = 'stillness', efficacy = 1.0 }";
        let drug = format!("{{ modulator = 'serotonin', action.clamp = {serotonin:?} }}");
        let wiring = toml::from_str(&format!("receptor = [{receptor}]\npharmacology = [{drug}]")).expect("TOML");
        let trials = Behaviour::from_settings(&world, &agent, &wiring, key)?.run(key.child(3), 20)?;
        Ok(trials.windows(2).filter(|pair| pair[0].action != pair[1].action).count())
    };
    assert_eq!((moves(0.5)?, moves(1.0)?), (19, 0));
    Ok(())
}
