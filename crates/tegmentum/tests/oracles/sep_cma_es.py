"""Evaluations that an independent separable CMA-ES needs on a 10-dimensional ellipsoid.

Source: PyPI package `cmaes` (SepCMA), version 0.13.1. Run by hand: `pip install cmaes==0.13.1`, then this script. The
median is the literal in `tests/library/optimizer_conformance.rs`.

    f(x) = sum_i 10^(6 i / 9) x_i^2,  x_0 = (3, …, 3),  sigma_0 = 2,  population 10,  target f < 1e-8 (best of a generation)
"""

import statistics

import numpy as np
from cmaes import SepCMA

DIMENSIONS = 10
SCALES = 10.0 ** (6.0 * np.arange(DIMENSIONS) / (DIMENSIONS - 1))


def evaluations(seed: int) -> int:
    optimizer = SepCMA(mean=np.full(DIMENSIONS, 3.0), sigma=2.0, seed=seed)
    used = 0
    while used < 100_000:
        solutions = []
        for _ in range(optimizer.population_size):
            x = optimizer.ask()
            solutions.append((x, float(np.sum(SCALES * x * x))))
        used += len(solutions)
        best = min(value for _, value in solutions)
        if best < 1e-8:
            return used
        optimizer.tell(solutions)
    raise RuntimeError(f"seed {seed}: no success")


counts = sorted(evaluations(seed) for seed in range(51))
print("population", SepCMA(mean=np.zeros(DIMENSIONS), sigma=1.0).population_size)
print("median", statistics.median(counts), "quartiles", counts[12], counts[38], "range", counts[0], counts[-1])
