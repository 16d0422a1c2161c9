//! Cache-line-aligned `f32` buffers: no vector of a row whose length fills whole cache lines crosses two of them.

/// A cache-line-aligned vector of `f32`.
#[derive(Debug)]
pub struct AlignedVec {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

/// Numbers in a cache line of 64 bytes.
const LINE: usize = 16;

/// A quantity in 16 lanes, in one cache line.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::aligned::Row16;
///
/// let row = Row16([2.0; 16]);
/// assert_eq!((row[3], std::mem::align_of_val(&row)), (2.0, 64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Row16(pub [f32; 16]);

impl Row16 {
    /// Sixteen zeros.
    pub const ZERO: Self = Self([0.0; 16]);
}

impl std::ops::Deref for Row16 {
    type Target = [f32; 16];

    #[inline(always)]
    fn deref(&self) -> &[f32; 16] {
        &self.0
    }
}

impl std::ops::DerefMut for Row16 {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32; 16] {
        &mut self.0
    }
}

impl AlignedVec {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + LINE];
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { values, start, len }
    }
}

impl Clone for AlignedVec {
    fn clone(&self) -> Self {
        let mut copy = Self::zeros(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl std::ops::Deref for AlignedVec {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }
}

impl std::ops::DerefMut for AlignedVec {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl Default for AlignedVec {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl AlignedVec {
    /// Makes room for at least `len` numbers. Their values are unspecified afterwards.
    pub fn reserve(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }
}

/// A cache-line-aligned buffer of rows of `L` lanes, for the activity of a pass. It is borrowed again for each pass and grows as
/// needed.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::aligned::Rows;
///
/// let mut buffer = Rows::<16>::default();
/// let rows = buffer.first(10);
/// assert_eq!((rows.len(), rows.as_ptr().align_offset(64)), (10, 0));
/// rows[9] = [1.0; 16];
/// assert_eq!(buffer[9], [1.0; 16]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rows<const L: usize> {
    values: AlignedVec,
    /// Rows of the last borrow.
    count: usize,
    /// Tag of the last borrow, if it had one.
    tag: Option<[u64; 4]>,
}

impl<const L: usize> Rows<L> {
    /// The first `count` rows; the buffer grows if it has fewer. They hold what was last written there, or zeros where the buffer was
    /// allocated anew.
    pub fn first(&mut self, count: usize) -> &mut [[f32; L]] {
        self.tag = None;
        self.borrow(count)
    }

    /// Like [`first`](Self::first); also returns whether the last borrow had the same size and tag, so that what it wrote is still
    /// there. The caller chooses tags that name the contents, for example which batch and which of its blocks were written.
    pub fn first_tagged(&mut self, count: usize, tag: [u64; 4]) -> (&mut [[f32; L]], bool) {
        let same = self.tag == Some(tag) && self.count == count;
        self.tag = Some(tag);
        (self.borrow(count), same)
    }

    fn borrow(&mut self, count: usize) -> &mut [[f32; L]] {
        self.count = count;
        self.values.reserve(count * L);
        self
    }
}

/// The rows of the last borrow.
impl<const L: usize> std::ops::Deref for Rows<L> {
    type Target = [[f32; L]];

    fn deref(&self) -> &[[f32; L]] {
        self.values[..self.count * L].as_chunks().0
    }
}

impl<const L: usize> std::ops::DerefMut for Rows<L> {
    fn deref_mut(&mut self) -> &mut [[f32; L]] {
        self.values[..self.count * L].as_chunks_mut().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_valid_after_a_borrow_of_the_same_size_and_tag_alone() {
        let mut rows = Rows::<4>::default();
        assert!(!rows.first_tagged(3, [1, 2, 3, 4]).1);
        rows.first_tagged(3, [1, 2, 3, 4]).0[2] = [7.0; 4];
        let (found, same) = rows.first_tagged(3, [1, 2, 3, 4]);
        assert!(same && found[2] == [7.0; 4]);
        assert!(!rows.first_tagged(3, [1, 2, 3, 5]).1, "another tag");
        rows.first(3);
        assert!(!rows.first_tagged(3, [1, 2, 3, 5]).1, "borrowed without a tag in between");
        assert!(!rows.first_tagged(30, [1, 2, 3, 5]).1, "not as many rows");
    }

    #[test]
    fn aligned_vectors_begin_a_cache_line_and_are_copied() {
        let mut numbers = AlignedVec::zeros(100);
        assert_eq!(numbers.as_ptr().align_offset(64), 0);
        numbers[99] = 3.0;
        assert_eq!((numbers.clone()[99], numbers.len()), (3.0, 100));
    }
}
