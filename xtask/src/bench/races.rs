//! The races: a row of the benchmark, a peer on the same work, and how many times as fast the row should be.

/// One race.
pub(crate) struct Race {
    /// For people.
    pub(crate) title: &'static str,
    /// Row of the benchmark.
    pub(crate) row: &'static str,
    /// Name that `xtask/peers/peer.py` knows.
    pub(crate) peer: &'static str,
    /// The least ratio that the project asks of itself on a whole processor; none for a row that is printed for scale.
    pub(crate) bar: Option<f64>,
    /// The same on a processor with AVX2 and no more.
    pub(crate) bar_avx2: Option<f64>,
    /// Whether it is in the README.
    pub(crate) in_readme: bool,
}

impl Race {
    /// The same race, shown in the README.
    const fn of_readme(self) -> Self {
        Self { in_readme: true, ..self }
    }

    /// The same race with a bar for AVX2.
    const fn avx2(self, bar: f64) -> Self {
        Self { bar_avx2: Some(bar), ..self }
    }

    /// The bar under a limit of instructions.
    pub(crate) fn bar_under(&self, set: Option<&str>) -> Option<f64> {
        match set {
            None | Some("avx512") => self.bar,
            Some("avx2") => self.bar_avx2,
            Some(_) => None,
        }
    }
}

const fn race(title: &'static str, row: &'static str, peer: &'static str, bar: f64) -> Race {
    Race { title, row, peer, bar: Some(bar), bar_avx2: None, in_readme: false }
}

const fn for_scale(title: &'static str, row: &'static str, peer: &'static str) -> Race {
    Race { title, row, peer, bar: None, bar_avx2: None, in_readme: false }
}

/// Rates against rates.
pub(crate) const RATES: &[Race] = &[
    race("XOR 2-4-1, WP step", "xor-step-4", "jax:xor-step-4", 5.5).avx2(3.0).of_readme(),
    race("XOR 2-10-1, WP step", "xor-step-10", "jax:xor-step-10", 7.5).avx2(2.5),
    race("XOR 2-4-1, population 256", "xor-population-4", "jax:xor-population-4", 20.0).avx2(5.0),
    race("XOR 2-10-1, population 256", "xor-population-10", "jax:xor-population-10", 14.0).avx2(5.0).of_readme(),
    race("XOR 2-4-1, 256 runs", "xor-lockstep-4", "jax:xor-runs-4", 20.0).avx2(5.0),
    race("XOR 2-10-1, 256 runs", "xor-lockstep-10", "jax:xor-runs-10", 14.0).avx2(5.0),
    for_scale("XOR 2-10-1, WP step, general form", "xor-step-general-10", "jax:xor-step-10").avx2(1.0),
    race("Elman 64, T = 200, batch 1, WP step", "elman-step-1", "jax:elman-step-1", 3.8).avx2(3.0).of_readme(),
    race("Elman 64, T = 200, batch 32, WP step", "elman-step-32", "jax:elman-step-32", 2.3).avx2(2.3),
    for_scale("Elman 64, T = 200, batch 1, WP step", "elman-step-1", "torch:elman-step-1"),
    for_scale("Elman 64, T = 200, batch 32, WP step", "elman-step-32", "torch:elman-step-32"),
    race("Elman 64, batch 1, population 256", "elman-population-1", "jax:elman-population-1", 3.7).avx2(3.0),
    race("Elman 64, batch 32, population 256", "elman-population-32", "jax:elman-population-32", 2.2).avx2(2.3),
    race("Elman 64, batch 1, population 256", "elman-population-1", "torch:elman-population-1", 9.0),
    for_scale("Elman 64, batch 32, population 256", "elman-population-32", "torch:elman-population-32"),
    for_scale("Elman 64, batch 1, population 256, portable", "elman-population-1-portable", "jax:elman-population-1"),
    race("Elman 64, batch 1, population 256, bfloat16", "elman-population-1-bfloat16", "jax:elman-population-1", 5.5),
    race(
        "Elman 64, batch 32, population 256, bfloat16",
        "elman-population-32-bfloat16",
        "jax:elman-population-32",
        3.2,
    ),
    race("MLP 784-256-10, batch 128, WP step", "mlp-step", "jax:mlp-step", 2.8).avx2(1.9),
    race("MLP 784-256-10, batch 128, WP step", "mlp-step", "torch:mlp-step", 3.5).avx2(1.9).of_readme(),
    race("MLP 784-256-10, batch 128, population 64", "mlp-population", "jax:mlp-population", 2.8).avx2(1.9),
    race("MLP 784-256-10, batch 128, population 64", "mlp-population", "torch:mlp-population", 3.5).avx2(1.9),
    for_scale("MLP 784-256-10, population 64, rank 1", "mlp-population-low-rank", "jax:mlp-population"),
    race("standard normals, 10⁶", "normals-1000000", "torch:normals-1000000", 12.0).avx2(5.0).of_readme(),
    for_scale("standard normals, 4547", "normals-4547", "torch:normals-4547"),
    for_scale("standard normals, 17", "normals-17", "torch:normals-17"),
    race("random signs, 10⁶", "signs-1000000", "torch:signs-1000000", 100.0),
    race("10⁸ parameters perturbed in place", "in-place-normals", "torch:in-place", 12.0),
];

/// Time to an NRMSE of 0.1 on the Lorenz series against other methods' time; the row is the benchmark's learner.
pub(crate) const TIMES: &[Race] = &[
    race("Lorenz, Elman 64, NRMSE < 0.1, time", "quality", "evosax-open-es", 7.0),
    race("Lorenz, Elman 64, NRMSE < 0.1, time", "quality", "torch-adam", 1.5),
    for_scale("Lorenz, Elman 64, NRMSE < 0.1, time", "quality", "jax-adam").of_readme(),
];
