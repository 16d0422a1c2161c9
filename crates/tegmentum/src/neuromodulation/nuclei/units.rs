//! No nucleus depends on the unit of the loss: what it releases has no unit, or that of the loss.

use super::registry;
use crate::neuromodulation::nucleus::{Levels, Release, Signals};
use crate::random::Key;

/// Moments of a learner whose loss is in `unit`: three updates and the end of a window, again and again, the error falling and rising again.
fn moments(unit: f64) -> Vec<Signals> {
    let mut stream = Key::from_seed(5).stream();
    let mut normal = move || f64::from(stream.normal());
    let moment = |number: u32| {
        let error = if number > 250 { 30.0 } else { 3.0 / (1.0 + 0.02 * f64::from(number)) };
        let size = unit * error * (1.0 + 0.1 * normal());
        let levels = Levels { dopamine: 0.3, acetylcholine: 0.5, serotonin: 7.0, noradrenaline: 0.1 };
        if number % 4 == 3 {
            let outcome = unit * 0.1 * normal();
            let consolidated_loss = Some(size + outcome);
            let diverged = Some(0.0);
            return Signals {
                outcome: Some(outcome),
                consolidated_loss,
                diverged,
                elapsed: Some(0.0),
                levels,
                ..Signals::default()
            };
        }
        let squared_prediction_error = Some((size * normal()).powi(2));
        let prediction_error = Some(0.1 * normal());
        Signals { squared_prediction_error, prediction_error, loss: Some(size), levels, ..Signals::default() }
    };
    (0..400).map(moment).collect()
}

/// What a model releases at each of them.
fn releases(model: &super::Model, unit: f64) -> Vec<Release> {
    let mut nucleus = model.build(Key::from_seed(6)).unwrap();
    let release = |signals: &Signals| {
        if nucleus.answers_to(signals) {
            nucleus.release(signals)
        } else {
            nucleus.take_in(signals);
            Release::default()
        }
    };
    moments(unit).iter().map(release).collect()
}

#[test]
fn a_release_has_no_unit_or_that_of_the_loss() {
    let mut in_units = Vec::new();
    for model in registry() {
        let usual = releases(&model, 1.0);
        for unit in [2f64.powi(-60), 2f64.powi(60), 1e-18, 1e18] {
            let found = releases(&model, unit);
            let near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * one.abs().max(1e-9);
            let same = |factor: f64, of: fn(&Release) -> f64| {
                usual.iter().zip(&found).all(|(one, other)| near(of(one), of(other) / factor))
            };
            for (what, of) in [
                ("phasic", (|release: &Release| release.phasic) as fn(&Release) -> f64),
                ("tonic", |release| release.tonic),
            ] {
                let name = format!("{} {} {what}", model.nucleus(), model.description().name);
                assert!(same(1.0, of) || same(unit, of), "{name} depends on the unit {unit:e}");
                if !same(1.0, of) && !in_units.contains(&name) {
                    in_units.push(name);
                }
            }
        }
    }
    // The expected size of an error is one.
    assert_eq!(in_units, ["basal_forebrain error_size tonic"]);
}
