"""The Lorenz series that the peers learn from: Runge-Kutta of fourth order, 0.05 between samples, standardised."""

import numpy as np

STEP, SUBSTEPS, TRANSIENT = 0.05, 10, 500


def derivative(state):
    x, y, z = state
    return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])


def series(samples, seed=0):
    """`samples` rows of three standardised channels, float32."""
    state = np.array([1.0, 1.0, 20.0]) + np.random.default_rng(seed).normal(size=3)
    step, rows = STEP / SUBSTEPS, np.empty((samples + TRANSIENT, 3))
    for row in rows:
        row[:] = state
        for _ in range(SUBSTEPS):
            a = derivative(state)
            b = derivative(state + step / 2 * a)
            c = derivative(state + step / 2 * b)
            d = derivative(state + step * c)
            state = state + step / 6 * (a + 2 * b + 2 * c + d)
    rows = rows[TRANSIENT:]
    return ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)


def windows(values, starts, steps):
    """Inputs and targets [steps, windows, 3]: the target of a step is the next row."""
    inputs = np.stack([values[start : start + steps] for start in starts], 1)
    targets = np.stack([values[start + 1 : start + steps + 1] for start in starts], 1)
    return np.ascontiguousarray(inputs), np.ascontiguousarray(targets)
