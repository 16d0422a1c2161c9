//! Prequential scores, of all rows and of windows.

/// Windows that a picture has, at most.
const MOST_WINDOWS: usize = 200;

/// Rows, and how many of them were predicted rightly, by whom.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::Score;
///
/// let score = Score { rows: 4, right: 3, no_change: 1, majority: 2 };
/// assert_eq!(score.accuracies(), [0.75, 0.25, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Rows with a target.
    pub rows: u64,
    /// Those that the learner predicted rightly before it learned from them.
    pub right: u64,
    /// Those that had the class of the row before.
    pub no_change: u64,
    /// Those that had the class that was most frequent before.
    pub majority: u64,
}

tegmentum::archived!(Score { rows, right, no_change, majority });

impl Score {
    /// Shares of right answers of the learner, of no change and of the majority; 0 without a row.
    pub fn accuracies(&self) -> [f64; 3] {
        [self.right, self.no_change, self.majority].map(|right| right as f64 / self.rows.max(1) as f64)
    }

    /// What was scored since an earlier score.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            rows: self.rows - earlier.rows,
            right: self.right - earlier.right,
            no_change: self.no_change - earlier.no_change,
            majority: self.majority - earlier.majority,
        }
    }
}

/// A part of a stream.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::{Score, Window};
///
/// let window = Window { end: 10, score: Score::default(), levels: [0.0; 3], alarms: 0 };
/// assert_eq!(window.score.rows, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The row at which it ends, from 1.
    pub end: u64,
    /// What was scored within it.
    pub score: Score,
    /// The largest of each in the heaviest member: acetylcholine (usual size of errors), serotonin (share of the rate that it withholds),
    /// noradrenaline (share of an alarm).
    pub levels: [f64; 3],
    /// Rows at which a member began anew.
    pub alarms: u64,
}

/// Windows of equal length over a stream whose length is not known: when there are too many, two become one.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::{Score, Windows};
///
/// let mut windows = Windows::default();
/// for row in 1..=10_000 {
///     windows.take_in(Score { rows: row, right: row / 2, ..Score::default() }, [0.0; 3], false);
/// }
/// let all = windows.finished();
/// assert!(all.len() <= 200 && all.iter().map(|window| window.score.rows).sum::<u64>() == 10_000);
/// ```
#[derive(Clone, Debug)]
pub struct Windows {
    length: u64,
    done: Vec<Window>,
    rows: u64,
    before: Score,
    now: Score,
    levels: [f64; 3],
    alarms: u64,
}

impl Default for Windows {
    fn default() -> Self {
        Self::after(Score::default())
    }
}

impl Windows {
    /// Windows of the rows after those of a score.
    pub fn after(before: Score) -> Self {
        Self { length: 20, done: Vec::new(), rows: 0, before, now: before, levels: [0.0; 3], alarms: 0 }
    }

    /// Takes in a row: the score up to it, the levels after it, and whether there was an alarm.
    pub fn take_in(&mut self, score: Score, levels: [f64; 3], alarm: bool) {
        self.rows += 1;
        self.now = score;
        for (most, level) in self.levels.iter_mut().zip(levels) {
            *most = most.max(level);
        }
        self.alarms += u64::from(alarm);
        if self.rows.is_multiple_of(self.length) {
            self.close();
            if self.done.len() == MOST_WINDOWS {
                self.done = self.done.chunks(2).map(joined).collect();
                self.length *= 2;
            }
        }
    }

    fn close(&mut self) {
        let score = self.now.since(&self.before);
        self.done.push(Window { end: self.rows, score, levels: self.levels, alarms: self.alarms });
        (self.before, self.levels, self.alarms) = (self.now, [0.0; 3], 0);
    }

    /// All windows, the last one as long as it is.
    pub fn finished(mut self) -> Vec<Window> {
        if self.done.last().map_or(0, |last| last.end) < self.rows {
            self.close();
        }
        self.done
    }
}

fn joined(pair: &[Window]) -> Window {
    let [one, other] = pair else { return pair[0] };
    let add = |of: fn(&Score) -> u64| of(&one.score) + of(&other.score);
    Window {
        end: other.end,
        score: Score {
            rows: add(|score| score.rows),
            right: add(|score| score.right),
            no_change: add(|score| score.no_change),
            majority: add(|score| score.majority),
        },
        levels: [0, 1, 2].map(|index| one.levels[index].max(other.levels[index])),
        alarms: one.alarms + other.alarms,
    }
}
