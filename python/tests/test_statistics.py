"""Metrics and statistics against values that are known."""

import numpy as np
import pytest

from tegmentum import metrics, statistics


def test_interquartile_mean_is_scipys_trimmed_mean():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(1).normal(size=101)
    assert statistics.interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25), abs=1e-12)


def test_a_failed_run_counts_as_infinity():
    assert statistics.interquartile_mean([1.0, 2.0, 3.0, np.nan]) == 2.5
    assert statistics.interquartile_mean([1.0, np.nan, np.nan, np.nan]) == np.inf


def test_proportions_are_clopper_and_pearsons():
    stats = pytest.importorskip("scipy.stats")
    for successes, trials in ((0, 5), (3, 10), (100, 100)):
        ends = stats.binomtest(successes, trials).proportion_ci(0.95, "exact")
        found = statistics.proportion_interval(successes, trials)
        assert found.value == successes / trials
        assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=1e-9)


def test_intervals_cover():
    generator = np.random.default_rng(2)
    covered = sum(
        (found := statistics.bootstrap(generator.normal(size=20), statistic="mean", resamples=500, seed=seed)).low < 0.0 < found.high
        for seed in range(200)
    )
    assert covered > 180


def test_pairs_matter():
    generator = np.random.default_rng(3)
    base = generator.normal(size=50) * 10
    found = statistics.paired_comparison(base + 1.0, base, statistic="mean", seed=1)
    assert found.value == pytest.approx(1.0) and found.low > 0.99
    assert statistics.probability_of_improvement(base, base).value == 0.5


def test_metrics_of_other_libraries():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(4)
    outputs, labels = generator.random((50, 3)), generator.integers(3, size=50)
    assert metrics.accuracy(outputs, np.eye(3)[labels]) == sklearn.accuracy_score(labels, outputs.argmax(1))
    assert metrics.mean_squared_error(outputs, outputs * 2) == pytest.approx(sklearn.mean_squared_error(outputs * 2, outputs))
