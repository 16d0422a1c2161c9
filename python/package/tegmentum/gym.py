"""Our environments for Gymnasium, and Gymnasium's environments as functions to minimise. Needs Gymnasium.

Importing this module registers every environment (``tegmentum.known("environment")``) as ``tegmentum/NAME-v0``: ``tegmentum/GoNoGo-v0``,
``tegmentum/Reversal-v0`` and so on. ``gymnasium.make`` finds them also without the import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from tegmentum import _arrays, _native
from tegmentum._behaviour import Environment
from tegmentum._settings import Settings, known, named
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["RolloutObjective", "Trials", "VectorTrials", "register"]

#: Standardised observations beyond this many standard deviations are cut there.
_FARTHEST = 10.0


def _spaces(world: Environment) -> tuple[Any, Any]:
    observations: Any = gymnasium.spaces.Box(-np.inf, np.inf, (world.num_observations,), np.float32)
    if world.num_choices is not None:
        return observations, gymnasium.spaces.Discrete(world.num_choices)
    low, high = world.interval or (0.0, 0.0)
    return observations, gymnasium.spaces.Box(low, high, (1,), np.float32)


class Trials(gymnasium.Env[NDArray[np.float32], Any]):
    """An environment of ours: an episode is one or more trials.

    Parameters
    ----------
    environment : str or dict
        A name, or a name with settings (see `tegmentum.Environment`).
    trials : int, default 1
        Trials in an episode.

    Notes
    -----
    ``reset(seed=…)`` begins the world anew; ``reset()`` goes on with its next trial, so that rules that change do so over episodes. ``info`` has
    the fields of NeuroGym: ``new_trial``, ``gt`` (an ideal answer, NaN where there is none), ``performance`` (1 for a right answer), ``trial``
    with ``condition`` and ``block``.

    Examples
    --------
    >>> import gymnasium
    >>> import tegmentum.gym
    >>> env = gymnasium.make("tegmentum/GoNoGo-v0")
    >>> observation, info = env.reset(seed=1)
    >>> observation, reward, terminated, truncated, info = env.step(1)
    >>> terminated, info["new_trial"]
    (True, True)
    """

    metadata = {"render_modes": []}

    def __init__(self, environment: Settings = "go_no_go", *, trials: int = 1, render_mode: str | None = None) -> None:
        if render_mode is not None:
            raise InvalidValueError(f"render_mode = {render_mode!r}: must be None; there is nothing to draw")
        self._settings = environment
        self._trials = _arrays.whole("trials", trials, 1)
        self._world: Environment | None = None
        self._left = 0
        self.render_mode = None
        self.observation_space, self.action_space = _spaces(Environment(environment, seed=0))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode: of the world of this seed, or the next one of the same world."""
        super().reset(seed=seed)
        if self._world is None or seed is not None:
            self._world = Environment(self._settings, seed=int(self.np_random.integers(2**63)))
        self._left = self._trials
        return self._world.begin(), {"new_trial": True}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Take an action: the number of a choice, or an array with one number."""
        if self._world is None:
            raise InvalidValueError("step: no episode is open; call reset first")
        found = self._world.step(_actions([np.ravel(action)[0] if np.size(action) == 1 else action], self._world)[0])
        observation = found.observation
        if found.end_of_trial:
            self._left -= 1
            if self._left > 0:
                observation = self._world.begin()
        trial = {"condition": found.condition, "block": found.block}
        info = {"new_trial": found.end_of_trial, "gt": found.target, "performance": float(found.correct), "trial": trial}
        return observation, found.reward, found.end_of_trial and self._left == 0, False, info


def _actions(actions: Any, world: Environment) -> NDArray[np.float64]:
    """Actions of the space as numbers; what float32 moved past a bound is put back."""
    found = _arrays.real("actions", actions).astype(np.float64)
    if found.ndim == 0 or found.size != len(found) or found.size == 0:
        raise InvalidValueError(f"actions have the shape {found.shape}: must be one number for each environment")
    numbers = np.ascontiguousarray(found.reshape(-1))
    if world.interval is not None:
        low, high = world.interval
        near = 1e-6 * (high - low)
        outside = (numbers < low) & (numbers > low - near) | (numbers > high) & (numbers < high + near)
        numbers = np.where(outside, np.clip(numbers, low, high), numbers)
    return numbers


class VectorTrials(VectorEnv[NDArray[np.float32], Any, Any]):
    """Copies of an environment of ours that are stepped together, without the interpreter's lock. An episode is a trial.

    Parameters
    ----------
    environment : str or dict
        A name, or a name with settings.
    num_envs : int, default 1
        Copies.

    Notes
    -----
    Where a trial ends the next one begins in the same step (``AutoresetMode.SAME_STEP``); ``info["final_obs"]`` has what was seen at the end,
    ``info["_final_obs"]`` where.

    Examples
    --------
    >>> import numpy as np
    >>> from tegmentum.gym import VectorTrials
    >>> envs = VectorTrials("go_no_go", num_envs=1_000)
    >>> observations, _ = envs.reset(seed=1)
    >>> observations, rewards, terminated, _, info = envs.step(np.ones(1_000, int))
    >>> observations.shape == (1_000, *envs.single_observation_space.shape), bool(terminated.all())
    (True, True)
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}

    def __init__(self, environment: Settings = "go_no_go", num_envs: int = 1, *, render_mode: str | None = None) -> None:
        if render_mode is not None:
            raise InvalidValueError(f"render_mode = {render_mode!r}: must be None; there is nothing to draw")
        self._settings = named("environment", environment)
        self.num_envs = _arrays.whole("num_envs", num_envs, 1, 2**24)
        self.render_mode = None
        self._one = Environment(environment, seed=0)
        self.single_observation_space, self.single_action_space = _spaces(self._one)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._worlds: _native.Worlds | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin all copies: with worlds that follow from this seed, or the next trials of the same worlds."""
        if isinstance(seed, (list, tuple)):
            raise WrongTypeError("seed: must be one number, from which those of the copies follow")
        super().reset(seed=seed)
        if self._worlds is None or seed is not None:
            self._worlds = _native.Worlds(self._settings, self.np_random.integers(2**63, size=self.num_envs).tolist())
        return self._worlds.begin(), {"new_trial": np.ones(self.num_envs, bool)}

    def step(
        self, actions: Any
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Take an action in each copy, an array of shape (num_envs,) or (num_envs, 1)."""
        if self._worlds is None:
            raise InvalidValueError("step: no episode is open; call reset first")
        numbers = _actions(actions, self._one)
        found = self._worlds.step(numbers)
        ended = found["end_of_trial"]
        info = {
            "new_trial": ended,
            "gt": found["target"],
            "performance": found["correct"].astype(np.float64),
            "condition": found["condition"],
            "block": found["block"],
            "final_obs": found["last"],
            "_final_obs": ended,
        }
        return found["observations"], found["reward"], ended, np.zeros(self.num_envs, bool), info


class RolloutObjective:
    """A policy's mean return with its sign turned, as a function of the policy's parameters: reinforcement learning without a gradient.

    The policy is a perceptron of ours. Candidates of one update play the same episodes (common random numbers), and see observations
    standardised by the same running mean and deviation.

    Parameters
    ----------
    env : str or callable
        The id of an environment, or a function that makes one. Its actions are choices, or one number between bounds.
    hidden : sequence of int, default (16,)
        Units of the hidden layers, tanh.
    episodes : int, default 1
        Episodes of an evaluation.
    normalise : bool, default True
        Standardise observations by what was seen so far; it changes between updates only.

    Notes
    -----
    With a thousand episodes the separable CMA-ES of the example solves more than Dopamine does (the repository's ``docs/control-results.md``).

    Examples
    --------
    >>> import tegmentum
    >>> from tegmentum.gym import RolloutObjective
    >>> objective = RolloutObjective("CartPole-v1", hidden=(4,))
    >>> result = tegmentum.minimize(
    ...     objective, objective.initial(seed=1), budget=150, seed=1, seeded=True, optimizer={"cma_es": {"perturbation_scale": 0.5}}
    ... )
    >>> bool(objective.evaluate(result.x, episodes=5, seed=2).mean() > 50)
    True
    """

    def __init__(
        self,
        env: str | Callable[[], gymnasium.Env[Any, Any]],
        *,
        hidden: Sequence[int] = (16,),
        episodes: int = 1,
        normalise: bool = True,
    ) -> None:
        if not isinstance(env, str) and not callable(env):
            raise WrongTypeError(f"env = {env!r}: must be the id of an environment or a function that makes one")
        self._env: gymnasium.Env[Any, Any] = gymnasium.make(env) if isinstance(env, str) else env()
        self._episodes = _arrays.whole("episodes", episodes, 1)
        self._normalise = _arrays.flag("normalise", normalise)
        inputs, space = self._env.observation_space, self._env.action_space
        if not isinstance(inputs, gymnasium.spaces.Box):
            raise InvalidValueError(f"observations are {inputs}: must be a Box")
        self._inputs = int(np.prod(inputs.shape))
        layers = [_arrays.whole(f"hidden[{index}]", units, 1, 2**20) for index, units in enumerate(hidden)]
        self._bounds: tuple[float, float] | None = None
        if isinstance(space, gymnasium.spaces.Discrete):
            self._first, outputs = int(space.start), int(space.n)
        elif isinstance(space, gymnasium.spaces.Box) and space.shape == (1,) and space.is_bounded():
            self._first, outputs = 0, 1
            self._bounds = (float(space.low[0]), float(space.high[0]))
        else:
            raise InvalidValueError(f"actions are {space}: must be Discrete, or a Box with one bounded number")
        self._network = _native.Network(self._inputs, outputs, layers, self._bounds is None)
        # Count, sum and sum of squares of what was seen, and what candidates are shown.
        self._seen = np.zeros((3, self._inputs))
        self._shown = (np.zeros(self._inputs), np.ones(self._inputs))
        self._seed: int | None = None

    @property
    def num_parameters(self) -> int:
        """Number of parameters P of the policy."""
        return self._network.num_parameters

    def initial(self, seed: int = 0) -> NDArray[np.float32]:
        """First parameters from a seed, of shape (P,)."""
        return self._network.initialise(_arrays.seed_of(seed))

    def act(self, x: ArrayLike, observation: ArrayLike) -> Any:
        """What the policy with parameters x does; an action of the environment."""
        return self._act(_arrays.vector("x", x), np.asarray(observation))

    def _act(self, x: NDArray[np.float32], observation: NDArray[Any]) -> Any:
        choice, output = self._network.act(x, np.ascontiguousarray(observation, dtype=np.float64).reshape(-1), *self._shown, _FARTHEST)
        if self._bounds is None:
            return self._first + choice
        low, high = self._bounds
        return np.array([low + (high - low) * 0.5 * (1.0 + np.tanh(np.float32(output)))], dtype=np.float32)

    def _episode(self, x: NDArray[np.float32], seed: int, learn: bool) -> float:
        observation, _ = self._env.reset(seed=seed)
        total, over, seen = 0.0, False, []
        while not over:
            seen.append(observation)
            observation, reward, terminated, truncated, _ = self._env.step(self._act(x, np.asarray(observation)))
            total, over = total + float(reward), bool(terminated or truncated)
        if learn and self._normalise:
            rows = np.asarray(seen, dtype=np.float64).reshape(len(seen), -1)
            self._seen += [np.full(self._inputs, len(rows)), rows.sum(axis=0), (rows**2).sum(axis=0)]
        return total

    def __call__(self, x: ArrayLike, seed: int = 0) -> float:
        """Minus the mean return of parameters x, of shape (P,), over the episodes that follow from the seed."""
        seed = _arrays.seed_of(seed)
        if seed != self._seed:
            self._seed = seed
            count, total, squares = self._seen
            if count[0] > 1:
                mean = total / count
                self._shown = (mean, np.sqrt(np.maximum(squares / count - mean**2, 1e-8)))
        parameters = _arrays.vector("x", x)
        seeds = np.random.SeedSequence(seed).generate_state(self._episodes).tolist()
        return -float(np.mean([self._episode(parameters, int(one), True) for one in seeds]))

    def evaluate(self, x: ArrayLike, *, episodes: int = 100, seed: int = 0) -> NDArray[np.float64]:
        """Returns of parameters x in new episodes, of shape (episodes,); nothing is learned from them."""
        parameters = _arrays.vector("x", x)
        count = _arrays.whole("episodes", episodes, 1)
        seeds = np.random.SeedSequence([_arrays.seed_of(seed), 1]).generate_state(count).tolist()
        return np.array([self._episode(parameters, int(one), False) for one in seeds])


def register() -> None:
    """Register all environments with Gymnasium, once.

    Examples
    --------
    >>> import gymnasium
    >>> import tegmentum.gym
    >>> tegmentum.gym.register()
    >>> "tegmentum/Reversal-v0" in gymnasium.registry
    True
    """
    for entry in known("environment"):
        name = f"tegmentum/{''.join(word.capitalize() for word in entry.name.split('_'))}-v0"
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name,
                entry_point="tegmentum.gym:Trials",
                vector_entry_point="tegmentum.gym:VectorTrials",
                kwargs={"environment": entry.name},
            )


register()
