//! What a pairing of spikes is worth when the reward comes: the two traces of the rule, solved for one decision a trial.
//!
//! ```text
//!     critic   z(T)/e = e^(−(T−t)/τ_z)/τ_z
//!     actor    q(T)/(g e) = Σ_{s ≥ max(t, t_a)} e^(−(T−s)/τ_q) e^(−(s−t)/τ_z)/(τ_z τ_q)
//! ```
//! t time of the postsynaptic spike, e = p_j its pairing · T end of the trial · t_a time of the choice, g = 1\[k = a\] − π_k the
//! feedback, which is there from the choice on. All pairings of a millisecond are worth the same, so that only spikes touch
//! synapses: no trace is kept that decays.

/// Worth of each millisecond of a trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PairingWorth {
    /// For synapses whose third factor is there at the end alone.
    pub(super) direct: Vec<f32>,
    /// For synapses with feedback from the choice on.
    pub(super) gated: Vec<f32>,
}

impl PairingWorth {
    /// For trials of `duration` ms with the choice after `choice` ms.
    pub(super) fn new(duration: usize, choice: usize, eligibility: f64, feedback: f64) -> Self {
        let (z_kept, q_kept) = ((-1.0 / eligibility).exp(), (-1.0 / feedback).exp());
        let mut direct = vec![0.0; duration];
        let mut gated = vec![0.0; duration];
        for spike in 0..duration {
            let (mut z, mut q) = (1.0 / eligibility, 0.0);
            for time in spike..duration {
                if time > spike {
                    z *= z_kept;
                }
                q *= q_kept;
                if time >= choice {
                    q += z / feedback;
                }
            }
            direct[spike] = z as f32;
            gated[spike] = q as f32;
        }
        Self { direct, gated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// The rule as written, with traces that decay every millisecond, for one synapse with random spikes.
    #[test]
    fn worth_of_pairings_is_that_of_the_traces() {
        let (duration, choice, tau_z, tau_q, tau_p) = (130usize, 100usize, 40.0f64, 25.0f64, 20.0f64);
        let credit = PairingWorth::new(duration, choice, tau_z, tau_q);
        let mut stream = Key::from_seed(3).stream();
        let (mut p, mut z, mut q) = (0.0f64, 0.0f64, 0.0f64);
        let (mut direct, mut gated) = (0.0f64, 0.0f64);
        for time in 0..duration {
            p = p * (-1.0 / tau_p).exp() + f64::from(u8::from(stream.uniform() < 0.2));
            let pairing = if stream.uniform() < 0.1 { p } else { 0.0 };
            z = z * (-1.0 / tau_z).exp() + pairing / tau_z;
            q = q * (-1.0 / tau_q).exp() + if time >= choice { z / tau_q } else { 0.0 };
            direct += pairing * f64::from(credit.direct[time]);
            gated += pairing * f64::from(credit.gated[time]);
        }
        assert!(z > 0.0 && (direct - z).abs() < 1e-6 * z, "{direct} {z}");
        assert!(q > 0.0 && (gated - q).abs() < 1e-6 * q, "{gated} {q}");
    }
}
