//! What of a study a shortened run has, and what it lacks.

use serde::{Deserialize, Serialize};

use super::StudyConfig;

/// What a shortened run has instead of the study's own numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quick {
    /// Whether the study is short enough to be run whole; nothing else is then changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Whether it is left out of a reproduction of all studies that is shortened; by its name it is run, shortened as the rest says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_only: bool,
    /// The arms that are run, if not all: they have their whole budgets and rates, and the claims about them are tested as in the
    /// whole study. Only `seeds` may stand beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<String>,
    /// Seeds that are reported, at most; if not given, 5, or all beside `arms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeds: Option<u64>,
    /// Seeds of the search, at most; 1 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning_seeds: Option<u64>,
    /// Evaluations of a run, or of a phase; the study's own if not given.
    pub budget: Option<u64>,
    /// Settings that are kept, from the first; all if not given.
    pub settings: Option<usize>,
}

/// What a shortened study lacks of the study itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shortened {
    /// The settings whose runs have less than their budget, with the share that they have; for a stream, its own name.
    pub budget: Vec<ShortBudget>,
    /// The arms that were searched on fewer rates or seeds than the study says.
    pub searched: Vec<String>,
    /// The arms that were not run.
    pub left_out: Vec<String>,
    /// How many claims are about arms that were not run.
    pub untested: usize,
}

/// A budget that was shortened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShortBudget {
    /// The setting.
    pub setting: String,
    /// Evaluations of a run now.
    pub now: u64,
    /// Evaluations of a run of the study itself.
    pub whole: u64,
}

impl Quick {
    /// What is wrong with it, if anything is: a field that nothing would use, or a number that is not at least 1.
    pub(crate) fn check(&self) -> Result<(), String> {
        let fields = [
            ("seeds", self.seeds),
            ("tuning_seeds", self.tuning_seeds),
            ("budget", self.budget),
            ("settings", self.settings.map(|count| count as u64)),
        ];
        for (field, value) in fields {
            let Some(value) = value else { continue };
            if value == 0 {
                return Err(format!("quick.{field} = 0: must be at least 1"));
            }
            if self.whole {
                return Err(format!(
                    "quick.{field} = {value}: the study is run whole (quick.whole); give one of the two"
                ));
            }
            if !self.arms.is_empty() && field != "seeds" {
                return Err(format!("quick.{field} = {value}: beside quick.arms only quick.seeds is used"));
            }
        }
        if self.whole && !self.arms.is_empty() {
            return Err("quick.arms: the study is run whole (quick.whole); give one of the two".to_owned());
        }
        Ok(())
    }
}

impl StudyConfig {
    /// The same study, shortened as its `quick` says; the study itself if it says that it is short enough.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        if self.quick.whole {
            return self;
        }
        if !self.quick.arms.is_empty() {
            return self.with_some_arms();
        }
        let (whole, searched) = (self.budgets(), self.tuning.seeds.count);
        self.seeds.count = self.seeds.count.min(self.quick.seeds.unwrap_or(5));
        self.tuning.seeds.count = self.tuning.seeds.count.min(self.quick.tuning_seeds.unwrap_or(1));
        if let Some(budget) = self.quick.budget {
            self.budget = self.budget.min(budget);
            let settings = self.setting.iter_mut().map(|setting| &mut setting.budget);
            for own in settings.chain(self.world.iter_mut().map(|world| &mut world.budget)) {
                *own = own.map(|own| own.min(budget));
            }
            for phase in &mut self.phase {
                phase.budget = phase.budget.min(budget);
                phase.drift = phase.drift.min(phase.budget / 2);
            }
        }
        if let Some(count) = self.quick.settings {
            self.setting.truncate(count);
            self.world.truncate(count);
        }
        let mut shortened = Shortened::default();
        for arm in &mut self.arm {
            if let Some(grid) = &mut arm.tune {
                let before = grid.learning_rate.len();
                thin(&mut grid.learning_rate);
                if grid.learning_rate.len() < before || self.tuning.seeds.count < searched {
                    shortened.searched.push(arm.name.clone());
                }
            }
        }
        for ((setting, now), (_, whole)) in self.budgets().into_iter().zip(whole) {
            if now < whole {
                shortened.budget.push(ShortBudget { setting, now, whole });
            }
        }
        self.shortened = Some(shortened);
        self
    }

    /// The study with the arms of its `quick` alone, and the claims about them.
    fn with_some_arms(mut self) -> Self {
        let claims = self.claim.len();
        let kept = self.quick.arms.clone();
        let left_out: Vec<String> =
            self.arm.iter().map(|arm| arm.name.clone()).filter(|name| !kept.contains(name)).collect();
        self.arm.retain(|arm| kept.contains(&arm.name));
        self.claim.retain(|claim| std::iter::once(&claim.arm).chain(&claim.reference).all(|arm| kept.contains(arm)));
        let untested = claims - self.claim.len();
        self.seeds.count = self.seeds.count.min(self.quick.seeds.unwrap_or(u64::MAX));
        self.shortened = Some(Shortened { left_out, untested, ..Shortened::default() });
        self
    }

    /// Name and evaluations of a run of each setting.
    fn budgets(&self) -> Vec<(String, u64)> {
        if !self.world.is_empty() {
            let budget = |world: &super::WorldConfig| world.budget.unwrap_or(self.budget);
            return self.world.iter().map(|world| (world.name.clone(), budget(world))).collect();
        }
        if self.setting.is_empty() {
            let stream: u64 = self.phase.iter().map(|phase| phase.budget).sum();
            return vec![(self.name.clone(), if self.phase.is_empty() { self.budget } else { stream })];
        }
        self.setting.iter().map(|setting| (setting.name.clone(), setting.budget.unwrap_or(self.budget))).collect()
    }
}

/// Keeps every second value, from the second on, of a grid of more than three.
fn thin(values: &mut Vec<f64>) {
    if values.len() > 3 {
        let kept: Vec<f64> = values.iter().copied().skip(1).step_by(2).collect();
        *values = kept;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn some_arms_are_run_whole_with_their_claims() {
        let whole = crate::built_in("lorenz").unwrap();
        let study = whole.clone().shortened();
        assert_eq!(study.seeds, whole.seeds);
        let dopamine = |study: &super::StudyConfig| study.arm.iter().find(|arm| arm.name == "dopamine").cloned();
        assert_eq!(dopamine(&study), dopamine(&whole));
        let shortened = study.shortened.unwrap();
        assert_eq!(shortened.left_out.len(), whole.arm.len() - study.arm.len());
        assert_eq!(shortened.untested, whole.claim.len() - study.claim.len());
        assert!(shortened.untested > 0 && study.claim.len() > 2);
    }

    #[test]
    fn arms_may_have_fewer_seeds_and_nothing_that_is_set_goes_unused() {
        let with = |quick: super::Quick| crate::config::StudyConfig { quick, ..crate::built_in("lorenz").unwrap() };
        let some = super::Quick { arms: vec!["dopamine".to_owned()], seeds: Some(3), ..super::Quick::default() };
        let study = with(some.clone()).shortened();
        assert_eq!((study.seeds.count, study.arm.len(), study.tuning), (3, 1, with(some.clone()).tuning));
        assert!(some.check().is_ok());
        let budget = super::Quick { budget: Some(7), ..some.clone() };
        assert!(budget.check().unwrap_err().starts_with("quick.budget = 7: beside quick.arms"));
        let whole = super::Quick { whole: true, seeds: Some(3), ..super::Quick::default() };
        assert!(whole.check().unwrap_err().starts_with("quick.seeds = 3: the study is run whole"));
        let none = super::Quick { seeds: Some(0), ..super::Quick::default() };
        assert_eq!(none.check().unwrap_err(), "quick.seeds = 0: must be at least 1");
    }
}
