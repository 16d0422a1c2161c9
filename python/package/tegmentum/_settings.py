"""Settings by name, as the compiled part reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tegmentum import _native
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["Description", "Settings", "encode", "known", "named"]

#: A name, or a name with settings: ``"spsa"`` or ``{"spsa": {"learning_rate": 0.1}}``.
Settings: TypeAlias = str | Mapping[str, Any]


class Description(NamedTuple):
    """Something that can be named."""

    name: str
    summary: str
    reference: str


def known(kind: str) -> list[Description]:
    """What can be named.

    Parameters
    ----------
    kind : {"agent", "environment", "network", "optimizer", "study", "task"}
        The kind of thing.

    Returns
    -------
    list of Description
        Name, summary and reference of each, in the order of the library.

    Examples
    --------
    >>> import tegmentum
    >>> [entry.name for entry in tegmentum.known("network")]
    ['mlp', 'elman', 'gru']
    """
    if not isinstance(kind, str):
        raise WrongTypeError(f"kind = {kind!r}: must be a text")
    return [Description(*row) for row in _native.known(kind)]


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's, for JSON."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} is of the type {type(value).__name__}, which no setting has")


def encode(what: str, value: Any) -> str:
    """A value as JSON."""
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except TypeError as error:
        raise WrongTypeError(f"{what}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(f"{what}: {error}") from error


def named(what: str, value: Any) -> str:
    """A name, or one name with its settings, as JSON."""
    if isinstance(value, str):
        return encode(what, value)
    if not isinstance(value, Mapping):
        raise WrongTypeError(f'{what} = {value!r}: must be a name, or settings such as {{"name": {{…}}}}')
    if len(value) != 1 or not all(isinstance(key, str) for key in value):
        raise InvalidValueError(f"{what} = {value!r}: must have one name, with its settings")
    return encode(what, value)
