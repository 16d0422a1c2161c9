use super::*;
use crate::neuromodulation::preset::Preset;

const CAP: f64 = 0.5;

fn under(text: &str, start: f64) -> Result<Supervisor> {
    let config: NeuromodulationConfig = toml::from_str(text).expect("it can be read");
    let config = config.or_preset(Preset::DopamineOptimizer);
    config.check_heard("this learner", &heard(), &[])?;
    let settings = Settings { start, cap: CAP, first_window: 6, gains: &GAINS };
    Supervisor::new(&settings, &config, Key::from_seed(2))
}

fn supervisor(start: f64) -> Supervisor {
    under("", start).expect("defaults are valid")
}

fn drugged(modulator: &str, action: &str) -> Supervisor {
    let text = format!("pharmacology = [{{ modulator = '{modulator}', action = {{ {action} }} }}]");
    under(&text, 0.1).expect("valid")
}

/// Judges acting at once.
fn judge(supervisor: &mut Supervisor, averaged: f64, acting: f64) -> f64 {
    supervisor.inquiry = Some(Inquiry::Judge);
    match supervisor.answer(&[averaged, acting]) {
        Consequence::Judged { pull, .. } => pull,
        other => panic!("{other:?}"),
    }
}

/// The gain that is found best among candidates, 1 first.
fn surprise(supervisor: &mut Supervisor, trials: &[(f32, f64)]) -> f32 {
    supervisor.trials = trials.to_vec();
    match supervisor.start_over() {
        Consequence::StartOver(gain) => gain,
        other => panic!("{other:?}"),
    }
}

/// Whether an update with this loss raises a suspicion.
fn suspects(supervisor: &mut Supervisor, loss: f64) -> bool {
    supervisor.advance(loss, Some(1.0));
    let suspects = supervisor.inquiry == Some(Inquiry::Confirm);
    (supervisor.inquiry, supervisor.in_window) = (None, 0);
    suspects
}

#[test]
fn nothing_depends_on_the_scale_of_the_loss() {
    let run = |scale: f64| {
        let mut supervisor = supervisor(1e-2);
        let mut trace = Vec::new();
        for step in 0..200 {
            let wave = f64::from(step % 7) - 3.0;
            let mut regrets = [scale * wave, scale * (wave + 1.0)];
            let factor = supervisor.appraise(&mut regrets, scale * 10.0);
            trace.push((factor * regrets[0] * 1e6).round());
            if supervisor.is_judging() {
                supervisor.answer(&[scale * 10.0, scale * (10.0 - f64::from(step % 3))]);
                trace.push((supervisor.rate() * 1e9).round());
            }
        }
        trace
    };
    assert_eq!(run(1.0), run(1024.0));
}

#[test]
fn the_rate_doubles_until_progress_fails_for_the_first_time_and_never_exceeds_its_cap() {
    let mut supervisor = supervisor(0.1);
    supervisor.advance(1.0, Some(1.0));
    judge(&mut supervisor, 1.0, 0.0);
    assert_eq!(supervisor.rate(), 0.2);
    judge(&mut supervisor, 1.0, 0.0);
    judge(&mut supervisor, 1.0, 0.0);
    assert_eq!(supervisor.rate(), CAP);
    assert_eq!(judge(&mut supervisor, 1.0, 1.0), 0.25);
    assert!((supervisor.rate() - CAP * (-0.1f64).exp()).abs() < 1e-12);
    judge(&mut supervisor, 1.0, f64::NAN);
    assert!(supervisor.rate() < CAP * (-0.4f64).exp());
}

#[test]
fn a_jump_of_the_loss_is_a_surprise_only_if_the_consolidated_model_agrees() {
    let mut supervisor = supervisor(0.1);
    supervisor.advance(1.0, Some(1.0));
    for _ in 0..5 {
        judge(&mut supervisor, 1.0, 1.0);
    }
    let mut alarms = 0;
    for step in 0..200 {
        let loss = if step < 150 { 1.0 + 0.01 * f64::from(step % 2) } else { 3.0 };
        if suspects(&mut supervisor, loss) {
            alarms += 1;
            assert!(step >= 150);
            assert_eq!(supervisor.confirm(1.0), Consequence::Nothing);
            assert!(supervisor.inquiry != Some(Inquiry::Gains));
            supervisor.confirm(3.0);
            assert_eq!(supervisor.inquiry, Some(Inquiry::Gains));
            assert_eq!(supervisor.questions().count(), GAINS.len());
        }
    }
    assert!(alarms > 0);
}

#[test]
fn a_smaller_gain_must_win_by_two_percent() {
    let mut intact = supervisor(0.1);
    assert_eq!(surprise(&mut intact, &[(1.0, 1.0), (0.5, 0.985)]), 1.0);
    assert_eq!(surprise(&mut intact, &[(1.0, 1.0), (0.5, 0.97), (0.25, 0.9)]), 0.25);
    assert_eq!(surprise(&mut intact, &[(1.0, f64::NAN), (0.5, 0.97)]), 0.5);
}

#[test]
fn a_surprise_restores_the_best_rate() {
    let rate_after = |mut supervisor: Supervisor| {
        supervisor.advance(1.0, Some(1.0));
        judge(&mut supervisor, 1.0, 0.0);
        for _ in 0..20 {
            judge(&mut supervisor, 1.0, 1.0);
        }
        assert!(supervisor.rate() < 0.1);
        // The level of a suspicion.
        for step in 0..40 {
            suspects(&mut supervisor, if step < 30 { 1.0 } else { 5.0 });
        }
        surprise(&mut supervisor, &[(1.0, 1.0)]);
        supervisor.rate()
    };
    assert_eq!(rate_after(supervisor(0.1)), 0.2);
    let blocked =
        "pharmacology = [{ modulator = 'noradrenaline', receptor = 'noradrenaline_rate', action = { clamp = 0.0 } }]";
    assert!(rate_after(under(blocked, 0.1).expect("valid")) < 0.1);
}

/// Everything that a learner takes from its supervisor in a run with a change in it.
fn trace(mut supervisor: Supervisor) -> Vec<u64> {
    let mut trace = Vec::new();
    for step in 0..300u32 {
        let loss = if step < 200 { 1.0 } else { 40.0 } + 0.01 * f64::from(step % 3);
        let mut regrets = [f64::from(step % 5) - 2.0, f64::from(step % 7) - 3.0];
        let factor = supervisor.appraise(&mut regrets, loss);
        trace.extend([factor * regrets[0], factor * regrets[1], supervisor.averaging_share()].map(f64::to_bits));
        while supervisor.has_questions() {
            let answer = |question| match question {
                Question::Averaged(gain) => loss * f64::from(gain).max(0.5),
                Question::Acting => loss - 0.01,
            };
            let losses: Vec<f64> = supervisor.questions().map(answer).collect();
            match supervisor.answer(&losses) {
                Consequence::Nothing => {}
                Consequence::StartOver(gain) => trace.push(u64::from(gain.to_bits())),
                Consequence::Judged { pull, .. } => trace.extend([pull, supervisor.rate()].map(f64::to_bits)),
            }
        }
    }
    trace
}

#[test]
fn lesions_take_away_what_they_say() {
    let mut errors = [5.0, -2.0];
    assert_eq!(drugged("acetylcholine", "lesion = 1.0").appraise(&mut errors, 1.0), 1.0);
    assert_eq!(errors, [5.0, -2.0], "nothing is divided");

    let mut without_serotonin = drugged("serotonin", "lesion = 1.0");
    for _ in 0..10 {
        without_serotonin.advance(1.0, Some(1.0));
        assert_eq!(without_serotonin.averaging_share(), 1.0);
        assert!(!without_serotonin.averages());
    }
    assert_eq!(judge(&mut without_serotonin, 1.0, 2.0), 0.0);
    assert_eq!(without_serotonin.rate(), 0.1, "the rate is constant");

    let mut without_noradrenaline = drugged("noradrenaline", "lesion = 1.0");
    assert!((0..100).all(|step| !suspects(&mut without_noradrenaline, if step < 50 { 1.0 } else { 1e6 })));

    for action in ["lesion = 1.0", "clamp = 0.0"] {
        let mut without_dopamine = drugged("dopamine", action);
        for _ in 0..5 {
            let mut errors = [3.0, -1.0];
            let factor = without_dopamine.appraise(&mut errors, 1.0);
            assert_eq!(errors.map(|error| (factor * error).abs()), [0.0; 2]);
        }
        judge(&mut without_dopamine, 2.0, 1.0);
        assert_eq!(without_dopamine.levels().dopamine, 0.0);
    }
}

#[test]
fn a_lesion_equals_a_clamp_to_zero_and_the_absence_of_the_receptors() {
    let intact = trace(supervisor(0.1));
    for modulator in ["acetylcholine", "serotonin", "noradrenaline"] {
        let lesion = trace(drugged(modulator, "lesion = 1.0"));
        assert_eq!(trace(drugged(modulator, "clamp = 0.0")), lesion, "{modulator}");
        let parts = Preset::DopamineOptimizer.parts();
        let own = parts.receptors.iter().filter(|receptor| receptor.transmitter.name() == modulator);
        let drugs: Vec<String> = own
            .map(|receptor| {
                format!("{{ modulator = '{modulator}', receptor = '{}', action = {{ clamp = 0.0 }} }}", receptor.name)
            })
            .collect();
        let blocked = under(&format!("pharmacology = [{}]", drugs.join(", ")), 0.1).expect("valid");
        assert_eq!(trace(blocked), lesion, "{modulator}");
        assert_ne!(lesion, intact, "{modulator}");
    }
}

#[test]
fn doses_of_nothing_leave_every_step_as_it_is() {
    let intact = trace(supervisor(0.1));
    for modulator in Transmitter::ALL {
        for nothing in ["lesion = 0.0", "antagonist = 0.0", "agonist = 0.0", "noise = 0.0", "delay = 0"] {
            let trace = trace(drugged(modulator.name(), nothing));
            // A product and a quotient by the same number may round.
            let close = |one: u64, other: u64| {
                let (one, other) = (f64::from_bits(one), f64::from_bits(other));
                one == other || (one - other).abs() <= 1e-12 * other.abs()
            };
            let same = trace.len() == intact.len() && trace.iter().zip(&intact).all(|(&a, &b)| close(a, b));
            assert!(if modulator == Transmitter::Dopamine { same } else { trace == intact }, "{modulator:?} {nothing}");
        }
    }
}

#[test]
fn doses_scale_levels() {
    let step = |mut supervisor: Supervisor| {
        let mut errors = [1.0, -1.0];
        let factor = supervisor.appraise(&mut errors, 1.0);
        errors.map(|error| factor * error)
    };
    let close = |found: [f64; 2], expected: [f64; 2]| {
        found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9)
    };
    assert!(close(step(supervisor(0.1)), [1.0, -1.0]));
    assert!(close(step(drugged("dopamine", "lesion = 0.5")), [0.5, -0.5]));
    assert!(close(step(drugged("dopamine", "antagonist = 3.0")), [0.25, -0.25]));
    assert!(close(step(drugged("dopamine", "agonist = 0.5")), [1.5, -0.5]));
    assert!(close(step(drugged("dopamine", "delay = 1")), [0.0, 0.0]));
    assert!(close(step(drugged("acetylcholine", "clamp = 2.0")), [0.5, -0.5]));
    assert!(close(step(drugged("acetylcholine", "antagonist = 1.0")), [2.0, -2.0]));
    assert!(close(step(drugged("acetylcholine", "antagonist = 99.0")), [3.0, -3.0]), "clipped");
    let mut held = drugged("serotonin", "clamp = 4.0");
    // Horizon 4 updates: share 5/(5 · 4 + 4), however long it has been.
    for _ in 0..50 {
        held.advance(1.0, Some(1.0));
        assert!((held.averaging_share() - 5.0 / 24.0).abs() < 1e-12);
    }
}

#[test]
fn a_receptor_of_ones_own_bends_dopamine() {
    let receptor = |rest: &str| {
        let text = format!(
            "receptor = [{{ name = 'dopamine_reinforcement', transmitter = 'dopamine', target = 'reinforcement', {rest} }}]"
        );
        let mut supervisor = under(&text, 0.1).expect("valid");
        let mut errors = [3.0, -1.0];
        let factor = supervisor.appraise(&mut errors, 1.0);
        errors.map(|error| factor * error)
    };
    assert_eq!(receptor("efficacy = 1.0, curve = 'sign'").map(|x| (x * 1e9).round() / 1e9), [1.0, -1.0]);
    assert!(receptor("efficacy = 1.0, curve = 'magnitude'").iter().all(|&x| x > 0.0));
    assert_eq!(receptor("efficacy = 0.0"), [0.0, 0.0]);
}

#[test]
fn kinetics_and_couplings_apply() {
    // Slow dopamine through a tonic level with a time constant of two windows: half of the first outcome.
    let mut slow = under("kinetics = { dopamine = { tonic_time_constant = 12.0 } }", 0.1).expect("valid");
    for _ in 0..6 {
        slow.advance(1.0, Some(1.0));
    }
    judge(&mut slow, 1.0, 0.0);
    assert!((slow.levels().dopamine - (1.0 - (11.0f64 / 12.0).powi(6))).abs() < 1e-12, "{:?}", slow.levels());
    let coupled =
        under("coupling = [{ from = 'noradrenaline', to = 'dopamine', kind = 'modulatory', strength = 1.0 }]", 0.1);
    assert_ne!(trace(coupled.expect("valid")), trace(supervisor(0.1)));
}

#[test]
fn what_nobody_hears_is_refused() {
    let message = |text: &str| under(text, 0.1).map(|_| ()).expect_err(text).to_string();
    let receptor = "receptor = [{ name = 'r', transmitter = 'serotonin', target = 'temperature', efficacy = 1.0 }]";
    assert!(
        message(receptor)
            .starts_with("the receptor \"r\" of serotonin on temperature would change nothing: this learner obeys")
    );
    let drug = "pharmacology = [{ modulator = 'serotonin', receptor = 'typo', action = { clamp = 0.0 } }]";
    assert!(message(drug).contains("serotonin_demand"), "{}", message(drug));
}
