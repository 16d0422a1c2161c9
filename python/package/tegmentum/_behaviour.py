"""Environments, agents and systems of modulators, stepped by hand or together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tegmentum import _arrays, _native
from tegmentum._optimize import Levels
from tegmentum._settings import Settings, encode, named
from tegmentum._tables import Table
from tegmentum.errors import WrongTypeError

__all__ = ["Agent", "Environment", "Modulators", "Outcome", "Session"]


class Outcome(NamedTuple):
    """What came of an action."""

    #: The observation after it, of shape (num_observations,), float32.
    observation: NDArray[np.float32]
    #: The reward, in the unit of the environment.
    reward: float
    #: Whether the trial is over; call `Environment.begin` then.
    end_of_trial: bool
    #: Whether it was the right answer.
    correct: bool
    #: The kind of trial, an index that the environment gives a meaning.
    condition: int
    #: Which rule was in force, counted from 0.
    block: int
    #: What an ideal answer would have been, where the environment has one; else NaN.
    target: float


def _system(value: Any) -> str:
    """A preset's name, or the settings of a system, as JSON."""
    if isinstance(value, str):
        return encode("modulators", {"preset": value})
    if isinstance(value, Mapping):
        return encode("modulators", value)
    raise WrongTypeError(f'modulators = {value!r}: must be the name of a preset, or settings such as {{"preset": "mei-2025"}}')


class Environment:
    """A stream of trials: observation out, action in, outcome out.

    Parameters
    ----------
    environment : str or dict
        A name (``tegmentum.known("environment")``), or a name with settings: ``{"reversal": {"probability": 0.7}}``.
    seed : int, numpy.random.Generator or None, default 0
        What everything random follows from.

    Examples
    --------
    >>> import tegmentum
    >>> world = tegmentum.Environment("go_no_go", seed=1)
    >>> observation = world.begin()
    >>> outcome = world.step(1)
    >>> observation.shape == (world.num_observations,), outcome.end_of_trial
    (True, True)
    """

    def __init__(self, environment: Settings, *, seed: int | np.random.Generator | None = 0) -> None:
        self._native = _native.Environment(named("environment", environment), _arrays.seed_of(seed))

    @property
    def num_observations(self) -> int:
        """Numbers of an observation."""
        return self._native.num_observations

    @property
    def num_choices(self) -> int | None:
        """The number of choices; None where an action is a number."""
        return self._native.actions[0]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The bounds of an action that is a number; None where it is a choice."""
        return self._native.actions[1]

    def begin(self) -> NDArray[np.float32]:
        """Begin the next trial.

        Returns
        -------
        ndarray of shape (num_observations,), float32
            What is seen before the first action.
        """
        return self._native.begin()

    def step(self, action: float) -> Outcome:
        """Take an action.

        Parameters
        ----------
        action : int or float
            The number of the choice, from 0, or a number within `interval`.

        Returns
        -------
        Outcome
            The next observation, the reward and what the trial was.

        Raises
        ------
        InvalidValueError
            For an action that the environment does not have, or when no trial is open.
        """
        observation, outcome = self._native.step(_arrays.number("action", action))
        return Outcome(observation=observation, **outcome)


class Modulators:
    """The four neuromodulators: signals in, levels and their effects out.

    Parameters
    ----------
    modulators : str or dict
        The name of a preset (``"mei-2025"``, ``"doya-2002"``, ``"yu-dayan-2005"``, ``"tegmentum"``, …), or a preset with changes as in a
        study: ``{"preset": "mei-2025", "pharmacology": [{"modulator": "noradrenaline", "action": {"lesion": 1.0}}]}``.
    seed : int, numpy.random.Generator or None, default 0
        What the noise of nuclei and drugs follows from.

    Examples
    --------
    >>> import tegmentum
    >>> modulators = tegmentum.Modulators("doya-2002", seed=1)
    >>> modulators.observe(reward=1.0, value=0.2, prediction_error=0.8)
    >>> modulators.levels.dopamine
    0.8
    """

    def __init__(self, modulators: str | Mapping[str, Any], *, seed: int | np.random.Generator | None = 0) -> None:
        self._native = _native.Modulators(_system(modulators), _arrays.seed_of(seed))

    def observe(self, **signals: float | bool) -> None:
        """Take in the signals of a moment; those that are not named are missing.

        Parameters
        ----------
        **signals : float
            ``reward``, ``value``, ``prediction_error``, ``outcome``, ``outcome_error``, ``loss``, ``consolidated_loss``,
            ``squared_prediction_error``, ``diverged``, ``bayes_factor``, ``policy_entropy``, ``action_value_variance``, ``elapsed`` (moments);
            and ``confirmed`` (bool). `Agent.appraise` returns them by these names. NaN is a missing signal.

        Raises
        ------
        InvalidValueError
            For a name that is no signal.
        """
        checked: dict[str, float | bool] = {}
        for name, value in signals.items():
            if name == "confirmed":
                checked[name] = _arrays.flag(name, value)
            else:
                missing = isinstance(value, (float, np.floating)) and np.isnan(value)
                checked[name] = float("nan") if missing else _arrays.number(name, value)
        self._native.observe(checked)

    @property
    def levels(self) -> Levels:
        """The four levels."""
        return Levels(*self._native.levels())

    @property
    def effects(self) -> dict[str, Any]:
        """What the receptors make of the levels, by the name of the target; a neutral one changes nothing."""
        effects: dict[str, Any] = json.loads(self._native.modulation())
        return effects

    @property
    def record(self) -> dict[str, Any]:
        """Every release, level and effect of the last moment."""
        record: dict[str, Any] = json.loads(self._native.record())
        return record

    def forget(self) -> None:
        """All nuclei forget the world as it was."""
        self._native.forget()


class Agent:
    """An agent that acts in an environment, appraises the outcome and learns from it.

    Parameters
    ----------
    agent : str or dict
        A name (``tegmentum.known("agent")``), or a name with settings.
    environment : Environment
        Where it will act.
    seed : int, numpy.random.Generator or None, default 0
        What its choices and first parameters follow from. With one seed for all parts, steps by hand do what a `Session` does, bit for bit.

    Examples
    --------
    >>> import tegmentum
    >>> world = tegmentum.Environment("go_no_go", seed=1)
    >>> agent = tegmentum.Agent("actor_critic", world, seed=1)
    >>> modulators = tegmentum.Modulators("mei-2025", seed=1)
    >>> for trial in range(100):
    ...     action = agent.act(world.begin(), modulators)
    ...     outcome = world.step(action)
    ...     signals = agent.appraise(outcome.reward, outcome.observation, outcome.end_of_trial, modulators)
    ...     modulators.observe(**signals)
    ...     agent.learn(modulators)
    """

    def __init__(
        self, agent: Settings, environment: Environment, *, seed: int | np.random.Generator | None = 0
    ) -> None:
        if not isinstance(environment, Environment):
            raise WrongTypeError(f"environment = {environment!r}: must be a tegmentum.Environment")
        self._native = _native.Agent(named("agent", agent), environment._native, _arrays.seed_of(seed))

    def act(self, observation: ArrayLike, modulators: Modulators | None = None) -> int | float:
        """Choose an action.

        Parameters
        ----------
        observation : array_like of shape (num_observations,)
            What is seen.
        modulators : Modulators, optional
            Under whose effects it acts; none changes nothing.

        Returns
        -------
        int or float
            The number of the choice, or a number where the environment takes one.
        """
        number, choice = self._native.act(_arrays.vector("observation", observation), _inner(modulators))
        return int(number) if choice else number

    def appraise(
        self, reward: float, observation: ArrayLike, end_of_trial: bool, modulators: Modulators | None = None
    ) -> dict[str, Any]:
        """Take in what came of the last action.

        Parameters
        ----------
        reward : float
            In the unit of the environment.
        observation : array_like of shape (num_observations,)
            What is seen now.
        end_of_trial : bool
            Whether the trial is over.
        modulators : Modulators, optional
            Under whose effects it appraises.

        Returns
        -------
        dict
            The signals, for `Modulators.observe`.
        """
        return self._native.appraise(
            _arrays.number("reward", reward),
            _arrays.vector("observation", observation),
            _arrays.flag("end_of_trial", end_of_trial),
            _inner(modulators),
        )

    def learn(self, modulators: Modulators | None = None) -> None:
        """Learn from the last outcome, under the effects of the modulators."""
        self._native.learn(_inner(modulators))

    @property
    def parameters(self) -> NDArray[np.float32]:
        """What it has learned, of shape (P,)."""
        return self._native.parameters()


def _inner(modulators: Modulators | None) -> _native.Modulators | None:
    if modulators is None:
        return None
    if isinstance(modulators, Modulators):
        return modulators._native
    raise WrongTypeError(f"modulators = {modulators!r}: must be a tegmentum.Modulators or None")


class Session:
    """An agent in its environment, under its modulators.

    Parameters
    ----------
    environment, agent : str or dict
        Names, or names with settings.
    modulators : str or dict
        A preset, or the settings of a system (see `Modulators`).
    seed : int, numpy.random.Generator or None, default 0
        What everything random follows from.

    Examples
    --------
    Go/No-Go; the rule changes after 400 trials. The locus coeruleus is taken out in the second session.

    >>> import tegmentum
    >>> world = {"go_no_go": {"shift": "extradimensional"}}
    >>> lesion = [{"modulator": "noradrenaline", "action": {"lesion": 1.0}}]
    >>> intact = tegmentum.Session(world, "actor_critic", "mei-2025", seed=3)
    >>> lesioned = tegmentum.Session(world, "actor_critic", {"preset": "mei-2025", "pharmacology": lesion}, seed=3)
    >>> trials = intact.run(800)
    >>> float(lesioned.run(800)["noradrenaline"].max()), bool(trials["noradrenaline"].max() > 0)
    (0.0, True)
    """

    def __init__(
        self,
        environment: Settings,
        agent: Settings,
        modulators: str | Mapping[str, Any],
        *,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        self._native = _native.Session(
            named("environment", environment), named("agent", agent), _system(modulators), _arrays.seed_of(seed)
        )

    def run(self, trials: int) -> Table:
        """Run trials.

        Parameters
        ----------
        trials : int
            How many, after those that were run before.

        Returns
        -------
        Table
            A row for each trial: ``trial``, ``condition``, ``block``, ``action``, ``reward``, ``correct``, ``target``, ``entropy`` (nats),
            ``prediction_error``, ``steps``, ``burst``, and the level of each modulator after it.

        Notes
        -----
        Ctrl-C stops it between two trials.
        """
        return Table(self._native.run(_arrays.whole("trials", trials, 1, 10**9)))

    @property
    def levels(self) -> Levels:
        """The four levels."""
        return Levels(*self._native.levels())

    @property
    def parameters(self) -> NDArray[np.float32]:
        """What the agent has learned, of shape (P,)."""
        return self._native.parameters()
