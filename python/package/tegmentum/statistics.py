"""The statistics of the reports. A value that is NaN is a run that failed, and counts as +∞, the worst."""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import ArrayLike

from tegmentum import _arrays, _native
from tegmentum._settings import encode
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = [
    "Estimate",
    "bootstrap",
    "interquartile_mean",
    "paired_comparison",
    "probability_of_improvement",
    "proportion_interval",
]

#: Resamples of a bootstrap, at most.
_MOST = 10_000_000


class Estimate(NamedTuple):
    """An estimate with its 95 % interval."""

    #: The estimate from all values.
    value: float
    #: Lower end of the interval; −∞ where unbounded, NaN where there is too little data.
    low: float
    #: Upper end.
    high: float
    #: Number of values, or of pairs.
    n: int


def _estimate(found: tuple[float, float, float, int]) -> Estimate:
    return Estimate(*found)


def _name(what: str, value: str) -> str:
    if not isinstance(value, str):
        raise WrongTypeError(f"{what} = {value!r}: must be a text")
    return encode(what, value)


def interquartile_mean(values: ArrayLike) -> float:
    """The mean of the middle half.

    Parameters
    ----------
    values : array_like of shape (n,)
        One value for each run; a NaN counts as +∞.

    Returns
    -------
    float
        Finite while at most a quarter of the runs failed.

    Examples
    --------
    >>> from tegmentum import statistics
    >>> statistics.interquartile_mean([1.0, 2.0, 4.0, 100.0])
    3.0
    """
    return _native.interquartile_mean(_arrays.sequence("values", values))


def bootstrap(
    values: ArrayLike, *, statistic: str = "interquartile_mean", resamples: int = 10_000, seed: int = 0
) -> Estimate:
    """A statistic with a bootstrap interval (Efron, 1979), widened for few values as the repository's ``docs/metrics-and-statistics.md`` says.

    Parameters
    ----------
    values : array_like of shape (n,)
        One value for each run.
    statistic : {"interquartile_mean", "median", "mean"}
        Of what.
    resamples : int, default 10 000
        Samples drawn with replacement.
    seed : int, default 0
        What they follow from.

    Returns
    -------
    Estimate
        Value, ends and n.

    Examples
    --------
    >>> from tegmentum import statistics
    >>> estimate = statistics.bootstrap([1.0, 2.0, 3.0, 4.0, 5.0], seed=1)
    >>> estimate.value, estimate.low < 3.0 < estimate.high, estimate.n
    (3.0, True, 5)
    """
    found = _arrays.sequence("values", values)
    count = _arrays.whole("resamples", resamples, 1, _MOST)
    return _estimate(_native.bootstrap(found, _name("statistic", statistic), count, _arrays.seed_of(seed)))


def paired_comparison(
    arm: ArrayLike,
    reference: ArrayLike,
    *,
    statistic: str = "interquartile_mean",
    effect: str = "difference",
    resamples: int = 10_000,
    seed: int = 0,
) -> Estimate:
    """An arm against a reference with the same seeds, with a bootstrap interval over pairs.

    Parameters
    ----------
    arm, reference : array_like of shape (n,)
        One value for each seed, in the same order.
    statistic : {"interquartile_mean", "median", "mean"}
        Of what.
    effect : {"difference", "ratio"}
        Arm minus reference, or arm over reference.
    resamples : int, default 10 000
        Samples of pairs.
    seed : int, default 0
        What they follow from.

    Returns
    -------
    Estimate
        Of the effect.

    Examples
    --------
    >>> from tegmentum import statistics
    >>> statistics.paired_comparison([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], effect="ratio").value
    0.5
    """
    first, second = _arrays.sequence("arm", arm), _arrays.sequence("reference", reference)
    if len(first) != len(second):
        raise InvalidValueError(f"reference has {len(second)} values: must have {len(first)}, one for each of the arm")
    count = _arrays.whole("resamples", resamples, 1, _MOST)
    names = _name("statistic", statistic), _name("effect", effect)
    return _estimate(_native.paired_comparison(first, second, *names, count, _arrays.seed_of(seed)))


def probability_of_improvement(
    arm: ArrayLike, reference: ArrayLike, *, resamples: int = 10_000, seed: int = 0
) -> Estimate:
    """The probability that a run of the arm has a smaller value than one of the reference (Agarwal et al., 2021).

    Parameters
    ----------
    arm, reference : array_like of shape (n,), (m,)
        One value for each run; smaller is better.
    resamples : int, default 10 000
        Samples drawn with replacement.
    seed : int, default 0
        What they follow from.

    Returns
    -------
    Estimate
        0.5 for arms that do not differ.

    Examples
    --------
    >>> from tegmentum import statistics
    >>> statistics.probability_of_improvement([1.0, 2.0], [3.0, 4.0]).value
    1.0
    """
    first, second = _arrays.sequence("arm", arm), _arrays.sequence("reference", reference)
    count = _arrays.whole("resamples", resamples, 1, _MOST)
    return _estimate(_native.probability_of_improvement(first, second, count, _arrays.seed_of(seed)))


def proportion_interval(successes: int, trials: int) -> Estimate:
    """A proportion with its exact interval (Clopper and Pearson, 1934).

    Parameters
    ----------
    successes, trials : int
        How many of how many, at most 1 000 000.

    Returns
    -------
    Estimate
        The proportion.

    Examples
    --------
    >>> from tegmentum import statistics
    >>> estimate = statistics.proportion_interval(9, 10)
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.9, 0.555, 0.997)
    """
    total = _arrays.whole("trials", trials, 1, 10**6)
    return _estimate(_native.proportion_interval(_arrays.whole("successes", successes, 0, total), total))
