"""Gymnasium's own checks, both ways."""

import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env

import tegmentum
from tegmentum.gym import RolloutObjective, Trials, VectorTrials

NAMES = [entry.name for entry in tegmentum.known("environment")]


def id_of(name):
    return f"tegmentum/{''.join(word.capitalize() for word in name.split('_'))}-v0"


@pytest.mark.parametrize("name", NAMES)
def test_gymnasium_finds_nothing_wrong(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # An unbounded space, and no spec: both are meant.
        check_env(gymnasium.make(id_of(name)).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("name", NAMES)
def test_copies_do_what_single_environments_do(name):
    copies = VectorTrials(name, num_envs=3)
    copies.action_space.seed(1)
    seen, _ = copies.reset(seed=5)
    seeds = np.random.default_rng(np.random.SeedSequence(5)).integers(2**63, size=3)
    single = [tegmentum.Environment(name, seed=int(seed)) for seed in seeds]
    assert (seen == [world.begin() for world in single]).all()
    for _ in range(30):
        actions = copies.action_space.sample()
        seen, rewards, ended, truncated, info = copies.step(actions)
        for index, world in enumerate(single):
            outcome = world.step(float(np.ravel(actions)[index]))
            now = world.begin() if outcome.end_of_trial else outcome.observation
            assert (seen[index] == now).all() and rewards[index] == outcome.reward and ended[index] == outcome.end_of_trial
            assert (info["final_obs"][index] == outcome.observation).all() and info["performance"][index] == outcome.correct
    assert not truncated.any()


def test_vectors_are_made_by_name():
    envs = gymnasium.make_vec(id_of("reversal"), num_envs=4)
    observations, _ = envs.reset(seed=1)
    assert observations.shape[0] == 4 and envs.step(envs.action_space.sample())[1].shape == (4,)


def test_episodes_of_several_trials():
    env = Trials("go_no_go", trials=3)
    env.reset(seed=1)
    ends = []
    for _ in range(3):
        _, _, terminated, _, info = env.step(0)
        ends.append((info["new_trial"], terminated))
    assert ends == [(True, False), (True, False), (True, True)]
    with pytest.raises(tegmentum.InvalidValueError):
        env.step(0)


@pytest.mark.parametrize("actions", [[1], [[1, 1]] * 9, "ab", [7, 7], [np.nan, 0], None, []])
def test_actions_that_cannot_be_taken(actions):
    envs = VectorTrials("go_no_go", num_envs=2)
    with pytest.raises(tegmentum.TegmentumError):
        envs.step([0, 0])
    envs.reset(seed=1)
    with pytest.raises(tegmentum.TegmentumError):
        envs.step(actions)


def test_cart_pole_is_balanced():
    solved = 0
    for seed in range(3):
        objective = RolloutObjective("CartPole-v1", hidden=(8,))
        start = objective.initial(seed)
        settings = {"cma_es": {"perturbation_scale": 0.5}}
        result = tegmentum.minimize(objective, start, budget=400, seed=seed, seeded=True, optimizer=settings)
        solved += objective.evaluate(result.x, episodes=10, seed=seed).mean() > 300
    assert solved >= 2


def test_candidates_of_an_update_play_the_same_episodes():
    objective = RolloutObjective("CartPole-v1")
    x = objective.initial(1)
    assert objective(x, 3) == objective(x, 3)
    assert len({objective(x, seed) for seed in range(8)}) > 1


def test_environments_whose_actions_a_policy_cannot_give():
    for name in ("Pendulum-v1", "Acrobot-v1", id_of("reversal"), id_of("helicopter")):
        objective = RolloutObjective(name)
        assert np.isfinite(objective(objective.initial(0), 1)) and objective.act(objective.initial(0), np.zeros(objective._inputs)) is not None

    class Two(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-1, 1, (2,))
        action_space = gymnasium.spaces.Box(-1, 1, (2,))

    with pytest.raises(tegmentum.InvalidValueError, match="actions"):
        RolloutObjective(Two)
    with pytest.raises(tegmentum.WrongTypeError):
        RolloutObjective(3)
