//! Many to one: one arm with each of the sixteen sets of modulators left intact, in each of many environments (`[[world]]`).
//!
//! The arm as it stands, with all four modulators, has one configuration for all worlds. Under a lesion it has, in each world, a rate of its
//! own: every point of `tune` on the tuning seeds, so that no lesion is a mere mistuning. That favours the lesions: the whole system has
//! no rate of its own anywhere.
//!
//! The variants are called by what is intact, as in a study of [`lesions`](super::lesions). In each world the metric `score` is that of its `score`; the
//! whole system has the other scores of the environment too. Attributions are made seed by seed ([`Game`]):
//!
//! | metric | of the variant | meaning |
//! |---|---|---|
//! | `shapley_score` | one modulator | what it adds, averaged over all orders in which the four can be put in |
//! | `shapley_score` | `all` | the sum of the four: all intact − none intact |
//!
//! A modulator *matters* in a world if the 95 % interval of its Shapley value lies above zero.
//!
//! # Cost
//! Worlds × (15 × rates × tuning seeds + 16 × seeds) runs.

mod figures;

use super::behaviour::{BehaviourStudy, CURVES, MAX_TRIALS, PreparedEnvironment, scores};
use super::lesions::{self, SHAPLEY};
use super::treatment::with_drugs;
use crate::claims;
use crate::config::{Arm, StudyConfig, WorldConfig};
use crate::execution::{Criterion, First, Runner, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_searches};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::names::{self, listed};
use crate::result::{StudyResult, assemble};
use crate::trial::{ArmTrials, Trial};
use crate::work::Work;
use tegmentum::error::Result;
use tegmentum::evidence::statistics::Game;
use tegmentum::neuromodulation::nucleus::Transmitter;

/// The name of what is attributed in every world.
const SCORE: &str = "score";
/// The set of all four.
const ALL: usize = lesions::SETS - 1;
/// Modulators that must matter in a world for it to count as one of many to one.
const SEVERAL: usize = 3;

/// The kind.
pub(super) struct ManyToOne;

impl StudyKind for ManyToOne {
    fn name(&self) -> &'static str {
        "many_to_one"
    }

    fn summary(&self) -> &'static str {
        "one arm in many environments, with every set of its modulators left intact: which modulator does what, where?"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        if study.world.is_empty() {
            return Err("kind = \"many_to_one\" needs [[world]]".to_owned());
        }
        if study.environment.is_some() || !study.setting.is_empty() || !study.phase.is_empty() {
            return Err("kind = \"many_to_one\" has [[world]] in place of environments, settings and phases".to_owned());
        }
        if !study.metrics.is_empty() || !study.targets.is_empty() {
            return Err("metrics, targets: a study of many environments has their scores".to_owned());
        }
        let [arm] = &study.arm[..] else {
            return Err(format!("kind = \"many_to_one\" needs exactly one [[arm]], not {}", study.arm.len()));
        };
        check_arms(study, Learners::Agents)?;
        if arm.modulators().is_none() {
            return Err(format!("arm {:?}: has no [arm.neuromodulation]: there is nothing to take away", arm.name));
        }
        check_searches(study)?;
        for (index, world) in study.world.iter().enumerate() {
            if study.world[..index].iter().any(|other| other.name == world.name) {
                return Err(format!("two worlds are called {:?}: each needs a name of its own", world.name));
            }
            check_world(world, study.budget).map_err(|problem| format!("world {:?}: {problem}", world.name))?;
        }
        Ok(())
    }

    fn arm_names(&self, _: &StudyConfig) -> Vec<String> {
        lesions::order().map(lesions::name_of).collect()
    }

    fn curve_names(&self, _: &StudyConfig) -> Vec<String> {
        CURVES.map(str::to_owned).to_vec()
    }

    fn x_unit(&self) -> &'static str {
        "trials"
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let score = score();
        let mut metrics = vec![score.clone(), lesions::attribution(SHAPLEY, &score)];
        for metric in study.world.iter().flat_map(|world| scores::of(&world.environment)) {
            if !metrics.iter().any(|known| known.name == metric.name) {
                metrics.push(metric);
            }
        }
        metrics
    }

    fn shown(&self, _: &StudyConfig) -> Vec<Metric> {
        vec![score(), lesions::attribution(SHAPLEY, &score())]
    }

    fn criterion(&self, _: &StudyConfig) -> Option<Criterion> {
        Some(Criterion { quality: score(), speed: None, first: First::Quality })
    }

    fn without_logs(&self) -> Option<&'static str> {
        Some("must be behaviour: a study of one world of it")
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let treated = StudyConfig { arm: variants(study)?, ..study.clone() };
        let parts: Vec<StudyConfig> = treated.world.iter().map(|world| part(&treated, world)).collect();
        let worlds = Worlds::new(&treated.world, &parts)?;
        let (mut all, tuning) = run_all(&self.design(&treated), &worlds, monitor)?;
        let mut games = Vec::new();
        for of_world in all.chunks_mut(lesions::SETS) {
            let game = game(of_world)?;
            lesions::attribute(&score(), &game, of_world);
            games.push(game);
        }
        let design = self.design(study);
        let claims = claims::test(&design, &all);
        let drawn = figures::draw(study, &games, &tuning)?;
        let mut result = assemble(&design, &all, claims, drawn, tuning);
        let found = sentence(study, &games);
        result.summary.answer =
            if study.claim.is_empty() { found } else { format!("{} {found}", result.summary.answer) };
        Ok(result)
    }
}

/// What is wrong with a world, if anything is.
fn check_world(world: &WorldConfig, budget: u64) -> Result<(), String> {
    names::check("world.name", &world.name)?;
    let budget = world.budget.unwrap_or(budget);
    if !(1..=MAX_TRIALS).contains(&budget) {
        return Err(format!("budget = {budget}: must be between 1 and {MAX_TRIALS} trials"));
    }
    let known = scores::of(&world.environment);
    let Some(score) = known.iter().find(|metric| metric.name == world.score) else {
        let names: Vec<&str> = known.iter().map(|metric| metric.name.as_str()).collect();
        return Err(format!("unknown score {:?}: known are {}", world.score, listed(&world.score, &names)));
    };
    if score.is_larger_better() {
        return Ok(());
    }
    Err(format!("score = {:?}: must be one of which more is better", world.score))
}

/// What counts in every world.
fn score() -> Metric {
    Metric::larger(SCORE)
}

/// The sixteen variants of the one arm; all but the whole one with the grid of rates.
fn variants(study: &StudyConfig) -> Result<Vec<Arm>> {
    let Some(arm) = study.arm.first() else { return Ok(Vec::new()) };
    let of_set = |set: usize| {
        let variant = lesions::variant(set, ALL);
        let tune = arm.tune.clone().filter(|_| set != ALL);
        Ok(Arm { name: variant.name, label: Some(variant.label), tune, ..with_drugs(arm, &variant.drugs)? })
    };
    lesions::order().map(of_set).collect()
}

/// The study of behaviour in one world.
fn part(study: &StudyConfig, world: &WorldConfig) -> StudyConfig {
    StudyConfig {
        kind: BehaviourStudy.name().to_owned(),
        environment: Some(world.environment.clone()),
        budget: world.budget.unwrap_or(study.budget),
        world: Vec::new(),
        claim: Vec::new(),
        ..study.clone()
    }
}

/// The worlds made ready: a setting each.
struct Worlds<'a> {
    worlds: Vec<(&'a WorldConfig, PreparedEnvironment<'a>)>,
}

impl<'a> Worlds<'a> {
    /// Builds every variant in every world once, so that a mistake is told before anything runs.
    ///
    /// # Errors
    /// An error for a modulator that nothing hears; those of the parts.
    fn new(worlds: &'a [WorldConfig], parts: &'a [StudyConfig]) -> Result<Self> {
        let prepared = worlds.iter().zip(parts).map(|(world, part)| Ok((world, PreparedEnvironment::new(part)?)));
        Ok(Self { worlds: prepared.collect::<Result<_>>()? })
    }
}

impl Runner for Worlds<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        let name_of = |(world, environment): &(&WorldConfig, PreparedEnvironment<'_>)| {
            (world.name.clone(), environment.settings().first().map_or(0, |setting| setting.1))
        };
        self.worlds.iter().map(name_of).collect()
    }

    fn run(&self, setting: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        let (world, environment) = &self.worlds[setting];
        let mut trial = environment.run(0, arm, seed, work)?;
        let score = trial.metrics.get(&world.score).copied().unwrap_or(f64::NAN);
        // Of the other sets only the score is kept: the rest would be most of the summary.
        if arm.name != lesions::name_of(ALL) {
            trial = Trial { seed, seconds: trial.seconds, diverged: trial.diverged, ..Trial::default() };
        }
        trial.metrics.insert(SCORE.to_owned(), score);
        trial.solution.clear();
        trial.rasters.clear();
        Ok(trial)
    }
}

/// The scores of all sets in one world, on the same seeds.
fn game(of_world: &[ArmTrials]) -> Result<Game> {
    let mut by_set = vec![Vec::new(); lesions::SETS];
    for (set, arm) in lesions::order().zip(of_world) {
        by_set[set] = arm.values(&score());
    }
    Game::new(Transmitter::ALL.len(), by_set)
}

/// The modulators that matter in a world.
fn that_matter(game: &Game) -> Vec<Transmitter> {
    let matters = |place: usize| game.shapley(place, lesions::key()).ci95[0] > 0.0;
    Transmitter::ALL.into_iter().enumerate().filter(|&(place, _)| matters(place)).map(|(_, of)| of).collect()
}

/// In how many worlds several modulators matter, in words.
fn sentence(study: &StudyConfig, games: &[Game]) -> String {
    let several: Vec<String> = study
        .world
        .iter()
        .zip(games)
        .map(|(world, game)| (world, that_matter(game)))
        .filter(|(_, matter)| matter.len() >= SEVERAL)
        .map(|(world, matter)| {
            let names: Vec<&str> = matter.into_iter().map(Transmitter::name).collect();
            format!("{} ({})", world.label(), names.join(", "))
        })
        .collect();
    let begin = format!(
        "At least {SEVERAL} modulators matter, each with an interval above zero, in {} of {} worlds",
        several.len(),
        games.len()
    );
    if several.is_empty() { format!("{begin}.") } else { format!("{begin}: {}.", several.join("; ")) }
}

#[cfg(test)]
mod tests;
