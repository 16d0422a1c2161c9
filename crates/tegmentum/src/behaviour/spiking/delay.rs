//! Conduction delays: spikes that arrive later than they were fired.
//!
//! ```text
//!     spike of cell j at t  reaches all its targets at t + D_j          ring of spikes [D_max + 1]
//! ```
//! Delays are whole milliseconds from 0 to D_max, one for each axon, so that all synapses of an axon are met in one sweep.
//!
//! Cost: a push and a read for each spike.

use crate::error::{Error, Result};

/// The longest delay, in ms.
pub const LONGEST: u8 = 100;

/// Axons with a delay each.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::delay::AxonalDelays;
///
/// let mut axons = AxonalDelays::new(vec![1, 3])?;
/// assert_eq!(axons.step(&[0, 1]), &[] as &[u32]);
/// assert_eq!(axons.step(&[]), &[0]);
/// assert_eq!(axons.step(&[]), &[] as &[u32]);
/// assert_eq!(axons.step(&[]), &[1]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AxonalDelays {
    delays: Vec<u8>,
    ring: Vec<Vec<u32>>,
    position: usize,
}

crate::archived!(AxonalDelays { position } sized { ring } fixed { delays });

impl AxonalDelays {
    /// Axons with `delays` `[cells]` in ms.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a delay above [`LONGEST`].
    pub fn new(delays: Vec<u8>) -> Result<Self> {
        let longest = check_longest(delays.iter().copied().max().unwrap_or(0))?;
        Ok(Self { delays, ring: vec![Vec::new(); longest + 1], position: 0 })
    }

    /// Forgets what is on its way.
    pub fn clear(&mut self) {
        self.ring.iter_mut().for_each(Vec::clear);
        self.position = 0;
    }

    /// One millisecond: takes in the spikes fired in it and returns those that arrive in it.
    ///
    /// # Panics
    /// If a spike has the number of a cell that there is not.
    pub fn step(&mut self, spikes: &[u32]) -> &[u32] {
        let length = self.ring.len();
        let now = self.position;
        // The slot before this one was read a step ago and now stands for the longest delay.
        self.ring[(now + length - 1) % length].clear();
        for &cell in spikes {
            let slot = (now + usize::from(self.delays[cell as usize])) % length;
            self.ring[slot].push(cell);
        }
        self.position = (now + 1) % length;
        &self.ring[now]
    }
}

/// The longest delay as a size.
pub(crate) fn check_longest(delay: u8) -> Result<usize> {
    if delay > LONGEST {
        let requirement = "at most 100 ms";
        return Err(Error::InvalidParameter { name: "delay", value: f64::from(delay), requirement });
    }
    Ok(usize::from(delay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// Every spike arrives exactly its delay later, once.
    #[test]
    fn delays_are_exact() {
        for longest in [0u8, 1, 5] {
            let delays: Vec<u8> = (0..=longest).chain(0..=longest).collect();
            let mut axons = AxonalDelays::new(delays.clone()).unwrap();
            let mut stream = Key::from_seed(u64::from(longest)).stream();
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            for time in 0..200usize {
                let fired: Vec<u32> =
                    (0..delays.len() as u32).filter(|_| time < 190 && stream.uniform() < 0.3).collect();
                expected.extend(fired.iter().map(|&cell| (time + usize::from(delays[cell as usize]), cell)));
                found.extend(axons.step(&fired).iter().map(|&cell| (time, cell)));
            }
            expected.sort_unstable();
            found.sort_unstable();
            assert!(!found.is_empty());
            assert_eq!(found, expected, "{longest}");
        }
    }
}
