//! Neuromodulation: signals → nuclei → levels → receptors → [`Modulation`](modulation::Modulation).

pub mod modulation;
