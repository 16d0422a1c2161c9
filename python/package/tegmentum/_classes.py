"""The classes of models that learn in several calls. Needs numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tegmentum.errors import InvalidValueError

__all__ = ["at_least_two", "classes_of_call", "places_of"]


def at_least_two(classes: NDArray[Any], name: str) -> NDArray[Any]:
    """The classes, sorted; a ValueError for fewer than two, as scikit-learn asks for."""
    if len(classes) < 2:
        found = f"one class, {classes[0]!r}" if len(classes) else "no class"
        raise ValueError(f"{name} has {found}: a classifier needs samples of at least 2 classes")
    return classes


def classes_of_call(known: NDArray[Any] | None, classes: ArrayLike | None) -> NDArray[Any]:
    """The classes of a call of partial_fit: the first one, which knows none, must name them; a later one may repeat them."""
    if known is None:
        if classes is None:
            raise InvalidValueError("classes is None: the first call of partial_fit must name all classes")
        return at_least_two(np.unique(np.asarray(classes)), "classes")
    if classes is not None and not np.array_equal(np.unique(np.asarray(classes)), known):
        raise InvalidValueError(f"classes = {classes!r}: must be those of the first call, {known.tolist()}")
    return known


def places_of(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """The place of each label [n] among the classes."""
    places = {label: index for index, label in enumerate(classes.tolist())}
    found = np.array([places.get(label, -1) for label in labels.tolist()], dtype=np.intp)
    if (found < 0).any():
        at = int(np.argmax(found < 0))
        raise InvalidValueError(f"y[{at}] = {labels[at]!r}: must be one of the classes {classes.tolist()}")
    return found
