"""Expected values for the statistics and metrics, from packages that share no code with this library.

Needs: pip install "scipy==1.17.1" "numpy==2.4.6" "rliable==1.2.0" "pandas<3"
Run:   python statistics.py > statistics.json

Infinity, for which JSON has no name, is written as null.
"""

import json
import math

import numpy as np
import scipy.stats
from rliable import library, metrics

RESAMPLES = 50_000
LEVELS = [0.0, 0.025, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.975, 1.0]


def plain(value):
    """Nested lists of floats, infinity as None."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    assert not math.isnan(value)
    return value if math.isfinite(value) else None


def interquartile_mean(values, axis=None):
    return scipy.stats.trim_mean(values, 0.25, axis=axis)


def sample(values):
    return {
        "values": values,
        "interquartile_mean": interquartile_mean(values),
        "median": np.median(values),
        "mean": np.mean(values),
        # numpy interpolates to NaN next to an infinity: only finite samples have quantiles here.
        "quantiles": np.quantile(values, LEVELS) if np.isfinite(values).all() else [],
    }


def samples(random):
    finite = [random.lognormal(size=n) * 10 for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 33, 100)]
    signed = [random.normal(size=n) for n in (9, 12)]
    failed = [np.r_[random.lognormal(size=n), np.full(k, np.inf)] for n, k in ((7, 1), (6, 2), (5, 3), (16, 4))]
    return [sample(random.permutation(values)) for values in finite + signed + failed]


def percentile_bootstrap(data, statistic, random, paired=False):
    result = scipy.stats.bootstrap(
        data, statistic, n_resamples=RESAMPLES, paired=paired, vectorized=True, method="percentile", rng=random
    )
    return [result.confidence_interval.low, result.confidence_interval.high]


STATISTICS = {"interquartile_mean": interquartile_mean, "median": np.median, "mean": np.mean}


def bootstrap(random):
    values = random.lognormal(size=21)
    intervals = {
        name: percentile_bootstrap((values,), lambda x, axis, f=f: f(x, axis=axis), random)
        for name, f in STATISTICS.items()
    }
    return {"values": values, **intervals}


def stratified_bootstrap(random):
    tasks = random.lognormal(size=(3, 10)) + np.array([[0.0], [1.0], [3.0]])
    _, intervals = library.get_interval_estimates(
        {"arm": tasks.T}, lambda x: np.array([metrics.aggregate_iqm(x)]), reps=RESAMPLES
    )
    return {"tasks": tasks, "interval": intervals["arm"][:, 0]}


def paired(random):
    common = random.lognormal(size=20)
    reference = 2 * common + 0.4 * random.lognormal(size=20)
    arm = common + 0.3 * random.lognormal(size=20)
    result = {"arm": arm, "reference": reference}
    for name in ("interquartile_mean", "median"):
        f = STATISTICS[name]
        effects = {
            "difference": lambda x, y, axis=None, f=f: f(x, axis=axis) - f(y, axis=axis),
            "ratio": lambda x, y, axis=None, f=f: f(x, axis=axis) / f(y, axis=axis),
        }
        result[name] = {
            kind: {
                "effect": effect(arm, reference),
                "interval": percentile_bootstrap((arm, reference), effect, random, paired=True),
            }
            for kind, effect in effects.items()
        }
    return result


def improvement(arm, reference):
    """rliable takes larger scores for better and [runs x tasks]."""
    return metrics.probability_of_improvement(-arm, -reference)


def probability_of_improvement(random):
    pairs = [
        (random.normal(size=8), random.normal(size=11) + 0.5),
        (random.integers(0, 5, size=12).astype(float), random.integers(1, 6, size=9).astype(float)),
        (np.r_[random.lognormal(size=6), np.inf, np.inf], np.r_[random.lognormal(size=6), np.inf]),
    ]
    cases = [
        {"arm": arm, "reference": reference, "probability": improvement(arm[:, None], reference[:, None])}
        for arm, reference in pairs
    ]
    arm, reference = random.normal(size=(8, 2)), random.normal(size=(10, 2)) + 0.6
    _, intervals = library.get_interval_estimates(
        {"pair": [arm, reference]}, lambda x, y: np.array([improvement(x, y)]), reps=5000
    )
    tasks = {
        "arm": arm.T,
        "reference": reference.T,
        "probability": improvement(arm, reference),
        "interval": intervals["pair"][:, 0],
    }
    return {"cases": cases, "tasks": tasks}


def performance_profile(random):
    tasks = random.lognormal(size=(3, 10))
    tau = np.array([0.1, 0.3, 0.7, 1.0, 2.0, 5.0])
    # A fraction of -x above -tau is one of x below tau; no score is exactly tau.
    profile, band = library.create_performance_profile({"arm": -tasks.T}, -tau, reps=20_000)
    return {
        "tasks": tasks,
        "tau": tau,
        "fraction": profile["arm"],
        "lower": band["arm"][0],
        "upper": band["arm"][1],
    }


def wilson():
    pairs = [(0, 1), (1, 1), (0, 10), (3, 10), (9, 10), (10, 10), (17, 20), (250, 1000)]
    return [
        {
            "successes": k,
            "trials": n,
            "interval": list(scipy.stats.binomtest(k, n).proportion_ci(0.95, method="wilson")),
        }
        for k, n in pairs
    ]


def metric_values(random):
    """Closed forms in numpy; rows in time, columns are channels."""
    truth = random.normal(size=(40, 3)) * np.array([1.0, 5.0, 0.2])
    deviation = np.array([1.1, 4.5, 0.25])
    growing = 0.01 * np.exp(0.15 * np.arange(40))[:, None] * random.normal(size=(40, 3)) * deviation
    predicted = truth + growing
    scaled = (predicted - truth) / deviation
    error = np.sqrt(np.mean(scaled**2, axis=1))
    outputs, classes = random.random((25, 4)), random.integers(0, 4, size=25)
    single, labels = random.random(25), random.integers(0, 2, size=25)
    return {
        "truth": truth.ravel(),
        "predicted": predicted.ravel(),
        "standard_deviation": deviation,
        "truth_standard_deviation": truth.std(axis=0),
        "mean_squared_error": np.mean((predicted - truth) ** 2),
        "nrmse": np.sqrt(np.mean(scaled**2)),
        "valid_steps": {str(limit): int(np.argmax(error > limit)) for limit in (0.1, 0.4, 0.9)},
        "accuracy": {
            "outputs": outputs.ravel(),
            "targets": np.eye(4)[classes].ravel(),
            "value": np.mean(outputs.argmax(axis=1) == classes),
        },
        "binary_accuracy": {
            "outputs": single,
            "targets": labels,
            "value": np.mean((single >= 0.5) == (labels == 1)),
        },
    }


def main():
    np.random.seed(20210830)  # rliable draws from the global generator
    random = np.random.default_rng(20210830)
    result = {
        "quantile_levels": LEVELS,
        "samples": samples(random),
        "bootstrap": bootstrap(random),
        "stratified_bootstrap": stratified_bootstrap(random),
        "paired": paired(random),
        "probability_of_improvement": probability_of_improvement(random),
        "performance_profile": performance_profile(random),
        "wilson": wilson(),
        "metrics": metric_values(random),
    }
    print(json.dumps(plain(result), indent=1))


if __name__ == "__main__":
    main()
