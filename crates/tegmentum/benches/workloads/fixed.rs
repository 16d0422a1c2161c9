//! Fixed work of which instructions are counted: one call of a row after one that makes everything ready.

use tegmentum::error::Result;
use tegmentum::model::perturbation::{Family, for_each_weighted_part};
use tegmentum::random::Key;

use crate::problem;
use crate::rows;
use crate::work::{Work, elman, mlp, xor};

/// Makes the work of a row.
type Build = fn() -> Result<Work>;

/// Work that is smaller than, or part of, that of the table.
const PARTS: [(&str, Build); 7] = [
    ("pass-xor-10", || xor(10)?.passes(1000)),
    ("pass-elman-1", || elman(1, 200)?.passes(1)),
    ("pass-elman-4", || elman(4, 200)?.passes(1)),
    ("pass-elman-16", || elman(16, 200)?.passes(1)),
    ("pass-mlp", || mlp(&[256], 128)?.passes(1)),
    ("move-normals", || move_vector(Family::Gaussian)),
    ("move-signs", || move_vector(Family::Rademacher)),
];

/// Rows of the table whose work is small enough.
const ROWS: [&str; 14] = [
    "xor-step-4",
    "xor-step-10",
    "xor-population-4",
    "xor-population-10",
    "xor-lockstep-4",
    "xor-lockstep-10",
    "xor-step-general-10",
    "elman-step-1",
    "elman-step-32",
    "mlp-step",
    "normals-4547",
    "normals-17",
    "signs-4547",
    "signs-17",
];

/// What an update of a population of 64 does to 4547 parameters, without its evaluations.
fn move_vector(family: Family) -> Result<Work> {
    let terms: Vec<_> = (0..32).map(|k| (family.direction(Key::from_seed(6).child(k)), 1e-3)).collect();
    let mut parameters = vec![0.0; 4547];
    Work::new(1.0, move || {
        for_each_weighted_part(&terms, [&mut parameters], |[part], step| {
            part.iter_mut().zip(step).for_each(|(parameter, step)| *parameter -= step);
            true
        });
        Ok(())
    })
}

/// The names of all fixed work.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|(name, _)| *name).chain(ROWS)
}

/// Does the work called `name` twice; the second time inside [`Work::call_measured`].
pub(crate) fn run(name: &str) -> Result<()> {
    let part = PARTS.iter().find(|(part, _)| *part == name);
    let mut work = match part {
        Some((_, build)) => build()?,
        None if ROWS.contains(&name) => (rows::find(name)?.build)()?,
        None => return Err(problem(format!("no fixed work is called {name}; --fixed-rows prints the names"))),
    };
    work.call()?;
    work.call_measured()
}
