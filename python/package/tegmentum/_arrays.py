"""Checks of what comes in: each gives one clear error, and an array that the compiled part can use as it is."""

from __future__ import annotations

import math
import operator
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["flag", "losses", "matrix", "number", "path", "real", "seed_of", "sequence", "target", "vector", "whole"]

#: The one object that stands for numbers of 64 bits in the machine's order.
_DOUBLE = np.dtype(np.float64)


def real(name: str, value: Any) -> NDArray[Any]:
    """`value` as an array of real numbers."""
    if isinstance(value, np.ma.MaskedArray):
        raise WrongTypeError(f"{name} is a masked array: must be a plain one, for example value.filled(0.0)")
    try:
        array = np.asarray(value)
    except Exception as error:
        raise WrongTypeError(f"{name} cannot be made into an array: {error}") from error
    if array.dtype == object:
        raise WrongTypeError(f"{name} has entries of several types or lengths: must be numbers, in rows of one length")
    if array.dtype.kind not in "biuf":
        raise WrongTypeError(f"{name} has the type {array.dtype}: must be real numbers")
    return array


def _where(name: str, index: tuple[Any, ...]) -> str:
    return f"{name}[{', '.join(str(int(i)) for i in index)}]" if index else name


def _checked(name: str, array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """The array in `dtype`, contiguous; every entry must be finite there."""
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(array, dtype=dtype)
    finite = np.isfinite(narrow)
    if not finite.all():
        index = tuple(np.argwhere(~finite)[0])
        wanted = "a finite number" if not np.isfinite(array[index]) else "below 3.4e38 in size"
        raise InvalidValueError(f"{_where(name, index)} = {array[index]}: must be {wanted}")
    return narrow


def vector(name: str, value: Any, dtype: Any = np.float32) -> NDArray[Any]:
    """A vector of at least one finite number."""
    array = real(name, value)
    if array.ndim == 0:
        array = array.reshape(1)
    if array.ndim != 1:
        raise InvalidValueError(f"{name} has the shape {array.shape}: must have one dimension")
    if array.size == 0:
        raise InvalidValueError(f"{name} is empty: must have at least one number")
    return _checked(name, array, dtype)


def matrix(name: str, value: Any, columns: int | None = None) -> NDArray[Any]:
    """Rows of finite numbers."""
    array = real(name, value)
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidValueError(f"{name} has the shape {array.shape}: must have two dimensions, none of length 0")
    if columns is not None and array.shape[1] != columns:
        raise InvalidValueError(f"{name} has {array.shape[1]} columns: must have {columns}")
    return _checked(name, array, np.float32)


def sequence(name: str, value: Any, allow_empty: bool = False) -> NDArray[np.float64]:
    """Values of a metric: one dimension; NaN and infinities have a meaning of their own."""
    array = real(name, value)
    if array.ndim != 1:
        raise InvalidValueError(f"{name} has the shape {array.shape}: must have one dimension")
    if array.size == 0 and not allow_empty:
        raise InvalidValueError(f"{name} is empty: must have at least one number")
    return np.ascontiguousarray(array, dtype=np.float64)


def losses(value: Any, count: int) -> NDArray[np.float64]:
    """The losses of `count` candidates; they may be NaN or infinite."""
    if type(value) is np.ndarray and value.dtype is _DOUBLE and value.shape == (count,) and value.strides == (8,):
        return value
    if value is None:
        raise WrongTypeError(f"the objective returned None: must be {count} numbers")
    array = real("the losses", value)
    if array.shape not in ((count,), (count, 1)):
        raise InvalidValueError(f"the losses have the shape {array.shape}: must be ({count},), one for each candidate")
    return np.ascontiguousarray(array.reshape(count), dtype=np.float64)


def target(name: str, value: Any, rows: int, columns: int) -> NDArray[np.float32]:
    """The first rows of an array that is written to."""
    if not isinstance(value, np.ndarray) or value.dtype != np.float32:
        raise WrongTypeError(f"{name} is of the type {type(value).__name__}: must be an array of float32")
    if value.ndim != 2 or value.shape[0] < rows or value.shape[1] != columns:
        raise InvalidValueError(f"{name} has the shape {value.shape}: must be ({rows}, {columns}), or have more rows")
    if not value.flags.c_contiguous or not value.flags.writeable or not value.flags.aligned:
        raise InvalidValueError(f"{name} must be contiguous, aligned and writable")
    return value[:rows]


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number between two bounds."""
    if isinstance(value, (str, bytes)) or value is None:
        raise WrongTypeError(f"{name} = {value!r}: must be a number")
    try:
        found = float(value)
    except Exception as error:
        raise WrongTypeError(f"{name} = {value!r}: must be a number") from error
    if not math.isfinite(found) or not low <= found <= high:
        bounds = "finite" if low == -math.inf and high == math.inf else f"between {low:g} and {high:g}"
        raise InvalidValueError(f"{name} = {found}: must be {bounds}")
    return found


def whole(name: str, value: Any, low: int, high: int = 2**63 - 1) -> int:
    """A whole number between two bounds. 1e5 is one, 1.5 is none."""
    if isinstance(value, (bool, np.bool_)):
        raise WrongTypeError(f"{name} = {value!r}: must be a whole number")
    if isinstance(value, (float, np.floating)) and math.isfinite(value) and value == int(value):
        value = int(value)
    try:
        found = operator.index(value)
    except TypeError as error:
        raise WrongTypeError(f"{name} = {value!r}: must be a whole number") from error
    if not low <= found <= high:
        raise InvalidValueError(f"{name} = {found}: must be between {low} and {high}")
    return found


def seed_of(value: Any) -> int:
    """A seed: a whole number of at most 64 bits; None draws one."""
    if value is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(value, np.random.Generator):
        return int(value.integers(2**63))
    if isinstance(value, np.random.RandomState):
        return int(value.randint(2**31 - 1))
    return whole("seed", value, 0, 2**64 - 1)


def path(name: str, value: Any) -> str | None:
    """A path as text."""
    if value is None:
        return None
    try:
        return os.fsdecode(value)
    except Exception as error:
        raise WrongTypeError(f"{name} = {value!r}: must be a path") from error


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise WrongTypeError(f"{name} = {value!r}: must be True or False")
