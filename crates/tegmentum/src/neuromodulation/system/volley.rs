//! Prediction errors that come many at once: one for each probe of an update.
//!
//! ```text
//!     e_k → released, under couplings and lesions → level l_k, under drugs → Σ over receptors of w f(l_k) → e_k
//! ```
//! e_k prediction error in units of its usual size (of itself, where nothing divides it) · w, f efficacy and curve of the
//! receptors with the target `reinforcement` · drugs with a delay or noise have a state for each place k in the volley.
//!
//! Without a receptor for reinforcement prediction errors are what they are. With one linear receptor of efficacy 1 and no drug
//! or coupling they pass untouched, bit for bit.

use super::{NeuromodulatorySystem, bounded, doses, index_of};
use crate::neuromodulation::coupling::CouplingKind;
use crate::neuromodulation::modulation::{Place, Target};
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::receptor::ResponseCurve;
use crate::random::Key;

/// Child of the system's key for the drugs of volleys.
const VOLLEY: u64 = 1 << 32;

impl NeuromodulatorySystem {
    /// The key of the noise at a place of a volley.
    pub(super) fn key_of_place(key: Key, place: usize) -> Key {
        key.child(VOLLEY + place as u64)
    }

    /// Turns outcomes that come all at once into prediction errors, in place: the nucleus of `transmitter` compares them
    /// with what it expects.
    pub fn compare(&mut self, transmitter: Transmitter, outcomes: &mut [f64]) {
        if let Some(nucleus) = &mut self.pathways[index_of(transmitter)].nucleus {
            nucleus.compare(outcomes);
        }
    }

    /// What becomes of prediction errors that `transmitter` carries to the synapses, in place; `unit` is the size of an error
    /// of level 1.
    pub fn volley(&mut self, transmitter: Transmitter, errors: &mut [f64], unit: f64) {
        let source = index_of(transmitter);
        if self.passes_untouched(source) {
            return;
        }
        for (place, error) in errors.iter_mut().enumerate() {
            *error = unit * self.at_synapses(source, place, *error / unit);
        }
    }

    fn passes_untouched(&self, source: usize) -> bool {
        let pathway = &self.pathways[source];
        let coupled = self.couplings.iter().any(|coupling| coupling.to == pathway.transmitter);
        if coupled || !pathway.drugs.is_empty() {
            return false;
        }
        let mut receptors = self.reinforcing(source);
        match (receptors.next(), receptors.next()) {
            (None, _) => true,
            (Some(site), None) => {
                let site = &self.receptors[site];
                let receptor = &site.receptor;
                let plain = receptor.efficacy == 1.0 && receptor.curve == ResponseCurve::Linear;
                plain && site.reach == 1.0 && site.drugs.is_empty()
            }
            _ => false,
        }
    }

    /// The receptors through which a transmitter reinforces.
    fn reinforcing(&self, source: usize) -> impl Iterator<Item = usize> {
        let fits = move |site: &super::Site| {
            let receptor = &site.receptor;
            site.source == source && receptor.target == Target::Reinforcement && receptor.place == Place::Network
        };
        (0..self.receptors.len()).filter(move |&index| fits(&self.receptors[index]))
    }

    /// The reinforcement that follows from one prediction error.
    fn at_synapses(&mut self, source: usize, place: usize, error: f64) -> f64 {
        let statistics = self.statistics.unwrap_or_default();
        let (levels, key) = (self.levels, self.key);
        let pathway = &mut self.pathways[source];
        let mut level = error;
        for coupling in self.couplings.iter().filter(|coupling| coupling.to == pathway.transmitter) {
            if coupling.kind == CouplingKind::Modulatory {
                level *= (1.0 + coupling.strength * coupling.from.size(&levels, &statistics)).max(0.0);
            }
        }
        let key = |place: usize| Self::key_of_place(key, place);
        while pathway.volley.len() <= place {
            pathway.volley.push(doses(&self.drugs, pathway.transmitter, None, key(pathway.volley.len())));
        }
        let level = bounded(pathway.volley[place].iter_mut().fold(level, |level, dose| dose.on_level(level)));
        let (mut sum, mut heard) = (0.0, false);
        for index in 0..self.receptors.len() {
            let site = &mut self.receptors[index];
            let receptor = &site.receptor;
            if site.source != source || receptor.target != Target::Reinforcement || receptor.place != Place::Network {
                continue;
            }
            while site.volley.len() <= place {
                let key = key(site.volley.len());
                site.volley.push(doses(&self.drugs, receptor.transmitter, Some(&receptor.name), key));
            }
            let seen = site.volley[place].iter_mut().fold(site.reach * level, |level, dose| dose.on_level(level));
            sum += receptor.effect(seen);
            heard = true;
        }
        if heard { sum } else { level }
    }
}
