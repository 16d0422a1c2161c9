"""A model for river: a stream of examples, learned one at a time by forward passes alone. Needs river.

The learner is that of ``tegmentum stream`` (the repository's ``docs/stream.md``): a committee of four networks, each under four modulators of its own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from river.base import MiniBatchClassifier

from tegmentum import _arrays, _native
from tegmentum._optimize import Levels
from tegmentum._settings import Settings
from tegmentum._stream import Member, driver_of, lesions_of, members_of
from tegmentum.errors import InvalidValueError, WrongTypeError

if TYPE_CHECKING:
    import pandas

__all__ = ["StreamClassifier"]


class StreamClassifier(MiniBatchClassifier):
    """A classifier of a stream, without a gradient, a learning rate or a drift detector to choose.

    Features are numbers, truth values or texts, in a dict by name. They may appear and vanish; None and NaN are missing. Classes need not be
    known beforehand; there are 100 at most. A batch gives what its examples give one after the other.

    Parameters
    ----------
    lesions : sequence of {"dopamine", "acetylcholine", "serotonin", "noradrenaline"}, optional
        Modulators that are never released.
    driver : str, dict or None, default None
        A detector that drives noradrenaline in place of summed surprise, on the mean loss of each 20 examples: "adwin", "page_hinkley" or
        "kswin", or one that looks at nothing: "always", "never" or "periodic"; with settings, ``{"page_hinkley": {"threshold": 2.0}}``.
    seed : int, RandomState or None, default None
        What everything random follows from.

    Examples
    --------
    >>> from tegmentum.river import StreamClassifier
    >>> model = StreamClassifier(seed=1)
    >>> for i in range(400):
    ...     x = {"size": float(i % 10), "colour": "red" if i % 2 else "blue"}
    ...     model.learn_one(x, i % 10 > 4)
    >>> model.predict_one({"size": 9.0, "colour": "blue"})
    True
    """

    def __init__(self, *, lesions: Sequence[str] | None = None, driver: Settings | None = None, seed: Any = None) -> None:
        self.lesions = lesions
        self.driver = driver
        self.seed = seed
        #: Names of features in the order in which they came, and the same as a set.
        self._names: list[str] = []
        self._known: set[str] = set()
        self._classes: dict[Hashable, int] = {}
        self._stream: _native.Stream | None = None
        #: Whether noradrenaline made a member begin anew at the last example.
        self.surprised = False

    @property
    def _multiclass(self) -> bool:
        return True

    @property
    def members(self) -> list[Member]:
        """Weight, levels of the modulators, cooling and new beginnings of each network; none before the first example."""
        return members_of(self._stream)

    @property
    def levels(self) -> Levels | None:
        """The levels in the network that has most weight; None before the first example."""
        return max(self.members, key=lambda member: member.weight).levels if self.members else None

    def learn_one(self, x: Mapping[Hashable, Any], y: Hashable) -> None:
        """Learn that an example of features `x`, by name, has the class `y`. A missing class (None, NaN) teaches nothing."""
        if y is None or (isinstance(y, float) and math.isnan(y)):
            return
        values = self._values(x, learned=True)
        if self._stream is None:
            lesions, driver = lesions_of(self.lesions or []), driver_of(self.driver)
            self._stream = _native.Stream(lesions, driver, _arrays.seed_of(self.seed))
            self._stream.header(self._names)
        self.surprised = self._stream.learn(values, self._classes.get(y, len(self._classes)))
        # Known when it has been learned: an example that is refused leaves nothing behind.
        self._classes.setdefault(y, len(self._classes))

    def predict_proba_one(self, x: Mapping[Hashable, Any]) -> dict[Any, float]:
        """The probability of each class that was seen, for features `x` by name."""
        if self._stream is None:
            return {}
        found = self._stream.probabilities(self._values(x, learned=False), len(self._classes))
        total = sum(found)
        return {label: probability / total for label, probability in zip(self._classes, found, strict=True)}

    def learn_many(self, X: pandas.DataFrame, y: pandas.Series) -> None:
        """Learn the rows of a frame with their classes, one after the other."""
        for row, label in zip(X.to_dict("records"), y, strict=True):
            self.learn_one(row, label)

    def predict_proba_many(self, X: pandas.DataFrame) -> pandas.DataFrame:
        """The probabilities of the classes for each row of a frame: a frame with a column for each class."""
        import pandas

        rows = [self.predict_proba_one(row) for row in X.to_dict("records")]
        return pandas.DataFrame(rows, index=X.index, columns=list(self._classes))

    def predict_many(self, X: pandas.DataFrame) -> pandas.Series:
        """The most probable class for each row of a frame."""
        import pandas

        found = self.predict_proba_many(X)
        if found.empty:
            return pandas.Series([None] * len(X), index=X.index, dtype="object")
        return found.idxmax(axis="columns")

    def _values(self, x: Mapping[Hashable, Any], learned: bool) -> list[float | str]:
        """The values of the features that are known, in the order in which they became so; new ones are taken in if it is learned from."""
        if not isinstance(x, Mapping):
            raise WrongTypeError(f"x is of the type {type(x).__name__}: must be a dict of features by name")
        values = {str(name): _value(name, value) for name, value in x.items()}
        if len(values) < len(x):
            raise InvalidValueError(f"x has {len(x)} features, but {len(values)} names as text: must have names of their own")
        if learned:
            new = sorted(values.keys() - self._known)
            if new:
                if self._stream is not None:
                    self._stream.header([*self._names, *new])
                self._names += new
                self._known.update(new)
        return [values.get(name, math.nan) for name in self._names]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["_stream"] = None if self._stream is None else self._stream.save()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if state["_stream"] is not None:
            self._stream = _native.Stream.load(state["_stream"], self._names)


def _value(name: Hashable, value: Any) -> float | str:
    """What the compiled part takes: a number, NaN where it is missing, or a text."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, np.bool_, np.number)) and not isinstance(value, np.complexfloating):
        return float(value)
    raise WrongTypeError(f"x[{name!r}] is of the type {type(value).__name__}: must be a number, a truth value, a text or None")
