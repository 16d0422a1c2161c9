//! Numbers that begin at the beginning of a cache line.

/// Numbers that begin at the beginning of a cache line, so that no vector of a row whose length fills whole lines crosses two.
#[derive(Debug)]
pub struct AlignedVec {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

/// Numbers in a cache line of 64 bytes.
const LINE: usize = 16;

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
    /// Makes room for at least `len` numbers; what they are afterwards is not said.
    pub fn reserve(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }
}

/// Rows of numbers of `L` lanes, the first of which begins a cache line: the room for an activity.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::aligned::Rows;
///
/// let mut room = Rows::<16>::default();
/// let rows = room.first(10);
/// assert_eq!((rows.len(), rows.as_ptr().align_offset(64)), (10, 0));
/// rows[9] = [1.0; 16];
/// assert_eq!(room[9], [1.0; 16]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rows<const L: usize> {
    values: AlignedVec,
    /// How many rows were last lent.
    lent: usize,
    /// For what, if it was said.
    purpose: Option<[u64; 4]>,
}

impl<const L: usize> Rows<L> {
    /// The first `count` rows, for which room is made if there is none. What stands in them is what was last written there, or zeros
    /// where the room was made anew.
    pub fn first(&mut self, count: usize) -> &mut [[f32; L]] {
        self.purpose = None;
        self.lend(count)
    }

    fn lend(&mut self, count: usize) -> &mut [[f32; L]] {
        self.lent = count;
        self.values.reserve(count * L);
        self
    }

    /// The same, and whether as many were last lent for the same purpose, so that what nobody writes in its course still stands there.
    pub fn first_for(&mut self, count: usize, purpose: [u64; 4]) -> (&mut [[f32; L]], bool) {
        let same = self.purpose == Some(purpose) && self.lent == count;
        self.purpose = Some(purpose);
        (self.lend(count), same)
    }
}

/// The rows that were last lent.
impl<const L: usize> std::ops::Deref for Rows<L> {
    type Target = [[f32; L]];

    fn deref(&self) -> &[[f32; L]] {
        self.values[..self.lent * L].as_chunks().0
    }
}

impl<const L: usize> std::ops::DerefMut for Rows<L> {
    fn deref_mut(&mut self) -> &mut [[f32; L]] {
        self.values[..self.lent * L].as_chunks_mut().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_known_again_for_the_same_purpose_alone() {
        let mut rows = Rows::<4>::default();
        assert!(!rows.first_for(3, [1, 2, 3, 4]).1);
        rows.first_for(3, [1, 2, 3, 4]).0[2] = [7.0; 4];
        let (found, same) = rows.first_for(3, [1, 2, 3, 4]);
        assert!(same && found[2] == [7.0; 4]);
        assert!(!rows.first_for(3, [1, 2, 3, 5]).1, "another purpose");
        rows.first(3);
        assert!(!rows.first_for(3, [1, 2, 3, 5]).1, "lent for no purpose in between");
        assert!(!rows.first_for(30, [1, 2, 3, 5]).1, "not as many rows");
    }

    #[test]
    fn aligned_numbers_begin_a_line_and_are_copied() {
        let mut numbers = AlignedVec::zeros(100);
        assert_eq!(numbers.as_ptr().align_offset(64), 0);
        numbers[99] = 3.0;
        assert_eq!((numbers.clone()[99], numbers.len()), (3.0, 100));
    }
}
