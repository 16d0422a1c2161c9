//! A task, a network and an optimizer of your own, named in a study. Each is one of the library's examples.
//! Run it: `cargo run --release -p tegmentum-study --example own_learner_in_a_study`.

#[path = "../../tegmentum/examples/own_data.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_data;
#[path = "../../tegmentum/examples/own_network.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_network;
#[path = "../../tegmentum/examples/own_optimizer.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_optimizer;

use tegmentum::error::Result;
use tegmentum::prelude::*;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::Verdict;
use tegmentum_study::run::{Silent, run};

const STUDY: &str = r#"
name = "circle"
title = "Points in a circle, with parts that are not of this library"
question = "Do radial units find the circle by forward passes alone?"
budget = 4000
seeds = { first = 50000, count = 5 }
metrics = ["loss"]

[task.circle]
jitter = 0.0

[network.bumps]
units = 6

[[arm]]
name = "evolution"
optimizer = { one_plus_one = {} }

[[arm]]
name = "dopamine"
optimizer = "dopamine"

[[claim]]
text = "The (1 + 1) evolution strategy learns the circle"
arm = "evolution"
metric = "loss"
at_most = 0.2
"#;

fn main() -> Result<()> {
    TaskConfig::register::<own_data::Circle>()?;
    NetworkConfig::register::<own_network::Bumps>()?;
    OptimizerConfig::register::<own_optimizer::OnePlusOne>()?;
    let study = StudyConfig::from_toml(STUDY, "this example")?;
    let result = run(&study, false, &Silent)?;
    assert_eq!(result.summary.claims[0].verdict, Verdict::Supported, "{}", result.summary.answer);
    Ok(())
}
