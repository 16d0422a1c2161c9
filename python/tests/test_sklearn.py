"""scikit-learn's own checks, and that the models learn."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import tegmentum
from tegmentum.sklearn import DopamineClassifier, DopamineForecaster, DopamineRegressor, StreamClassifier


@parametrize_with_checks(
    [
        DopamineClassifier(max_evaluations=4_000),
        DopamineRegressor(max_evaluations=4_000),
        DopamineClassifier(learner="dopamine", max_evaluations=8_000),
        StreamClassifier(passes=3),
    ]
)
def test_estimators_keep_the_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("learner", ["node-perturbation", "dopamine"])
def test_classes_of_iris_are_learned(learner):
    X, y = load_iris(return_X_y=True)
    scores = cross_val_score(DopamineClassifier(learner=learner, random_state=1), X, y, cv=5)
    assert scores.mean() > 0.9, scores


def test_digits_are_learned():
    X, y = load_digits(return_X_y=True)
    train, test, train_y, test_y = train_test_split(X, y, random_state=1, stratify=y)
    scores = [DopamineClassifier(max_evaluations=20_000, random_state=seed).fit(train, train_y).score(test, test_y) for seed in range(3)]
    assert np.mean(scores) > 0.93, scores


def test_seeds_give_bits_and_models_survive_pickling():
    X, y = load_iris(return_X_y=True)
    models = [DopamineClassifier(max_evaluations=2_000, random_state=seed).fit(X, y) for seed in (1, 1, 2)]
    assert (models[0].coefs_ == models[1].coefs_).all() and (models[0].coefs_ != models[2].coefs_).any()
    again = pickle.loads(pickle.dumps(models[0]))
    assert (again.predict_proba(X) == models[0].predict_proba(X)).all()


def test_training_ends_early():
    X = np.random.default_rng(1).normal(size=(200, 3))
    model = DopamineRegressor(max_evaluations=100_000, random_state=1).fit(X, X[:, 0])
    assert model.n_evaluations_ < 100_000 and model.best_evaluations_ <= model.n_evaluations_


def test_pipelines_and_searches():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), DopamineClassifier(max_evaluations=1_000, random_state=1))
    search = GridSearchCV(pipeline, {"dopamineclassifier__hidden_layer_sizes": [(4,), (8, 8)]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_layer_sizes": (0,)},
        {"hidden_layer_sizes": (2**20, 2**20)},
        {"learner": "adam"},
        {"learner": "x"},
        {"learner": None},
        {"max_evaluations": 0},
        {"validation_fraction": 1.0},
    ],
)
def test_settings_that_cannot_be_used(settings):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(tegmentum.TegmentumError):
        DopamineClassifier(**settings).fit(X, y)


def test_a_series_is_continued():
    t = np.arange(150)
    series = 0.1 * t + 5 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(1).normal(size=150) * 0.1
    model = DopamineForecaster(horizon=6, networks=1, random_state=1).fit(series[:-6])
    low, high = model.predict_interval(95)
    assert model.season_ == 12 and np.abs(model.predict() - series[-6:]).max() < 0.6
    assert (low < model.predict()).all() and (model.predict_interval(80)[1] < high).all()
    assert (pickle.loads(pickle.dumps(model)).predict() == model.predict()).all()


@pytest.mark.parametrize("y", [[], [1.0, 2.0], [np.nan] * 50, "text", None, np.ones((50, 2)), [1.0] * 50])
def test_series_that_cannot_be_learned(y):
    with pytest.raises(tegmentum.TegmentumError):
        DopamineForecaster().fit(y)
    for settings in ({"horizon": 0}, {"networks": -1}, {"season": 0}, {"train_fraction": 2}, {"evaluations": "x"}):
        with pytest.raises(tegmentum.TegmentumError):
            DopamineForecaster(**settings).fit(np.sin(np.arange(100)))


def test_rows_at_once_are_rows_one_by_one():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 4))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.where(np.nan_to_num(X[:, 0]) > 0, "high", "low")
    whole = StreamClassifier(random_state=1).fit(X, y)
    one = StreamClassifier(random_state=1)
    for row, label in zip(X, y):
        one.partial_fit([row], [label], classes=["high", "low"])
    assert (whole.predict_proba(X) == one.predict_proba(X)).all() and whole.members_ == one.members_
    again = pickle.loads(pickle.dumps(whole))
    assert (again.partial_fit(X, y).predicted_ == whole.partial_fit(X, y).predicted_).all() and again.members_ == whole.members_


def test_a_stream_that_turns_round_is_learned_anew():
    """Ten streams whose rule is turned round: noradrenaline fires in each, and without acetylcholine (a step size of its own for each synapse) less is right."""
    better = fired = 0
    for seed in range(10):
        X = np.random.default_rng(seed).normal(size=(4_000, 3))
        y = (X[:, 0] + X[:, 1] > 0) ^ (np.arange(4_000) >= 2_000)
        found = []
        for lesions in ((), ("acetylcholine",)):
            model = StreamClassifier(random_state=seed, lesions=lesions).partial_fit(X, y, classes=[False, True])
            found.append((model.predicted_ == y)[2_000:3_000].mean())
            fired += not lesions and any(member.beginnings for member in model.members_)
        better += found[0] > found[1] + 0.005
    assert fired == 10 and better >= 8, (fired, better)


@pytest.mark.parametrize("kind", [StreamClassifier, DopamineClassifier])
@pytest.mark.parametrize(
    ("classes", "y", "text"),
    [
        (None, [0, 1], "classes is None"),
        ([0, 1], [0, 2], "y[1] = "),
        ([0], [0, 0], "one class"),
        ([], [0, 0], "no class"),
        ([0, 1], ["a", "b"], "y[0] = "),
    ],
)
def test_wrong_classes_are_refused(kind, classes, y, text):
    with pytest.raises(ValueError) as raised:
        kind().partial_fit([[1.0], [2.0]], y, classes=classes)
    assert text in str(raised.value)


def test_a_batch_with_a_number_that_is_too_large_teaches_nothing():
    model = StreamClassifier(random_state=1).partial_fit([[1.0], [2.0]], [0, 1], classes=[0, 1])
    before = model.predict_proba([[1.0], [2.0]])
    with pytest.raises(ValueError, match=r"X\[1, 0\] = 1e\+200"):
        model.partial_fit([[1.0], [1e200]], [0, 1])
    assert (model.predict_proba([[1.0], [2.0]]) == before).all()


def parts(rows, seed):
    """Five parts of the rows in a random order."""
    return np.array_split(np.random.default_rng(seed).permutation(rows), 5)


@pytest.mark.parametrize("learner", ["node-perturbation", "dopamine"])
def test_further_calls_go_on(learner):
    """Ten seeds: after five parts of iris more is known than after the first one, and a call spends no more than it may."""
    X, y = load_iris(return_X_y=True)
    first, last = [], []
    for seed in range(10):
        model = DopamineClassifier(learner=learner, partial_evaluations=500, random_state=seed)
        for index, rows in enumerate(parts(len(X), seed)):
            spent = getattr(model, "n_evaluations_", 0)
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
            assert 0 < model.n_evaluations_ - spent <= 520 and model.best_evaluations_ <= model.n_evaluations_
            (first if index == 0 else last).append(model.score(X, y))
    assert np.mean(last[3::4]) > 0.9 and np.mean(last[3::4]) > np.mean(first), (first, last)


def test_a_further_call_does_not_begin_anew():
    X = np.random.default_rng(1).normal(size=(400, 3))
    y = X @ [1.0, -2.0, 0.5]
    model = DopamineRegressor(random_state=1, partial_evaluations=20).fit(X, y)
    before = model.score(X, y)
    model.partial_fit(X[:200], y[:200])
    anew = DopamineRegressor(random_state=1, partial_evaluations=20).partial_fit(X[:200], y[:200])
    assert before > 0.9 and model.score(X, y) > before - 0.05 and anew.score(X, y) < before - 0.05


@pytest.mark.parametrize("kind", [DopamineClassifier, DopamineRegressor])
def test_calls_follow_from_the_seed_and_their_number(kind):
    X, y = load_iris(return_X_y=True)
    classes = {"classes": [0, 1, 2]} if kind is DopamineClassifier else {}

    def after(seed, calls, copied=False):
        model = kind(partial_evaluations=200, random_state=seed)
        for _ in range(calls):
            model.partial_fit(X, y, **classes)
            model = pickle.loads(pickle.dumps(model)) if copied else model
        return model.coefs_

    assert (after(1, 3) == after(1, 3)).all() and (after(1, 3) == after(1, 3, copied=True)).all()
    assert (after(1, 3) != after(2, 3)).any()
    # A call with the same rows is not the call before it again.
    fitted = [kind(max_evaluations=400, partial_evaluations=200, random_state=1).fit(X, y) for _ in range(2)]
    fitted[1].partial_fit(X[:5], y[:5])
    assert (fitted[0].partial_fit(X, y).coefs_ != fitted[1].partial_fit(X, y).coefs_).any()


def test_perceptrons_refuse_other_classes_and_budgets():
    model = DopamineClassifier(partial_evaluations=50).partial_fit([[1.0], [2.0]], [0, 1], classes=[0, 1])
    with pytest.raises(ValueError, match="those of the first call"):
        model.partial_fit([[1.0]], [0], classes=[0, 1, 2])
    with pytest.raises(tegmentum.TegmentumError, match="partial_evaluations"):
        model.set_params(partial_evaluations=0).partial_fit([[1.0]], [0])
