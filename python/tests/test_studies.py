"""Studies, and what comes of them."""

import os
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import tegmentum

BINARY = os.environ.get("TEGMENTUM_BINARY")

STUDY = {
    "name": "mine",
    "title": "Two rates",
    "question": "Which rate is better?",
    "kind": "compare",
    "budget": 300,
    "metrics": ["loss"],
    "seeds": {"first": 7, "count": 3},
    "task": {"xor": {}},
    "network": {"mlp": {"hidden": [4]}},
    "arm": [
        {"name": "slow", "optimizer": {"spsa": {"learning_rate": 0.01}}},
        {"name": "fast", "optimizer": {"spsa": {"learning_rate": 0.1}}},
    ],
    "claim": [
        {"text": "Fast is better", "arm": "fast", "reference": "slow", "metric": "loss", "effect": "ratio", "at_most": 0.9}
    ],
}


@pytest.mark.skipif(BINARY is None, reason="TEGMENTUM_BINARY names no binary of the command line")
@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["run", "mine.toml", "--seeds", "4"], lambda: tegmentum.run(STUDY, seeds=4)),
        (["run", "go-no-go", "--seeds", "2"], lambda: tegmentum.run("go-no-go", seeds=2)),
        (
            ["lesion", "go-no-go", "--arm", "four", "--seeds", "2"],
            lambda: tegmentum.lesion("go-no-go", arm="four", seeds=2),
        ),
        (
            ["dose", "go-no-go", "--modulator", "noradrenaline", "--action", "agonist", "--arm", "dopamine", "--seeds", "2"],
            lambda: tegmentum.dose("go-no-go", modulator="noradrenaline", action="agonist", arm="dopamine", seeds=2),
        ),
    ],
    ids=["run", "behaviour", "lesion", "dose"],
)
def test_records_are_those_of_the_command_line(tmp_path, words, call):
    (tmp_path / "mine.toml").write_text(tegmentum.run(STUDY, seeds=1).study)
    done = subprocess.run([BINARY, *words, "--out", "out"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (records,) = tmp_path.rglob("records.csv")
    assert call().records_csv == records.read_bytes()


def test_a_study_as_a_dict_and_as_a_file(tmp_path):
    results = tegmentum.run(STUDY)
    path = tmp_path / "mine.toml"
    path.write_text(results.study)
    again = tegmentum.run(path, folder=tmp_path / "out")
    assert again.records_csv == results.records_csv == (tmp_path / "out" / "records.csv").read_bytes()
    assert results.name == "mine" and [claim.claim for claim in results.claims] == ["Fast is better"]
    assert results.claims[0].verdict in ("supported", "not_supported", "inconclusive")


def test_samples_and_pictures():
    results = tegmentum.run(STUDY)
    metric = next(iter(results.summary["arms"]["slow"]))
    samples = results.samples(metric)
    assert set(samples) == {"slow", "fast"} and all(len(values) == 3 for values in samples.values())
    with pytest.raises(tegmentum.InvalidValueError, match=metric):
        results.samples("nothing")
    page = results._repr_html_()
    assert "Two rates" in page and page.count("<svg") >= len(results.figures) >= 1 and "<script" not in page


def test_names_are_escaped():
    page = tegmentum.run({**STUDY, "title": "<script>x</script>"})._repr_html_()
    assert "<script>" not in page


def test_records_as_tables():
    results = tegmentum.run(STUDY, seeds=2)
    assert results.records.num_rows == results.records_csv.count(b"\n") - 1
    assert "<table>" in results.records._repr_html_()
    pandas = pytest.importorskip("pandas")
    frame = results.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame) == list(results.records)
    assert set(frame["seed"]) == {7, 8}
    pytest.importorskip("pyarrow")
    assert results.to_arrow().num_rows == len(frame)


def test_a_study_can_be_interrupted():
    begin = time.perf_counter()
    script = """
import signal, sys, threading, tegmentum
# What is run in the background ignores this signal from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
try:
    tegmentum.run(eval(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted")
"""
    study = repr({**STUDY, "budget": 10**9})
    done = subprocess.run([sys.executable, "-c", script, study], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted\n", done.stderr
    assert time.perf_counter() - begin < 20.0


def test_progress_is_told_where_tqdm_is_installed(capsys):
    pytest.importorskip("tqdm")
    tegmentum.run(STUDY, progress=True)
    assert "evaluations" in capsys.readouterr().err


def test_every_built_in_study_is_listed():
    names = [entry.name for entry in tegmentum.known("study")]
    files = {path.stem for path in (Path(__file__).parents[2] / "studies").glob("*.toml")}
    # Some files are no built-in studies yet.
    assert len(names) > 30 and set(names) <= files, set(names) - files


def test_steps_by_hand_are_those_of_a_session():
    world = {"go_no_go": {"shift": "extradimensional"}}
    session = tegmentum.Session(world, "actor_critic", "mei-2025", seed=3)
    together = session.run(300)
    environment = tegmentum.Environment(world, seed=3)
    agent = tegmentum.Agent("actor_critic", environment, seed=3)
    modulators = tegmentum.Modulators("mei-2025", seed=3)
    actions, levels = [], []
    for _ in range(300):
        observation, end_of_trial = environment.begin(), False
        while not end_of_trial:
            action = agent.act(observation, modulators)
            outcome = environment.step(action)
            observation, end_of_trial = outcome.observation, outcome.end_of_trial
            modulators.observe(**agent.appraise(outcome.reward, observation, end_of_trial, modulators))
            agent.learn(modulators)
        actions.append(action)
        levels.append(modulators.levels)
    assert np.array_equal(together["action"], actions)
    assert np.array_equal(together["noradrenaline"], [level.noradrenaline for level in levels])
    assert (agent.parameters == session.parameters).all()


@pytest.mark.parametrize("name", [entry.name for entry in tegmentum.known("environment")])
def test_every_environment_can_be_stepped(name):
    environment = tegmentum.Environment(name, seed=1)
    assert (environment.num_choices is None) != (environment.interval is None)
    action = 0 if environment.interval is None else sum(environment.interval) / 2
    for _ in range(3):
        observation, steps = environment.begin(), 0
        while True:
            assert observation.shape == (environment.num_observations,) and np.isfinite(observation).all()
            outcome = environment.step(action)
            observation, steps = outcome.observation, steps + 1
            if outcome.end_of_trial or steps > 5_000:
                break
        assert np.isfinite(outcome.reward)
    with pytest.raises(tegmentum.InvalidValueError):
        environment.step(1e9)


def test_a_lesioned_nucleus_releases_nothing_and_a_drug_acts():
    world = {"go_no_go": {"shift": "extradimensional"}}
    lesion = {"preset": "mei-2025", "pharmacology": [{"modulator": "noradrenaline", "action": {"lesion": 1.0}}]}
    levels = [tegmentum.Session(world, "actor_critic", system, seed=3).run(500)["noradrenaline"] for system in ("mei-2025", lesion)]
    assert levels[0].max() > 0 and levels[1].max() == 0
    modulators = tegmentum.Modulators("mei-2025", seed=1)
    modulators.observe(reward=1.0)
    assert "temperature" in modulators.effects and modulators.record
    modulators.forget()


def searched():
    """The study with a rate to search, by both arms."""
    arms = [{**arm, "tune": {"learning_rate": [0.01, 0.1]}} for arm in STUDY["arm"]]
    return {**STUDY, "arm": arms, "tuning": {"seeds": {"first": 0, "count": 2}}}


def pool():
    return ProcessPoolExecutor(2, get_context("spawn"))


@pytest.mark.parametrize(
    "call",
    [
        lambda **where: tegmentum.run(searched(), **where),
        lambda **where: tegmentum.run("go-no-go", seeds=2, quick=True, **where),
        lambda **where: tegmentum.lesion("go-no-go", arm="dopamine_noradrenaline", seeds=3, quick=True, **where),
        lambda **where: tegmentum.dose(
            "go-no-go", modulator="noradrenaline", action="lesion", doses=[0, 1], arm="dopamine_noradrenaline", seeds=3, **where
        ),
    ],
    ids=["searched", "behaviour", "lesion", "dose"],
)
def test_shares_are_the_whole(call, tmp_path):
    whole = call()
    for shares in (1, 5):
        shared = call(executor=pool, shares=shares, folder=tmp_path / str(shares))
        assert shared.records_csv == whole.records_csv and shared.summary == whole.summary
        assert shared.records_csv == (tmp_path / str(shares) / "records.csv").read_bytes()


class Dying(ProcessPoolExecutor):
    """Kills its own workers when the third task comes, once."""

    killed = 0
    sent = 0

    def submit(self, fn, /, *args, **kwargs):
        Dying.sent += 1
        if Dying.sent == 3 and not Dying.killed:
            Dying.killed = 1
            super().submit(os._exit, 9)
        return super().submit(fn, *args, **kwargs)


def test_workers_that_are_killed_are_replaced():
    Dying.killed = Dying.sent = 0
    shared = tegmentum.run(searched(), executor=lambda: Dying(2, get_context("spawn")), shares=4)
    assert Dying.killed == 1 and shared.records_csv == tegmentum.run(searched()).records_csv
    Dying.killed = Dying.sent = 0
    with Dying(1, get_context("spawn")) as mortal, pytest.raises(BrokenExecutor):
        tegmentum.run(searched(), executor=mortal, shares=4)


def test_wrong_executors_are_refused():
    with pytest.raises(tegmentum.WrongTypeError, match="executor = 3"):
        tegmentum.run(STUDY, executor=3)
    with pytest.raises(tegmentum.InvalidValueError, match="shares = 4: must not be given without"):
        tegmentum.run(STUDY, shares=4)
    with ThreadPoolExecutor(1) as threads, pytest.raises(tegmentum.InvalidValueError, match="no-such-study"):
        tegmentum.run("no-such-study", executor=threads)
