"""The metrics of the reports. NaN means that a metric is not defined: no rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tegmentum import _arrays, _native
from tegmentum.errors import InvalidValueError

__all__ = ["accuracy", "mean_squared_error", "normalised_root_mean_squared_error", "valid_prediction_time"]


def _pair(outputs: ArrayLike, targets: ArrayLike) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], ...]:
    """Two arrays of one shape, as rows."""
    found = []
    for name, value in (("outputs", outputs), ("targets", targets)):
        array = _arrays.real(name, value)
        if array.ndim not in (1, 2):
            raise InvalidValueError(f"{name} has the shape {array.shape}: must have one or two dimensions")
        found.append(np.ascontiguousarray(array.reshape(len(array), -1) if array.size else array.reshape(0, 1), np.float64))
    if found[0].shape != found[1].shape:
        raise InvalidValueError(f"targets have the shape {np.shape(targets)}: must be that of the outputs, {np.shape(outputs)}")
    return found[0], found[1]


_NONE = np.zeros(0)


def accuracy(outputs: ArrayLike, targets: ArrayLike) -> float:
    """The share of right answers.

    Parameters
    ----------
    outputs, targets : array_like of shape (n, outputs) or (n,)
        Several outputs: right where the largest output is that of the largest target. One: right on the same side of 0.5.

    Returns
    -------
    float
        Between 0 and 1; a row with a NaN among its outputs is wrong.

    Examples
    --------
    >>> from tegmentum import metrics
    >>> metrics.accuracy([[0.1, 0.9], [0.6, 0.4]], [[0, 1], [0, 1]])
    0.5
    """
    outputs, targets = _pair(outputs, targets)
    return _native.metric("accuracy", outputs.ravel(), targets.ravel(), outputs.shape[1], _NONE)


def mean_squared_error(outputs: ArrayLike, targets: ArrayLike) -> float:
    """The mean of (output − target)².

    Parameters
    ----------
    outputs, targets : array_like of shape (n, outputs) or (n,)
        Numbers.

    Returns
    -------
    float
        In the squared unit of the outputs.

    Examples
    --------
    >>> from tegmentum import metrics
    >>> metrics.mean_squared_error([0.0, 3.0], [1.0, 1.0])
    2.5
    """
    outputs, targets = _pair(outputs, targets)
    return _native.metric("mean_squared_error", outputs.ravel(), targets.ravel(), outputs.shape[1], _NONE)


def normalised_root_mean_squared_error(outputs: ArrayLike, targets: ArrayLike, deviations: ArrayLike) -> float:
    """The root of the mean over channels of the squared error in units of the channel's standard deviation.

    Parameters
    ----------
    outputs, targets : array_like of shape (n, channels) or (n,)
        Numbers.
    deviations : array_like of shape (channels,)
        Standard deviations of the channels, those of the training part.

    Returns
    -------
    float
        1 for the prediction of the mean.

    Examples
    --------
    >>> from tegmentum import metrics
    >>> metrics.normalised_root_mean_squared_error([1.0, 2.0], [1.0, 3.0], [1.0])
    0.7071067811865476
    """
    outputs, targets = _pair(outputs, targets)
    widths = _channels(deviations, outputs.shape[1])
    name = "normalised_root_mean_squared_error"
    return _native.metric(name, outputs.ravel(), targets.ravel(), outputs.shape[1], widths)


def _channels(deviations: ArrayLike, channels: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = _arrays.sequence("deviations", deviations)
    if len(found) != channels:
        raise InvalidValueError(f"deviations are {len(found)}: must be {channels}, one for each channel")
    return found


def valid_prediction_time(
    predicted: ArrayLike,
    truth: ArrayLike,
    deviations: ArrayLike,
    *,
    sampling_step: float,
    lyapunov_exponent: float,
    threshold: float = 0.4,
) -> float:
    """How long a forecast of a chaotic series stays right, in Lyapunov times.

    Parameters
    ----------
    predicted, truth : array_like of shape (n, channels) or (n,)
        The forecast and what came.
    deviations : array_like of shape (channels,)
        Standard deviations of the channels.
    sampling_step : float
        Time between two rows.
    lyapunov_exponent : float
        The largest, per unit of time.
    threshold : float, default 0.4
        The normalised error up to which a row counts as right.

    Returns
    -------
    float
        Rows before the first that is off by more, times ``sampling_step * lyapunov_exponent``.

    Examples
    --------
    >>> from tegmentum import metrics
    >>> metrics.valid_prediction_time([0.0, 0.3, 0.5], [0.0, 0.0, 0.0], [1.0], sampling_step=0.5, lyapunov_exponent=1.0)
    1.0
    """
    predicted, truth = _pair(predicted, truth)
    widths = _channels(deviations, predicted.shape[1])
    step, exponent = _arrays.number("sampling_step", sampling_step), _arrays.number("lyapunov_exponent", lyapunov_exponent)
    limit = _arrays.number("threshold", threshold)
    return _native.valid_prediction_time(predicted.ravel(), truth.ravel(), widths, step, exponent, limit)
