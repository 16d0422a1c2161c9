//! Trials a second of agents in their environments, one agent on one core: `cargo xtask bench`.
//!
//! A trial is the whole of it: stimulus with its noise, choice, outcome, nuclei, receptors, learning. Each figure is the median of
//! rounds in which all take turns, because machines are shared.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod arguments;

use std::time::Instant;

use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::behaviour::session::Behaviour;
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::system::NeuromodulationConfig;
use tegmentum::random::Key;

fn behaviour(agent: &str, system: &str, seed: u64) -> Result<Behaviour> {
    let environment = EnvironmentConfig::from_name("go_no_go")?;
    let agent = AgentConfig::from_name(agent)?;
    let system: NeuromodulationConfig = toml::from_str(system)
        .map_err(|error| Error::Study { origin: "bench".to_owned(), problem: error.to_string() })?;
    Behaviour::from_settings(&environment, &agent, &system, Key::from_seed(seed))
}

/// Seconds of `runs` runs of `trials` trials, each from the beginning.
fn time(agent: &str, system: &str, runs: u64, trials: u64) -> Result<f64> {
    let begin = Instant::now();
    for run in 0..runs {
        let (mut behaviour, key) = (behaviour(agent, system, run)?, Key::from_seed(run).child(1));
        for trial in 0..trials {
            behaviour.trial(key.child(trial))?;
        }
    }
    Ok(begin.elapsed().as_secs_f64())
}

fn main() -> Result<()> {
    let quick = arguments::quick()?;
    let (rounds, runs) = if quick { (3, 5) } else { (15, 100) };
    let trials = 800;
    let cases = [
        ("chance, no modulator", "random_choice", ""),
        ("actor–critic, no modulator", "actor_critic", ""),
        ("actor–critic, mei-2025", "actor_critic", "preset = 'mei-2025'"),
        ("actor–critic, tegmentum", "actor_critic", "preset = 'tegmentum'"),
    ];
    let mut seconds = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for ((_, agent, system), seconds) in cases.iter().zip(&mut seconds) {
            seconds.push(time(agent, system, runs, trials)?);
        }
    }
    println!("{:<28} {:>14} {:>12} {:>12}", "Go/No-Go", "trials a second", "median µs", "best µs");
    for ((name, ..), mut seconds) in cases.into_iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let of = |seconds: f64| 1e6 * seconds / (runs * trials) as f64;
        let (median, best) = (of(seconds[seconds.len() / 2]), of(seconds[0]));
        println!("{name:<28} {:>14.0} {median:>12.3} {best:>12.3}", 1e6 / median);
    }
    Ok(())
}
