//! A model of the locus coeruleus of your own, named in a study.
//! Run it: `cargo run --release -p tegmentum-study --example own_nucleus_in_a_study`.

#[path = "../../tegmentum/examples/own_nucleus.rs"]
#[allow(dead_code, reason = "its `main` is that of another example")]
mod own_nucleus;

use tegmentum::error::Result;
use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::Verdict;
use tegmentum_study::run::{Silent, run};

const STUDY: &str = r#"
name = "astonishment"
title = "A nucleus that is not of this library"
question = "Do bursts at large errors help where the world jumps?"
kind = "behaviour"
budget = 500
seeds = { first = 50000, count = 12 }

[environment.helicopter]

[[arm]]
name = "astonished"
agent = { adaptive_estimator = { learning_rate = 0.2 } }
[arm.neuromodulation]
locus_coeruleus = "astonishment"
receptor = [{ name = "alpha", transmitter = "noradrenaline", target = "learning_rate", efficacy = 4.0 }]

[[arm]]
name = "fixed"
agent = { adaptive_estimator = { learning_rate = 0.2 } }

[[claim]]
text = "Bursts at large errors make predictions better"
arm = "astonished"
metric = "error"
reference = "fixed"
effect = "ratio"
at_most = 0.9
"#;

fn main() -> Result<()> {
    LocusCoeruleusConfig::register::<own_nucleus::Astonishment>()?;
    let study = StudyConfig::from_toml(STUDY, "this example")?;
    let result = run(&study, false, &Silent)?;
    assert_eq!(result.summary.claims[0].verdict, Verdict::Supported, "{}", result.summary.answer);
    Ok(())
}
