//! A receptor target of your own, and the agent that obeys it, named in a study.
//! Run it: `cargo run --release -p tegmentum-study --example own_target_in_a_study`.

#[path = "../../tegmentum/examples/own_receptor_target.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_receptor_target;

use tegmentum::error::Result;
use tegmentum::prelude::*;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::Verdict;
use tegmentum_study::run::{Silent, run};

const STUDY: &str = r#"
name = "stillness"
title = "A target that is not of this library"
question = "Does an agent that serotonin stills stay with a choice that pays?"
kind = "behaviour"
budget = 200
seeds = { first = 50000, count = 10 }

[environment.reversal]

[[arm]]
name = "still"
agent = "restless"
[arm.neuromodulation]
receptor = [{ name = "5-HT1A", transmitter = "serotonin", target = "stillness", efficacy = 1.0 }]
pharmacology = [{ modulator = "serotonin", action = { clamp = 1.0 } }]

[[arm]]
name = "restless"
agent = "restless"

[[claim]]
text = "Who is stilled stays after a win"
arm = "still"
metric = "win_stay"
at_least = 0.6
"#;

fn main() -> Result<()> {
    Target::register("stillness", false)?;
    AgentConfig::register::<own_receptor_target::Restless>()?;
    let study = StudyConfig::from_toml(STUDY, "this example")?;
    let result = run(&study, false, &Silent)?;
    assert_eq!(result.summary.claims[0].verdict, Verdict::Supported, "{}", result.summary.answer);
    Ok(())
}
