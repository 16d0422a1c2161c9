//! The allocator, which counts: how many bytes a piece of work held at once.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The largest number of bytes that the program held during `work`, above what it held before.
pub(crate) fn peak_during(work: &mut dyn FnMut()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    work();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_vector_is_seen() {
        let peak = peak_during(&mut || drop(std::hint::black_box(vec![1u8; 50_000_000])));
        assert!((50_000_000..60_000_000).contains(&peak), "{peak}");
    }
}
