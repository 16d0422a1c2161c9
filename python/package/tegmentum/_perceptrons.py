"""Perceptrons for scikit-learn that are trained by forward passes alone; `tegmentum.sklearn` names them. Needs scikit-learn.

The network, its learners and the rule that ends the training are those of ``tegmentum train`` (the repository's ``docs/own-table.md``): batches of
64 rows; the loss on validation rows is looked at 200 times over the evaluations, and when 50 looks in a row were not better than the best one, the
parameters of that one are the result. `partial_fit` goes on from the parameters as they are, with a budget of its own for each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]
from sklearn.utils import check_random_state  # type: ignore[import-untyped]
from sklearn.utils.multiclass import check_classification_targets  # type: ignore[import-untyped]
from sklearn.utils.validation import check_is_fitted, validate_data  # type: ignore[import-untyped]

from tegmentum import _arrays, _native
from tegmentum._classes import at_least_two, classes_of_call, places_of
from tegmentum._settings import encode

__all__ = ["DopamineClassifier", "DopamineRegressor"]

#: Fewer rows than this are learned from and validated on as a whole.
_LEAST_TO_SPLIT = 10
#: Standardised inputs beyond this many standard deviations are cut there, as in models of tables.
_FARTHEST = 10.0


class _Perceptron(BaseEstimator):  # type: ignore[misc]
    """What the two models have in common."""

    coefs_: NDArray[np.float32]
    n_features_in_: int

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (32,),
        *,
        learner: str = "node-perturbation",
        max_evaluations: int = 20_000,
        validation_fraction: float = 0.2,
        partial_evaluations: int = 2_000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learner = learner
        self.max_evaluations = max_evaluations
        self.validation_fraction = validation_fraction
        self.partial_evaluations = partial_evaluations
        self.random_state = random_state

    def _train(
        self, inputs: NDArray[np.float64], targets: NDArray[np.float32], strata: Any, classes: bool, partial: bool = False
    ) -> None:
        """Begins: standardises inputs [n, features], makes a network, trains it on targets [n, outputs]."""
        given: Any = self.hidden_layer_sizes
        sizes = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
        hidden = [_arrays.whole(f"hidden_layer_sizes[{index}]", size, 1, 2**20) for index, size in enumerate(sizes)]
        random = check_random_state(self.random_state)
        self._center = inputs.mean(axis=0)
        scale = inputs.std(axis=0)
        # A column that is constant but for rounding says nothing.
        self._scale = np.where(scale > 1e-12 * np.abs(self._center), scale, 1.0)
        network = _native.Network(inputs.shape[1], targets.shape[1], hidden, classes)
        found, seed = self._learned(network, None, inputs, targets, strata, random, partial)
        self.coefs_, self.n_evaluations_, self.best_evaluations_ = found
        self._network, self._shape = network, (inputs.shape[1], targets.shape[1], hidden, classes)
        # What further calls of partial_fit follow from, and how many there were.
        self._seed, self._calls = seed, 0

    def _go_on(self, inputs: NDArray[np.float64], targets: NDArray[np.float32], strata: Any) -> None:
        """Goes on from the parameters as they are, with the standardisation of the beginning; the counts are sums over calls."""
        random = np.random.RandomState([self._seed, self._calls + 1])
        found, _ = self._learned(self._network, self.coefs_, inputs, targets, strata, random, True)
        self._calls += 1
        self.coefs_ = found[0]
        self.best_evaluations_ = self.n_evaluations_ + found[2]
        self.n_evaluations_ += found[1]

    def _learned(
        self,
        network: _native.Network,
        start: NDArray[np.float32] | None,
        inputs: NDArray[np.float64],
        targets: NDArray[np.float32],
        strata: Any,
        random: np.random.RandomState,
        partial: bool,
    ) -> tuple[tuple[NDArray[np.float32], int, int], int]:
        """Splits and trains from `start` on: parameters, evaluations, those of the best; and the seed of the training."""
        name = "partial_evaluations" if partial else "max_evaluations"
        budget = _arrays.whole(name, getattr(self, name), 1)
        share = _arrays.number("validation_fraction", self.validation_fraction, 0.0, 0.9)
        rows = self._standardised(inputs)
        train = validation = np.arange(len(rows))
        if len(rows) >= _LEAST_TO_SPLIT and share > 0.0:
            train, validation = _split(train, share, strata, random)
        seed = int(random.randint(2**31 - 1))
        found = _native.fit_rows(
            network,
            start,
            np.ascontiguousarray(rows[train]),
            np.ascontiguousarray(targets[train]),
            np.ascontiguousarray(rows[validation]),
            np.ascontiguousarray(targets[validation]),
            learner=encode("learner", self.learner),
            budget=budget,
            seed=seed,
        )
        return found, seed

    def _standardised(self, inputs: NDArray[np.float64]) -> NDArray[np.float32]:
        found = (inputs - self._center) / self._scale
        return np.ascontiguousarray(np.clip(found, -_FARTHEST, _FARTHEST), dtype=np.float32)

    def _outputs(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self, "coefs_")
        inputs = validate_data(self, X, reset=False, dtype=np.float64)
        return self._network.forward(self.coefs_, self._standardised(inputs))

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_network", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_shape" in state:
            self._network = _native.Network(*state["_shape"])


def _split(rows: NDArray[np.intp], share: float, strata: Any, random: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from and to validate on; by class where every class has enough of them."""
    if strata is not None:
        counts = np.unique(strata, return_counts=True)[1]
        if counts.min() < 2 or min(len(rows) * share, len(rows) * (1 - share)) < len(counts):
            strata = None
    train, validation = train_test_split(rows, test_size=share, stratify=strata, random_state=random)
    return train, validation


class DopamineClassifier(ClassifierMixin, _Perceptron):  # type: ignore[misc]
    """A perceptron for classes, trained by forward passes alone.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (32,)
        Units of the hidden layers, tanh.
    learner : {"node-perturbation", "dopamine"}, default "node-perturbation"
        Noise on units, or noise on weights with four modulators (nothing but losses is seen).
    max_evaluations : int, default 20 000
        Forward passes of a batch of 64 rows, at most.
    validation_fraction : float, default 0.2
        The share of rows that end the training, between 0 and 0.9. With 0, or fewer than 10 rows, all rows do.
    partial_evaluations : int, default 2 000
        The same for each call of `partial_fit`, of whatever number of rows.
    random_state : int, RandomState or None, default None
        What everything random follows from.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    coefs_ : ndarray of shape (P,), float32
        The parameters.
    n_evaluations_, best_evaluations_ : int
        Evaluations spent over all calls, and after how many the parameters were the best ones.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tegmentum.sklearn import DopamineClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DopamineClassifier(random_state=1).fit(X, y)
    >>> bool(model.score(X, y) > 0.93)
    True
    """

    classes_: NDArray[Any]

    def fit(self, X: ArrayLike, y: ArrayLike) -> DopamineClassifier:
        """Learn from rows X of shape (n, features) with their classes y of shape (n,)."""
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, indices = np.unique(labels, return_inverse=True)
        at_least_two(self.classes_, "y")
        self._train(inputs, np.eye(len(self.classes_), dtype=np.float32)[indices], indices, True)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> DopamineClassifier:
        """Go on from the model as it is with further rows: at most ``partial_evaluations`` evaluations.

        The first call, if `fit` was not called before, must name all `classes` that will ever come; inputs are standardised by its rows for
        good. Result and counts follow from ``random_state``, the number of the call and the rows. On the rows that end the training (see
        ``validation_fraction``) a call does not make the model worse.
        """
        first = not hasattr(self, "coefs_")
        inputs, labels = validate_data(self, X, y, dtype=np.float64, reset=first)
        check_classification_targets(labels)
        known = classes_of_call(None if first else self.classes_, classes)
        indices = places_of(labels, known)
        targets = np.eye(len(known), dtype=np.float32)[indices]
        if first:
            self._train(inputs, targets, indices, True, partial=True)
            self.classes_ = known
        else:
            self._go_on(inputs, targets, indices)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of the classes, of shape (n, n_classes), in the order of ``classes_``."""
        found = self._outputs(X).astype(np.float64)
        return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row, of shape (n,)."""
        indices = self._outputs(X).argmax(axis=1)
        return np.asarray(self.classes_[indices])


class DopamineRegressor(RegressorMixin, _Perceptron):  # type: ignore[misc]
    """A perceptron for a number, trained by forward passes alone.

    Parameters
    ----------
    hidden_layer_sizes, learner, max_evaluations, validation_fraction, partial_evaluations, random_state
        Those of `DopamineClassifier`.

    Attributes
    ----------
    coefs_ : ndarray of shape (P,), float32
        The parameters.
    n_evaluations_, best_evaluations_ : int
        Evaluations spent over all calls, and after how many the parameters were the best ones.

    Examples
    --------
    >>> import numpy as np
    >>> from tegmentum.sklearn import DopamineRegressor
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> model = DopamineRegressor(random_state=1).fit(X, np.sin(X[:, 0]))
    >>> bool(model.score(X, np.sin(X[:, 0])) > 0.95)
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> DopamineRegressor:
        """Learn from rows X of shape (n, features) with their numbers y of shape (n,)."""
        inputs, numbers = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        numbers = np.asarray(numbers, dtype=np.float64)
        self._standard(numbers)
        self._train(inputs, self._scaled(numbers), None, False)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> DopamineRegressor:
        """Go on from the model as it is with further rows: at most ``partial_evaluations`` evaluations.

        Inputs and numbers are standardised by the rows of the first call, `fit` or this, for good. Otherwise as
        `DopamineClassifier.partial_fit`.
        """
        first = not hasattr(self, "coefs_")
        inputs, numbers = validate_data(self, X, y, dtype=np.float64, y_numeric=True, reset=first)
        numbers = np.asarray(numbers, dtype=np.float64)
        if first:
            self._standard(numbers)
            self._train(inputs, self._scaled(numbers), None, False, partial=True)
        else:
            self._go_on(inputs, self._scaled(numbers), None)
        return self

    def _standard(self, numbers: NDArray[np.float64]) -> None:
        self._mean, deviation = float(numbers.mean()), float(numbers.std())
        self._deviation = deviation if deviation > 0.0 else 1.0

    def _scaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """Standardised numbers, of shape (n, 1)."""
        return np.ascontiguousarray((numbers - self._mean) / self._deviation, dtype=np.float32)[:, None]

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """The number of each row, of shape (n,)."""
        return np.asarray(self._outputs(X)[:, 0].astype(np.float64) * self._deviation + self._mean)
