"""Models for scikit-learn: networks that are trained by forward passes alone, forecasts and streams. Needs scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin  # type: ignore[import-untyped]
from sklearn.utils import check_random_state  # type: ignore[import-untyped]
from sklearn.utils.multiclass import check_classification_targets  # type: ignore[import-untyped]
from sklearn.utils.validation import check_is_fitted, validate_data  # type: ignore[import-untyped]

from tegmentum import _arrays, _native
from tegmentum._classes import at_least_two, classes_of_call, places_of
from tegmentum._optimize import Levels
from tegmentum._perceptrons import DopamineClassifier, DopamineRegressor
from tegmentum._settings import Settings, encode
from tegmentum._stream import Member, driver_of, lesions_of, members_of
from tegmentum.errors import InvalidValueError

__all__ = ["DopamineClassifier", "DopamineForecaster", "DopamineRegressor", "StreamClassifier"]

#: The largest number that a stream may have.
_LARGEST = 1e100


class DopamineForecaster(BaseEstimator):  # type: ignore[misc]
    """A series continued, with intervals, as by ``tegmentum forecast``.

    A season that is found, an average of simple linear models, and recurrent networks that learn what those leave by forward passes alone: the
    recipe of the repository's ``docs/forecast.md``.

    Parameters
    ----------
    horizon : int, default 12
        Rows that are forecast past the end.
    season : int, optional
        Rows after which the series repeats itself; found if not given, none if 1.
    networks : int, default 3
        Networks whose mean is taken; 0 for the linear models alone.
    evaluations : int, default 450
        Evaluations of each training of a network.
    train_fraction : float, default 0.7
        The rows before the part on which the intervals and the weight of the networks are found.
    random_state : int, RandomState or None, default None
        What everything random follows from.

    Attributes
    ----------
    season_ : int or None
        The season that was found, in rows.

    Examples
    --------
    >>> import numpy as np
    >>> from tegmentum.sklearn import DopamineForecaster
    >>> t = np.arange(120)
    >>> model = DopamineForecaster(horizon=3, networks=0).fit(t + 10.0 * (t % 12))
    >>> model.season_, model.predict().round(0).tolist()
    (12, [120.0, 131.0, 142.0])
    """

    season_: int | None

    def __init__(
        self,
        horizon: int = 12,
        *,
        season: int | None = None,
        networks: int = 3,
        evaluations: int = 450,
        train_fraction: float = 0.7,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.networks = networks
        self.evaluations = evaluations
        self.train_fraction = train_fraction
        self.random_state = random_state

    def fit(self, y: ArrayLike) -> DopamineForecaster:
        """Learn a series y of shape (n,), at equal steps of time; Ctrl-C is heard when it is done."""
        most = 20_000
        settings = {
            "horizon": _arrays.whole("horizon", self.horizon, 1, most),
            "networks": _arrays.whole("networks", self.networks, 0, 100),
            "evaluations": _arrays.whole("evaluations", self.evaluations, 1),
            "train_fraction": _arrays.number("train_fraction", self.train_fraction, 0.0, 1.0),
            "seed": int(check_random_state(self.random_state).randint(2**31 - 1)),
        }
        if self.season is not None:
            settings["season"] = _arrays.whole("season", self.season, 1, most)
        found = _native.forecast(_arrays.vector("y", y, np.float64), encode("forecast", settings))
        self.season_ = found["season"]
        self._future, self._widths = found["future"], {80: found["half_widths_80"], 95: found["half_widths_95"]}
        return self

    def predict(self) -> NDArray[np.float64]:
        """The rows past the end, of shape (horizon,), or fewer where the series is short."""
        check_is_fitted(self, "season_")
        return np.asarray(self._future.copy())

    def predict_interval(self, coverage: int = 95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper ends of the intervals that cover 80 or 95 of 100 rows, each of shape (horizon,)."""
        check_is_fitted(self, "season_")
        if coverage not in (80, 95):
            raise InvalidValueError(f"coverage = {coverage!r}: must be 80 or 95")
        widths = self._widths[coverage]
        return self._future - widths, self._future + widths


class StreamClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that learns on while the world changes, row by row, by forward passes alone.

    The learner of ``tegmentum stream`` (the repository's ``docs/stream.md``) and of `tegmentum.river.StreamClassifier`: a committee of four
    networks, each under four modulators of its own. `partial_fit` on rows is what `partial_fit` on each of them in turn is.

    Parameters
    ----------
    passes : int, default 1
        How often `fit` goes through its rows.
    lesions : sequence of {"dopamine", "acetylcholine", "serotonin", "noradrenaline"}, default ()
        Modulators that are never released.
    driver : str, dict or None, default None
        A detector that drives noradrenaline in place of summed surprise, on the mean loss of each 20 rows: "adwin", "page_hinkley" or
        "kswin", or one that looks at nothing: "always", "never" or "periodic"; with settings, ``{"page_hinkley": {"threshold": 2.0}}``.
    random_state : int, RandomState or None, default None
        What everything random follows from.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    predicted_ : ndarray of shape (n,)
        What was predicted for each row of the last call before it was learned from. Its accuracy is the prequential one.
    members_ : list of Member
        Weight, levels of the modulators, cooling and new beginnings of each network.
    levels_ : Levels
        The levels in the network that has most weight.

    Examples
    --------
    >>> import numpy as np
    >>> from tegmentum.sklearn import StreamClassifier
    >>> X = np.random.default_rng(1).normal(size=(1500, 2))
    >>> model = StreamClassifier(random_state=1)
    >>> for day in np.split(X, 3):
    ...     _ = model.partial_fit(day, day[:, 0] > day[:, 1], classes=[False, True])
    >>> bool((model.predicted_ == (day[:, 0] > day[:, 1])).mean() > 0.9), model.members_[0].beginnings
    (True, 0)
    """

    classes_: NDArray[Any]
    predicted_: NDArray[Any]

    def __init__(
        self,
        *,
        passes: int = 1,
        lesions: Sequence[str] = (),
        driver: Settings | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.passes = passes
        self.lesions = lesions
        self.driver = driver
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> StreamClassifier:
        """Begin anew, and learn rows X of shape (n, features) with their classes y of shape (n,) in their order; NaN is missing."""
        passes = _arrays.whole("passes", self.passes, 1)
        inputs, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self._begin(at_least_two(np.unique(labels), "y"))
        for _ in range(passes):
            self._learn(inputs, labels)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> StreamClassifier:
        """Learn further rows. The first call must name all `classes` that will ever come."""
        first = not hasattr(self, "classes_")
        inputs, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", reset=first)
        check_classification_targets(labels)
        known = classes_of_call(None if first else self.classes_, classes)
        if first:
            self._begin(known)
        self._learn(inputs, labels)
        return self

    def _begin(self, classes: NDArray[Any]) -> None:
        lesions, seed = lesions_of(self.lesions), int(check_random_state(self.random_state).randint(2**31 - 1))
        self._stream = _native.Stream(lesions, driver_of(self.driver), seed)
        self._names = [f"x{index}" for index in range(self.n_features_in_)]
        self._stream.header(self._names)
        self.classes_ = classes

    def _learn(self, inputs: NDArray[np.float64], labels: NDArray[Any]) -> None:
        far = np.argwhere(np.abs(inputs) > _LARGEST)
        if len(far) > 0:
            row, column = (int(place) for place in far[0])
            raise InvalidValueError(f"X[{row}, {column}] = {inputs[row, column]}: must be between -1e100 and 1e100, or NaN")
        indices = places_of(labels, self.classes_).tolist()
        predicted, _ = self._stream.learn_rows(np.ascontiguousarray(inputs), indices)
        self.predicted_ = self.classes_[np.maximum(predicted, 0)]

    @property
    def members_(self) -> list[Member]:
        """Weight, levels of the modulators, cooling and new beginnings of each network."""
        check_is_fitted(self, "classes_")
        return members_of(self._stream)

    @property
    def levels_(self) -> Levels:
        """The levels in the network that has most weight."""
        return max(self.members_, key=lambda member: member.weight).levels

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of the classes, of shape (n, n_classes), in the order of ``classes_``; nothing is learned."""
        check_is_fitted(self, "classes_")
        inputs = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        found = self._stream.probabilities_of_rows(np.ascontiguousarray(inputs), len(self.classes_))
        sums = found.sum(axis=1, keepdims=True)
        # Before the first row of any class is known, all are as probable.
        even = np.full_like(found, 1.0 / len(self.classes_))
        return np.asarray(np.divide(found, sums, out=even, where=sums > 0.0), dtype=np.float64)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row, of shape (n,)."""
        check_is_fitted(self, "classes_")
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        if "_stream" in state:
            state["_stream"] = self._stream.save()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_stream" in state:
            self._stream = _native.Stream.load(state["_stream"], self._names)
