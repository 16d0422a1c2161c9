//! Blocks of trials that follow one another, and begin again after the last.

/// The number of the block that trial `trial` is in, counted on over all rounds, and its index among `lengths`; each length is
/// at least 1.
pub(crate) fn block_at(lengths: impl Iterator<Item = u64> + Clone, trial: u64) -> (u64, usize) {
    // Lengths whose sum is beyond all counting are never gone through.
    let cycle = lengths.clone().fold(0u64, u64::saturating_add).max(1);
    let (round, mut rest) = (trial / cycle, trial % cycle);
    let blocks = lengths.clone().count() as u64;
    let mut current = 0;
    for (index, length) in lengths.enumerate() {
        current = index;
        if rest < length {
            break;
        }
        rest -= length;
    }
    (round * blocks + current as u64, current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_again_after_the_last() {
        let at = |trial| block_at([2, 3].into_iter(), trial);
        assert_eq!([at(0), at(1), at(2), at(4), at(5), at(7)], [(0, 0), (0, 0), (1, 1), (1, 1), (2, 0), (3, 1)]);
    }

    #[test]
    fn lengths_beyond_counting_do_not_overflow() {
        assert_eq!(block_at([u64::MAX, u64::MAX].into_iter(), 5), (0, 0));
    }
}
