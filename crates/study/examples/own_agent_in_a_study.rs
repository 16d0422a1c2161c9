//! An environment and an agent of your own, named in a study. Each is one of the library's examples.
//! Run it: `cargo run --release -p tegmentum-study --example own_agent_in_a_study`.

#[path = "../../tegmentum/examples/own_agent.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_agent;
#[path = "../../tegmentum/examples/own_environment.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_environment;

use tegmentum::error::Result;
use tegmentum::prelude::*;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::Verdict;
use tegmentum_study::run::{Silent, run};

const STUDY: &str = r#"
name = "lamps"
title = "Lamps, with parts that are not of this library"
question = "Does it help to look at the lamps?"
kind = "behaviour"
budget = 300
seeds = { first = 50000, count = 10 }

[environment.lamps]
penalty = 0.5

[[arm]]
name = "blind"
agent = { greedy = { optimism = 1.0 } }

[[arm]]
name = "seeing"
agent = "q_learning"

[[claim]]
text = "Who looks at the lamps is right more often than who counts rewards alone"
arm = "seeing"
reference = "blind"
metric = "correct"
at_least = 1.3
"#;

fn main() -> Result<()> {
    EnvironmentConfig::register::<own_environment::Lamps>()?;
    AgentConfig::register::<own_agent::Greedy>()?;
    let study = StudyConfig::from_toml(STUDY, "this example")?;
    let result = run(&study, false, &Silent)?;
    assert_eq!(result.summary.claims[0].verdict, Verdict::Supported, "{}", result.summary.answer);
    Ok(())
}
