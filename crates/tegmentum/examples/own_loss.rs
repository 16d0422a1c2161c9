//! A loss of your own: any function of a parameter slice, by its values alone.
//! Run it: `cargo run -p tegmentum --example own_loss`.

use tegmentum::prelude::*;

/// Rosenbrock's valley: long, curved and flat along its floor; 0 at (1, 1).
fn valley(x: &[f32]) -> f64 {
    let (x, y) = (f64::from(x[0]), f64::from(x[1]));
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

fn main() -> tegmentum::error::Result<()> {
    let start = [-1.2, 1.0];
    let result = minimise(valley, &start).budget(20_000).seed(1).run()?;
    assert!(result.loss < 0.5, "{result:?}");

    // The same with another optimizer, by its name; everything random follows from the seed.
    let spsa = || minimise(valley, &start).optimizer(OptimizerConfig::from_name("spsa")?).budget(2_000).seed(7).run();
    assert_eq!(spsa()?, spsa()?);
    Ok(())
}
