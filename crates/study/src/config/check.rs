//! What can be wrong with a study, told before anything runs: the field, its value, and what would be right.

use std::collections::BTreeSet;

use super::{Arm, Claim, Kind, StudyConfig};
use crate::{dose, lesions, robustness, switching};

/// Most trials of a run of a study of behaviour.
const MAX_TRIALS: u64 = 10_000_000;

impl StudyConfig {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(is_plain) {
            return Err(format!("name = {:?}: must be letters, digits, '-' and '_'", self.name));
        }
        check_range("seeds.count", self.seeds.count, 1, 1_000_000)?;
        check_range("seeds.first", self.seeds.first, 0, 1 << 53)?;
        check_range("tuning.seeds.count", self.tuning.seeds.count, 1, 1_000_000)?;
        check_range("tuning.seeds.first", self.tuning.seeds.first, 0, 1 << 53)?;
        check_range("budget", self.budget, 1, 1_000_000_000_000)?;
        match self.kind {
            Kind::Compare | Kind::Robustness => self.check_comparison()?,
            Kind::Switching => {
                switching::check(self)?;
                self.check_measures()?;
                self.check_arms()?;
            }
            Kind::Theory => {}
            Kind::Cost => {
                if self.lengths.len() < 2 {
                    return Err(format!("lengths = {:?}: a study of costs needs at least two", self.lengths));
                }
                self.arm.iter().try_for_each(|arm| check_arm(arm, self.kind))?;
            }
            Kind::Behaviour => {
                if self.environment.is_none() {
                    return Err("kind = \"behaviour\" needs [environment.…]".to_owned());
                }
                if !self.metrics.is_empty() || !self.targets.is_empty() {
                    return Err("metrics, targets: a study of behaviour has the scores of its environment".to_owned());
                }
                // Scores are made of all trials of a run, which are kept until its end.
                check_range("budget", self.budget, 1, MAX_TRIALS)?;
                self.check_arms()?;
            }
            Kind::Lesions => {
                self.underlying().check()?;
                lesions::check(self)?;
            }
            Kind::Dose => {
                self.underlying().check()?;
                dose::check(self)?;
            }
        }
        self.claim.iter().try_for_each(|claim| self.check_claim(claim))
    }

    fn check_comparison(&self) -> Result<(), String> {
        match (&self.task, &self.network, self.setting.is_empty()) {
            (Some(_), Some(_), true) | (None, None, false) => {}
            _ => return Err("give either one [task.…] and one [network.…], or [[setting]] tables with both".to_owned()),
        }
        if self.stop_at_target && self.targets.is_empty() {
            return Err("stop_at_target = true: needs targets".to_owned());
        }
        self.check_measures()?;
        self.check_arms()
    }

    /// What is wrong with what arms are judged by.
    fn check_measures(&self) -> Result<(), String> {
        if self.metrics.is_empty() {
            return Err("metrics = []: name at least one, for example [\"loss\"]".to_owned());
        }
        if self.targets.iter().any(|target| !target.is_finite()) {
            return Err(format!("targets = {:?}: must be finite numbers", self.targets));
        }
        Ok(())
    }

    /// What is wrong with the arms or their seeds.
    fn check_arms(&self) -> Result<(), String> {
        if self.arm.is_empty() {
            return Err("no [[arm]]: there is nothing to run".to_owned());
        }
        let tuned = self.arm.iter().any(|arm| arm.tune.is_some()) && self.kind != Kind::Robustness;
        let (a, b) = (self.seeds, self.tuning.seeds);
        if tuned && a.first < b.first + b.count && b.first < a.first + a.count {
            return Err("seeds and tuning.seeds overlap: rates must be searched on seeds of their own".to_owned());
        }
        let mut names = BTreeSet::new();
        for arm in &self.arm {
            if !names.insert(&arm.name) {
                return Err(format!("two arms are called {:?}", arm.name));
            }
            check_arm(arm, self.kind)?;
        }
        Ok(())
    }

    fn check_claim(&self, claim: &Claim) -> Result<(), String> {
        let place = |what: &str| format!("claim {:?}: {what}", claim.text);
        if claim.at_most.is_some() == claim.at_least.is_some() {
            return Err(place("give either at_most or at_least"));
        }
        if !claim.at_most.or(claim.at_least).is_some_and(f64::is_finite) {
            return Err(place("the threshold must be a finite number"));
        }
        if matches!(self.kind, Kind::Theory | Kind::Cost) {
            return Ok(());
        }
        if let Some(setting) = &claim.setting {
            let known = self.setting_names();
            if !known.contains(setting) {
                return Err(place(&format!("unknown setting {setting:?}: known are {}", known.join(", "))));
            }
        }
        let known = self.arm_names();
        for arm in std::iter::once(&claim.arm).chain(&claim.reference) {
            if !known.contains(arm) {
                return Err(place(&format!("unknown arm {arm:?}: known are {}", known.join(", "))));
            }
        }
        let is_width = |name: &String| robustness::WIDTHS.iter().any(|width| width.0 == name.as_str());
        let mut known = self.metric_names();
        known.retain(|name| self.kind != Kind::Robustness || is_width(name));
        if self.kind == Kind::Robustness && claim.reference.is_some() {
            return Err(place("a width has no reference; compare it with a threshold"));
        }
        if known.contains(&claim.metric) {
            Ok(())
        } else {
            Err(place(&format!("unknown metric {:?}: known are {}", claim.metric, known.join(", "))))
        }
    }
}

fn check_range(name: &str, value: u64, least: u64, most: u64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{name} = {value}: must be between {least} and {most}"))
    }
}

fn check_arm(arm: &Arm, kind: Kind) -> Result<(), String> {
    let kinds =
        [arm.optimizer.is_some(), arm.plasticity.is_some(), arm.gradient.is_some()].iter().filter(|&&is| is).count();
    if kind == Kind::Behaviour {
        if kinds > 0 || arm.agent.is_none() {
            return Err(format!(
                "arm {:?}: a study of behaviour needs [arm.agent.…] and nothing else that learns",
                arm.name
            ));
        }
    } else if arm.agent.is_some() {
        return Err(format!("arm {:?}: an agent belongs to kind = \"behaviour\"", arm.name));
    } else if arm.neuromodulation.is_some() && !matches!(kind, Kind::Compare | Kind::Robustness) {
        return Err(format!(
            "arm {:?}: modulators around a learner that has none of its own ([arm.neuromodulation]) belong to kind = \
             \"compare\" or \"robustness\"",
            arm.name
        ));
    } else if kinds != 1 {
        return Err(format!(
            "arm {:?}: give exactly one of [arm.optimizer.…], [arm.plasticity.…] and [arm.gradient.…]",
            arm.name
        ));
    }
    if let Some(grid) = &arm.tune {
        let values = grid.learning_rate.iter().chain(&grid.perturbation_scale);
        if grid.learning_rate.is_empty() && grid.perturbation_scale.is_empty() {
            return Err(format!("arm {:?}: tune has neither learning_rate nor perturbation_scale", arm.name));
        }
        for value in values {
            if value.is_nan() || *value <= 0.0 {
                return Err(format!("arm {:?}: tune has {value}: must be above 0", arm.name));
            }
        }
    }
    Ok(())
}
