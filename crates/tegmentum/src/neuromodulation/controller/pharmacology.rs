//! What drugs do to a learner that steps through parameter space.
//!
//! | modulator | its level here | lesion of all of it |
//! |---|---|---|
//! | dopamine | fast: each prediction error in units of its expected size; slow: the outcome of a window, likewise | nothing is learned |
//! | acetylcholine | expected size √q of a prediction error, which divides it | nothing is divided: `lesions.acetylcholine` |
//! | serotonin | horizon t/h of the average, in updates; windows follow it | no average, constant rate: `lesions.serotonin` |
//! | noradrenaline | evidence of change C/θ: suspicion above 1 | surprise is never noticed: `lesions.noradrenaline` |
//!
//! ```text
//!     lesion s   level · (1 − s)      clamp v   v      agonist d   level + d      antagonist d   level/(1 + d)
//!     delay n    the level of n updates ago (slow dopamine: n windows)            noise σ        level + N(0, σ²)
//! ```
//! Doses scale levels; a whole lesion of acetylcholine, serotonin or noradrenaline takes the nucleus away, which is not the limit
//! of large doses: an expected size near zero makes steps of three expected sizes at most (they are clipped), no expected
//! size at all leaves them as they are. Noradrenaline clamped to 0 is lesioned.
//!
//! A drug on a receptor (by the name of its efficacy in [`Receptors`]) scales that efficacy: lesion, antagonist, or a clamp to 0.
//!
//! No paper says any of this; it is how the drugs of [`pharmacology`](crate::neuromodulation::pharmacology) read for optimizers.

use super::receptors::Receptors;
use super::{ControllerConfig, Lesions};
use crate::error::{Error, Result};
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::pharmacology::{Action, Dose, Drug};
use crate::random::Key;

/// The receptors that a drug can name, with what they bind.
const RECEPTORS: [(&str, Transmitter); 5] = [
    ("dopamine_on_learning_rate", Transmitter::Dopamine),
    ("serotonin_on_dopamine", Transmitter::Serotonin),
    ("serotonin_on_consolidation", Transmitter::Serotonin),
    ("noradrenaline_on_learning_rate", Transmitter::Noradrenaline),
    ("noradrenaline_on_gain", Transmitter::Noradrenaline),
];

/// `config` with what its drugs take away as a whole taken away: lesions of nuclei, and efficacies of receptors.
///
/// # Errors
/// [`Error::InvalidParameter`] for a dose outside its range, [`Error::UnknownName`] for a receptor that is not there,
/// [`Error::Incompatible`] for a drug that a receptor has no meaning for.
pub(super) fn resolve(config: &ControllerConfig) -> Result<ControllerConfig> {
    let mut resolved = config.clone();
    for drug in &config.pharmacology {
        drug.check()?;
        match &drug.receptor {
            Some(name) => act_on_receptor(&mut resolved.receptors, drug, name)?,
            None => act_on_nucleus(&mut resolved.lesions, drug),
        }
    }
    Ok(resolved)
}

fn act_on_nucleus(lesions: &mut Lesions, drug: &Drug) {
    let lesioned = drug.action == Action::Lesion(1.0);
    match drug.modulator {
        Transmitter::Dopamine => {}
        Transmitter::Acetylcholine => lesions.acetylcholine |= lesioned,
        Transmitter::Serotonin => lesions.serotonin |= lesioned,
        Transmitter::Noradrenaline => lesions.noradrenaline |= lesioned || drug.action == Action::Clamp(0.0),
    }
}

fn act_on_receptor(receptors: &mut Receptors, drug: &Drug, name: &str) -> Result<()> {
    if !RECEPTORS.contains(&(name, drug.modulator)) {
        let own = RECEPTORS.iter().filter(|receptor| receptor.1 == drug.modulator).map(|receptor| receptor.0);
        let known = own.collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownName { kind: "receptor of that modulator", name: name.to_owned(), known });
    }
    let factor = match drug.action {
        Action::Lesion(share) => 1.0 - share,
        Action::Antagonist(dose) => 1.0 / (1.0 + dose),
        Action::Clamp(0.0) => 0.0,
        Action::Clamp(_) | Action::Agonist(_) | Action::Delay(_) | Action::Noise(_) => {
            return Err(Error::Incompatible {
                what: "this drug".to_owned(),
                with: format!("the receptor {name} of an optimizer"),
                reason: "it has an efficacy and no level of its own; use a lesion, an antagonist, or a clamp to 0"
                    .to_owned(),
            });
        }
    };
    match name {
        "dopamine_on_learning_rate" => receptors.dopamine_on_learning_rate *= factor,
        "serotonin_on_dopamine" => receptors.serotonin_on_dopamine *= factor,
        "serotonin_on_consolidation" => receptors.serotonin_on_consolidation *= factor,
        "noradrenaline_on_learning_rate" => receptors.noradrenaline_on_learning_rate *= factor,
        _ => {
            for gain in &mut receptors.noradrenaline_on_gain {
                *gain = 1.0 - factor as f32 * (1.0 - *gain);
            }
            receptors.noradrenaline_on_gain.retain(|&gain| gain < 1.0);
        }
    }
    Ok(())
}

/// The drugs on one modulator as level ← scale · level + shift; `None` with a delay or noise among them.
pub(crate) fn as_affine(drugs: &[Drug], modulator: Transmitter) -> Option<(f64, f64)> {
    let (mut scale, mut shift) = (1.0, 0.0);
    for drug in drugs.iter().filter(|drug| drug.modulator == modulator && drug.receptor.is_none()) {
        match drug.action {
            Action::Lesion(share) => (scale, shift) = (scale * (1.0 - share), shift * (1.0 - share)),
            Action::Clamp(level) => (scale, shift) = (0.0, level),
            Action::Agonist(dose) => shift += dose,
            Action::Antagonist(dose) => (scale, shift) = (scale / (1.0 + dose), shift / (1.0 + dose)),
            Action::Delay(_) | Action::Noise(_) => return None,
        }
    }
    Some((scale, shift))
}

/// The drugs of one controller at work.
#[derive(Clone, Debug)]
pub(super) struct Pharmacology {
    drugs: Vec<Drug>,
    key: Key,
    levels: [Vec<Dose>; 4],
    /// Drugs on fast dopamine, for each probe of a step.
    fast: Vec<Vec<Dose>>,
}

impl Pharmacology {
    /// The drugs of a resolved configuration on nuclei that are there; their noise comes from `key`.
    pub(super) fn new(config: &ControllerConfig, key: Key) -> Self {
        let is_lesioned = |modulator| match modulator {
            Transmitter::Dopamine => false,
            Transmitter::Acetylcholine => config.lesions.acetylcholine,
            Transmitter::Serotonin => config.lesions.serotonin,
            Transmitter::Noradrenaline => config.lesions.noradrenaline,
        };
        let on_nuclei = config.pharmacology.iter().filter(|drug| drug.receptor.is_none());
        let drugs: Vec<Drug> = on_nuclei.filter(|drug| !is_lesioned(drug.modulator)).cloned().collect();
        let levels = Transmitter::ALL.map(|modulator| doses(&drugs, modulator, key.child(0)));
        Self { drugs, key, levels, fast: Vec::new() }
    }

    /// Whether a modulator is under a drug.
    pub(super) fn acts_on(&self, modulator: Transmitter) -> bool {
        self.drugs.iter().any(|drug| drug.modulator == modulator)
    }

    /// The level of a modulator under its drugs.
    pub(super) fn level(&mut self, modulator: Transmitter, level: f64) -> f64 {
        let index = Transmitter::ALL.iter().position(|&known| known == modulator).unwrap_or(0);
        self.levels[index].iter_mut().fold(level, |level, dose| dose.on_level(level))
    }

    /// Fast dopamine of probe `index` under the drugs on dopamine.
    pub(super) fn fast_dopamine(&mut self, index: usize, level: f64) -> f64 {
        while self.fast.len() <= index {
            let key = self.key.child(1 + self.fast.len() as u64);
            self.fast.push(doses(&self.drugs, Transmitter::Dopamine, key));
        }
        self.fast[index].iter_mut().fold(level, |level, dose| dose.on_level(level))
    }
}

fn doses(drugs: &[Drug], modulator: Transmitter, key: Key) -> Vec<Dose> {
    let meant = drugs.iter().enumerate().filter(|(_, drug)| drug.modulator == modulator);
    meant.map(|(index, drug)| Dose::new(drug.action, key.child(index as u64))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Controller;
    use super::*;

    fn under(text: &str) -> Controller {
        let config: ControllerConfig = toml::from_str(text).expect("valid");
        config.build(0.1, 0.5, Key::from_seed(2)).expect("valid")
    }

    fn drugged(modulator: &str, action: &str) -> Controller {
        under(&format!("pharmacology = [{{ modulator = '{modulator}', action = {{ {action} }} }}]"))
    }

    /// Everything that a learner takes from its controller in a run with a change of the world in it.
    fn trace(mut controller: Controller) -> Vec<u64> {
        let mut trace = Vec::new();
        for step in 0..300u32 {
            let loss = if step < 200 { 1.0 } else { 40.0 } + 0.01 * f64::from(step % 3);
            let mut regrets = [f64::from(step % 5) - 2.0, f64::from(step % 7) - 3.0];
            let factor = controller.appraise(&mut regrets);
            trace.extend([factor * regrets[0], factor * regrets[1], controller.advance(loss)].map(f64::to_bits));
            if controller.watch(loss) && controller.confirm(loss) {
                trace.push(controller.surprise(&[(1.0, loss)]).learning_rate.to_bits());
            }
            if controller.is_window_over() {
                trace.push(controller.judge(loss, loss - 0.01).consolidation.to_bits());
                trace.push(controller.rate().to_bits());
            }
        }
        trace
    }

    #[test]
    fn doses_of_nothing_leave_every_bit_of_the_step() {
        let intact = trace(under(""));
        for modulator in Transmitter::ALL {
            for nothing in ["lesion = 0.0", "antagonist = 0.0", "agonist = 0.0", "noise = 0.0", "delay = 0"] {
                let trace = trace(drugged(modulator.name(), nothing));
                let same = match modulator {
                    // A product and a quotient by the same number, or a horizon from another formula, may round.
                    Transmitter::Dopamine | Transmitter::Serotonin => {
                        trace.len() == intact.len()
                            && trace.iter().zip(&intact).all(|(&one, &other)| {
                                (f64::from_bits(one) - f64::from_bits(other)).abs()
                                    <= 1e-12 * f64::from_bits(other).abs()
                            })
                    }
                    _ => trace == intact,
                };
                assert!(same, "{modulator:?} {nothing}");
            }
        }
    }

    #[test]
    fn whole_lesions_are_the_lesions_of_that_name() {
        for modulator in ["acetylcholine", "serotonin", "noradrenaline"] {
            let lesion = trace(under(&format!("[lesions]\n{modulator} = true")));
            assert_eq!(trace(drugged(modulator, "lesion = 1.0")), lesion, "{modulator}");
            assert_ne!(lesion, trace(under("")), "{modulator}");
        }
        assert_eq!(trace(drugged("noradrenaline", "clamp = 0.0")), trace(under("[lesions]\nnoradrenaline = true")));
    }

    #[test]
    fn without_dopamine_there_is_no_step() {
        for action in ["lesion = 1.0", "clamp = 0.0"] {
            let mut controller = drugged("dopamine", action);
            for _ in 0..5 {
                let mut errors = [3.0, -1.0];
                let factor = controller.appraise(&mut errors);
                assert_eq!(errors.map(|error| (factor * error).abs()), [0.0; 2]);
            }
            controller.judge(2.0, 1.0);
            assert_eq!(controller.levels().dopamine, 0.0);
        }
    }

    #[test]
    fn doses_scale_levels() {
        let step = |mut controller: Controller| {
            let mut errors = [1.0, -1.0];
            let factor = controller.appraise(&mut errors);
            errors.map(|error| factor * error)
        };
        let close = |found: [f64; 2], expected: [f64; 2]| {
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9)
        };
        assert!(close(step(under("")), [1.0, -1.0]));
        assert!(close(step(drugged("dopamine", "lesion = 0.5")), [0.5, -0.5]));
        assert!(close(step(drugged("dopamine", "antagonist = 3.0")), [0.25, -0.25]));
        assert!(close(step(drugged("dopamine", "agonist = 0.5")), [1.5, -0.5]));
        assert!(close(step(drugged("dopamine", "delay = 1")), [0.0, 0.0]));
        assert!(close(step(drugged("acetylcholine", "clamp = 2.0")), [0.5, -0.5]));
        assert!(close(step(drugged("acetylcholine", "antagonist = 1.0")), [2.0, -2.0]));
        assert!(close(step(drugged("acetylcholine", "antagonist = 99.0")), [3.0, -3.0]), "clipped");
        let mut held = drugged("serotonin", "clamp = 4.0");
        // Horizon 4 updates: share 1/(4 + 1 − 1/5), however long it has been.
        assert!((0..50).all(|_| (held.advance(1.0) - 1.0 / 4.8).abs() < 1e-12));
        let mut blind = drugged("noradrenaline", "antagonist = 4.0");
        let mut sighted = under("");
        let alarm =
            |controller: &mut Controller| (0..90).position(|step| controller.watch(if step < 60 { 1.0 } else { 1.05 }));
        assert!(alarm(&mut blind).is_none_or(|later| Some(later) > alarm(&mut sighted)));
    }

    #[test]
    fn a_drug_on_a_receptor_scales_its_efficacy_and_others_are_told() {
        let on = |modulator: &str, receptor: &str, action: &str| {
            let text = format!(
                "pharmacology = [{{ modulator = '{modulator}', receptor = '{receptor}', action = {{ {action} }} }}]"
            );
            toml::from_str::<ControllerConfig>(&text).expect("it can be read").build(0.1, 0.5, Key::from_seed(1))
        };
        let blocked = on("noradrenaline", "noradrenaline_on_gain", "clamp = 0.0").expect("valid");
        assert!(blocked.config().receptors.noradrenaline_on_gain.is_empty());
        let half = on("serotonin", "serotonin_on_dopamine", "antagonist = 1.0").expect("valid");
        assert_eq!(half.config().receptors.serotonin_on_dopamine, 0.25);
        assert!(matches!(on("dopamine", "serotonin_on_dopamine", "lesion = 1.0"), Err(Error::UnknownName { .. })));
        let agonist = on("dopamine", "dopamine_on_learning_rate", "agonist = 1.0");
        assert!(matches!(agonist, Err(Error::Incompatible { .. })));
        let dose = "pharmacology = [{ modulator = 'dopamine', action = { lesion = 2.0 } }]";
        let wrong =
            toml::from_str::<ControllerConfig>(dose).expect("it can be read").build(0.1, 0.5, Key::from_seed(1));
        assert!(matches!(wrong, Err(Error::InvalidParameter { value: 2.0, .. })));
    }

    #[test]
    fn drugs_in_a_row_as_one_line() {
        let drug = |action| Drug { modulator: Transmitter::Acetylcholine, receptor: None, action };
        let drugs = [drug(Action::Agonist(1.0)), drug(Action::Antagonist(1.0)), drug(Action::Lesion(0.5))];
        assert_eq!(as_affine(&drugs, Transmitter::Acetylcholine), Some((0.25, 0.25)));
        assert_eq!(as_affine(&drugs, Transmitter::Dopamine), Some((1.0, 0.0)));
        assert_eq!(as_affine(&[drug(Action::Noise(1.0))], Transmitter::Acetylcholine), None);
    }
}
