//! The rows of a table in three parts: to learn from, to stop by, to be judged on.
//!
//! Each class is shuffled by itself and cut: a fifth of it is judged on, a fifth of the rest stops the training, the others are
//! learned from; each part has at least one row of every class. A table without classes is one class.

use tegmentum::random::Key;

/// Rows of the parts, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// A part is one of so many.
const PART: usize = 5;

/// Cuts rows, given for each class.
pub(super) fn split(classes: &[Vec<usize>], key: Key) -> Split {
    let mut parts = Split::default();
    for (class, rows) in classes.iter().enumerate() {
        let mut rows = rows.clone();
        key.child(class as u64).stream().shuffle(&mut rows);
        let part = |count: usize| ((count + PART / 2) / PART).max(1).min(count);
        let test = rows.split_off(rows.len() - part(rows.len()));
        let validation = rows.split_off(rows.len() - part(rows.len()));
        parts.train.extend(rows);
        parts.validation.extend(validation);
        parts.test.extend(test);
    }
    for part in [&mut parts.train, &mut parts.validation, &mut parts.test] {
        part.sort_unstable();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_in_one_part_and_each_class_in_all() {
        let classes = [(0..100).collect(), (100..105).collect()];
        let parts = split(&classes, Key::from_seed(1));
        assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [64 + 3, 16 + 1, 20 + 1]);
        let mut all = [parts.train.clone(), parts.validation.clone(), parts.test.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..105).collect::<Vec<_>>());
        assert!([&parts.train, &parts.validation, &parts.test].iter().all(|part| *part.last().unwrap() >= 100));
        assert_eq!(parts, split(&classes, Key::from_seed(1)));
        assert_ne!(parts, split(&classes, Key::from_seed(2)));
    }
}
