"""A learner of a stream of examples, as the faces for river and scikit-learn share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tegmentum import _native
from tegmentum._optimize import Levels
from tegmentum._settings import Settings, named
from tegmentum.errors import WrongTypeError

__all__ = ["Member", "driver_of", "lesions_of", "members_of"]


class Member(NamedTuple):
    """A network of the committee, and the modulators that it has of its own."""

    #: Its weight in what the committee says; the weights sum to 1.
    weight: float
    #: The levels of its modulators.
    levels: Levels
    #: The factor by which serotonin has cooled its rates, at most 1.
    cooling: float
    #: How often noradrenaline made it begin anew.
    beginnings: int


def members_of(stream: _native.Stream | None) -> list[Member]:
    """What can be seen of each member; none before the first example."""
    if stream is None:
        return []
    return [Member(weight, Levels(*levels), cooling, beginnings) for weight, levels, cooling, beginnings in stream.look()]


def lesions_of(lesions: Any) -> list[str]:
    """Names of modulators, as the compiled part reads them."""
    if isinstance(lesions, str) or not isinstance(lesions, Sequence) or not all(isinstance(name, str) for name in lesions):
        raise WrongTypeError(f'lesions = {lesions!r}: must be names of modulators, for example ("noradrenaline",)')
    return list(lesions)


def driver_of(driver: Settings | None) -> str | None:
    """A detector by name or with its settings, as the compiled part reads it, or None."""
    return None if driver is None else named("driver", driver)
