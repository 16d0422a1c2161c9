"""river's own checks, and that a batch is what its examples are."""

import math
import pickle

import numpy as np
import pytest

pytest.importorskip("river")

import pandas
from river import checks, evaluate, metrics, tree
from river.datasets import synth

import tegmentum
from tegmentum.river import StreamClassifier

MODELS = [
    StreamClassifier(seed=1),
    StreamClassifier(seed=2, lesions=("noradrenaline",)),
    StreamClassifier(seed=3, driver="adwin"),
]


@pytest.mark.parametrize(
    ("model", "check"), [pytest.param(model, check, id=f"{index}-{check.__name__}") for index, model in enumerate(MODELS) for check in checks.yield_checks(model)]
)
def test_rivers_checks_pass(model, check):
    check(model.clone())


def stream(count=600, seed=1):
    return list(synth.Agrawal(classification_function=2, seed=seed).take(count))


def test_a_batch_is_its_examples_one_by_one():
    rows = stream()
    one, many = StreamClassifier(seed=1), StreamClassifier(seed=1)
    for x, y in rows:
        one.learn_one(x, y)
    frame, labels = pandas.DataFrame([x for x, _ in rows]), pandas.Series([y for _, y in rows])
    for start in range(0, len(rows), 100):
        many.learn_many(frame[start : start + 100], labels[start : start + 100])
    found = many.predict_proba_many(frame)
    assert found.to_dict("records") == [one.predict_proba_one(x) for x, _ in rows]
    assert many.predict_many(frame).tolist() == [one.predict_one(x) for x, _ in rows]
    assert one.members == many.members and one.levels == many.levels


def test_it_is_the_learner_of_scikit_learn():
    from tegmentum.sklearn import StreamClassifier as Batches

    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = (np.nan_to_num(X[:, 0]) > 0).astype(int)
    y[:2] = [0, 1]
    batches = Batches(random_state=7).partial_fit(X[:200], y[:200], classes=[0, 1]).partial_fit(X[200:], y[200:])
    seed = int(np.random.RandomState(7).randint(2**31 - 1))
    one = StreamClassifier(seed=seed)
    predicted = []
    for row, label in zip(X, y):
        x = {f"x{index}": value for index, value in enumerate(row)}
        predicted.append(one.predict_one(x))
        one.learn_one(x, int(label))
    assert predicted[200:] == batches.predicted_.tolist()
    assert one.members == batches.members_


def test_features_and_classes_may_come_and_go():
    model = StreamClassifier(seed=1)
    for index in range(300):
        x = {"a": float(index % 2)} if index < 100 else {"b": "red" if index % 2 else "blue", "a": None if index > 200 else float(index % 2)}
        model.learn_one(x, ("no", "yes", 3)[index % 2 if index < 250 else 2])
    assert set(model.predict_proba_one({"b": "red"})) == {"no", "yes", 3}
    before = pickle.dumps(model)
    model.predict_one({"never seen": 1.0})
    assert pickle.dumps(model) == before


def test_states_go_on():
    rows = stream()
    whole, part = StreamClassifier(seed=1), StreamClassifier(seed=1)
    for x, y in rows[:300]:
        whole.learn_one(x, y)
        part.learn_one(x, y)
    part = pickle.loads(pickle.dumps(part))
    for x, y in rows[300:]:
        whole.learn_one(x, y)
        part.learn_one(x, y)
        assert whole.predict_proba_one(x) == part.predict_proba_one(x)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        ([1.0], tegmentum.WrongTypeError, "x is of the type list: must be a dict"),
        ({"a": 1j}, tegmentum.WrongTypeError, "x['a'] is of the type complex"),
        ({"a": [1.0]}, tegmentum.WrongTypeError, "x['a'] is of the type list"),
        ({"a": math.inf}, tegmentum.InvalidValueError, "between -1e100 and 1e100"),
        ({1: 1.0, "1": 2.0}, tegmentum.InvalidValueError, "x has 2 features, but 1 names"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_leaves_the_model_usable(x, error, text):
    model = StreamClassifier(seed=1)
    with pytest.raises(error) as raised:
        model.learn_one(x, True)
    assert text in str(raised.value)
    model.learn_one({"a": 1.0}, True)
    with pytest.raises(error):
        model.learn_one(x, False)
    assert model.predict_one({"a": 1.0}) is True and model.predict_proba_one({"a": 1.0}) == {True: 1.0}


@pytest.mark.parametrize(
    ("driver", "text"),
    [
        ("adwyn", 'driver = "adwyn": unknown detector'),
        (3, "driver = 3: must be a name"),
        (["adwin"], "driver = ['adwin']: must be a name"),
        ({"adwin": {"delte": 0.1}}, 'driver = {"adwin": {"delte": 0.1}}: unknown field `delte`'),
        ({"adwin": {"delta": 2.0}}, 'driver = {"adwin": {"delta": 2.0}}: detector.adwin.delta = 2: must be above 0 and below 1'),
        ({"adwin": {}, "kswin": {}}, "driver = {'adwin': {}, 'kswin': {}}: must have one name"),
        ({}, "driver = {}: must have one name"),
    ],
)
def test_wrong_drivers_are_refused(driver, text):
    with pytest.raises(tegmentum.TegmentumError) as raised:
        StreamClassifier(driver=driver).learn_one({"a": 1.0}, True)
    assert text in str(raised.value)


def test_a_driver_is_refused_where_noradrenaline_is_lesioned():
    with pytest.raises(tegmentum.TegmentumError, match="noradrenaline is lesioned"):
        StreamClassifier(driver="adwin", lesions=("noradrenaline",)).learn_one({"a": 1.0}, True)


def test_a_driver_decides_when_noradrenaline_speaks():
    def beginnings(driver):
        model = StreamClassifier(seed=4, driver=driver)
        for i in range(600):
            model.learn_one({"size": float(i % 10)}, (i % 10 > 4) != (i >= 300))
        return sum(member.beginnings for member in model.members)

    assert beginnings("never") == 0
    assert beginnings("always") > beginnings("page_hinkley")
    assert beginnings({"page_hinkley": {}}) == beginnings("page_hinkley")
    assert beginnings({"periodic": {"period": 1}}) == beginnings("always")
    assert beginnings("always") > beginnings({"periodic": {"period": 3}}) > 0


@pytest.mark.parametrize("lesions", ["noradrenaline", 3, ("adrenaline",)])
def test_wrong_modulators_are_refused(lesions):
    with pytest.raises(tegmentum.TegmentumError, match="lesions"):
        StreamClassifier(lesions=lesions).learn_one({"a": 1.0}, True)


def test_it_learns_beside_rivers_trees():
    """Ten streams whose rule changes; a Hoeffding tree without a detector is the bar, with a margin for chance."""
    better = 0
    for seed in range(10):
        found = []
        for model in (StreamClassifier(seed=seed), tree.HoeffdingTreeClassifier()):
            rule = [synth.SEA(variant=variant, seed=seed).take(2_000) for variant in (0, 3, 0)]
            found.append(evaluate.progressive_val_score((row for part in rule for row in part), model, metrics.Accuracy()).get())
        better += found[0] > found[1] - 0.01
    assert better >= 8
