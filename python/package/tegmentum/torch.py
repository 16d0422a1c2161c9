"""Forward passes alone for PyTorch: a `torch.optim.Optimizer` whose `step` never calls backward. Needs PyTorch.

The optimizer keeps the weights once, in float32; a candidate is written from there into the parameters of the module, and its direction is made
anew from a seed. Nothing is added and subtracted again: after each step the parameters are written from those weights, so that what did not learn
has the bits that it had, in float32, bfloat16 and float16 (and in float64 and whole numbers, which are kept beside it). Parameters in float32 on
the CPU are written in place; for others there is a vector between, which PyTorch copies and converts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tegmentum import _arrays
from tegmentum._optimize import Levels, Optimizer, Report
from tegmentum._settings import Settings, named
from tegmentum.errors import InvalidValueError, WrongTypeError

__all__ = ["ForwardOptimizer"]

#: Types that float32 holds without a change.
_NARROW = (torch.float32, torch.bfloat16, torch.float16)
_WHOLE = (torch.int8, torch.uint8, torch.int16, torch.int32)


def _loss(found: Any) -> float:
    """The number that a closure returned."""
    if isinstance(found, torch.Tensor):
        if found.numel() != 1 or found.is_complex():
            raise WrongTypeError(f"the closure returned a tensor of shape {tuple(found.shape)}: must be one real number")
        return float(found.detach().item())
    if found is None or isinstance(found, (str, bytes)):
        raise WrongTypeError(f"the closure returned {found!r}: must be a loss, a tensor with one number")
    try:
        return float(found)
    except (TypeError, ValueError) as error:
        raise WrongTypeError(f"the closure returned {found!r}: must be a loss, a tensor with one number") from error


def _with_drugs(optimizer: Settings, drugs: Sequence[Mapping[str, Any]]) -> Settings:
    """The settings with drugs on the optimizer's own modulators."""
    if not isinstance(drugs, (list, tuple)) or not all(isinstance(drug, Mapping) for drug in drugs):
        raise WrongTypeError(f"drugs = {drugs!r}: must be a list of drugs, each a dict with modulator and action")
    named("optimizer", optimizer)
    if not drugs:
        return optimizer
    name, settings = (optimizer, {}) if isinstance(optimizer, str) else next(iter(optimizer.items()))
    own = dict(settings.get("neuromodulation", {}))
    own["pharmacology"] = [*own.get("pharmacology", []), *map(dict, drugs)]
    return {name: {**settings, "neuromodulation": own}}


class _Piece:
    """A parameter and its part of the weights."""

    def __init__(self, parameter: Any, start: Any, scale: float) -> None:
        self.parameter, self.scale = parameter, scale
        self.kind = (parameter.dtype, parameter.device)
        #: What the optimizer writes for a parameter that it cannot write in place; made when it is needed.
        self.between: Any = None
        # Types that float32 cannot hold, and groups with a factor: the start, and what the optimizer had there.
        self.start: Any = None
        self.origin: Any = None
        if scale != 1.0 or parameter.dtype not in _NARROW:
            self.start = parameter.detach().cpu().to(torch.float64, copy=True).reshape(-1)
            self.origin = start.clone()

    def is_in_place(self) -> bool:
        """Whether the optimizer can write it: float32 on the CPU in one piece, nothing beside it. A module may lay its memory out anew."""
        parameter = self.parameter
        is_plain = self.start is None and parameter.dtype == torch.float32 and parameter.device.type == "cpu"
        return is_plain and bool(parameter.is_contiguous())

    def target(self) -> Any:
        """Where the optimizer writes, an array of NumPy."""
        if self.is_in_place():
            return self.parameter.detach().view(-1).numpy()
        if self.between is None:
            self.between = torch.empty(self.parameter.numel(), dtype=torch.float32)
        return self.between.numpy()

    def value(self, found: Any) -> Any:
        """What the parameter shall be, flat, if the optimizer has `found`."""
        if self.start is None:
            return found
        value = self.start + self.scale * (found - self.origin).to(torch.float64)
        dtype = self.parameter.dtype
        if dtype in _WHOLE:
            limits = torch.iinfo(dtype)
            value = value.round_().clamp_(limits.min, limits.max)
        return value


class ForwardOptimizer(torch.optim.Optimizer):
    """Train a module by forward passes alone, under four neuromodulators.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What is trained, as for every optimizer of PyTorch: all parameters, a part of them (adapters beside weights that stay), or groups. Whether
        they require a gradient does not matter. Types: float32, bfloat16, float16, float64, and int8, uint8, int16, int32, which are rounded.
    optimizer : str or dict, default "dopamine"
        An optimizer of the library (`tegmentum.known`), or a name with settings: ``{"dopamine": {"directions": 8}}``.
    budget : int, default 10 000
        Evaluations that are planned for. Some optimizers pace themselves by it; none stops.
    seed : int, numpy.random.Generator or None, default 0
        What all directions follow from.
    drugs : sequence of dict, default ()
        Interventions on the modulators of the optimizer: ``{"modulator": "noradrenaline", "action": {"lesion": 1.0}}``; actions are ``lesion``,
        ``clamp``, ``agonist``, ``antagonist``, ``delay`` and ``noise``, each with its dose.
    scale : float, default 1.0
        The usual ``scale`` of a group: a factor on every change of its parameters, perturbations and steps alike. Whole numbers need one that makes a
        perturbation at least about one unit.
    common_random_numbers : bool, default True
        Set PyTorch's random numbers back before each candidate of a step, so that all see the same dropout; after the step they stand where one
        evaluation leaves them.

    Notes
    -----
    Between steps the parameters are what would be handed over (for Dopamine the averaged ones). The closure runs without gradients, some times in a
    step (`evaluations`); it must use the same data each time. Return the loss in float32: a loss in bfloat16 hides small differences. What a module
    changes in its forward pass (running statistics of batch normalisation) it changes at each evaluation.

    Memory: the optimizer's vectors (4 bytes for each parameter, for Dopamine twice), and 4 bytes for each parameter that is not in float32 on the CPU,
    which is written there for each candidate; no activations are kept.

    Weights that a module packs away (``torch.ao.quantization.quantize_dynamic``) are not parameters and stay as they are; train what stands
    beside them.

    Examples
    --------
    >>> import torch
    >>> from tegmentum.torch import ForwardOptimizer
    >>> inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> targets = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    >>> _ = torch.manual_seed(1)
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    >>> optimizer = ForwardOptimizer(model.parameters(), seed=1)
    >>> for _ in range(2_000):
    ...     loss = optimizer.step(lambda: torch.nn.functional.mse_loss(model(inputs), targets))
    >>> loss < 0.05, optimizer.levels is not None
    (True, True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        optimizer: Settings = "dopamine",
        *,
        budget: int = 10_000,
        seed: int | np.random.Generator | None = 0,
        drugs: Sequence[Mapping[str, Any]] = (),
        scale: float = 1.0,
        common_random_numbers: bool = True,
    ) -> None:
        self._settings = _with_drugs(optimizer, drugs)
        self._budget = _arrays.whole("budget", budget, 1)
        self._seed = _arrays.seed_of(seed)
        self._common = _arrays.flag("common_random_numbers", common_random_numbers)
        self._engine: Optimizer | None = None
        self._pieces: list[_Piece] = []
        self._versions: list[int | None] = []
        self._report: Report | None = None
        super().__init__(params, {"scale": _arrays.number("scale", scale, 0.0, 1e9)})
        self._begin()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, before the first step."""
        if self._engine is not None and self._engine.nfev > 0:
            raise InvalidValueError("add_param_group: steps were made; make a new optimizer for other parameters")
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["scale"] = _arrays.number("scale", group["scale"], 0.0, 1e9)
        for index, parameter in enumerate(group["params"]):
            name = f"parameter {index} of group {len(self.param_groups) - 1}"
            if parameter.layout != torch.strided or parameter.is_meta:
                raise WrongTypeError(f"{name}: must be a dense tensor with data")
            if parameter.dtype not in (*_NARROW, torch.float64, *_WHOLE):
                raise WrongTypeError(f"{name} has the type {parameter.dtype}: must be a real floating-point or whole number")
            if not bool(torch.isfinite(parameter.detach()).all()):
                raise InvalidValueError(f"{name}: has NaN or infinite entries")
        if self._engine is not None:
            self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        rows = [(parameter, group["scale"]) for group in self.param_groups for parameter in group["params"]]
        flat = torch.empty(sum(parameter.numel() for parameter, _ in rows), dtype=torch.float32)
        if flat.numel() == 0:
            raise InvalidValueError("params: must have at least one number")
        first, self._pieces = 0, []
        for parameter, scale in rows:
            start = flat[first : first + parameter.numel()]
            start.copy_(parameter.detach().reshape(-1))
            first += parameter.numel()
            self._pieces.append(_Piece(parameter, start, scale))
        self._anchored = [piece for piece in self._pieces if piece.start is not None]
        self._engine = Optimizer(flat.numpy(), self._settings, budget=self._budget, seed=self._seed)
        # What cannot be written is an error here and not in the first step; nothing changes.
        self._publish(None)
        self._note_versions()

    def _note_versions(self) -> None:
        # Tensors that were made in inference mode count no changes.
        self._versions = [
            None if piece.parameter.is_inference() else piece.parameter._version for piece in self._pieces
        ]

    def _publish(self, number: int | None) -> None:
        """Writes a candidate, or without a number what would be handed over, into the parameters."""
        self._now()._native.write_parts(number, [piece.target() for piece in self._pieces])
        for piece in self._pieces:
            if not piece.is_in_place():
                piece.parameter.copy_(piece.value(piece.between).view(piece.parameter.shape))

    def _check_untouched(self) -> None:
        """What was changed from outside is either what we wrote, or an error."""
        for piece in self._pieces:
            if (piece.parameter.dtype, piece.parameter.device) != piece.kind:
                raise InvalidValueError(
                    f"a parameter of shape {tuple(piece.parameter.shape)} is now {piece.parameter.dtype} on {piece.parameter.device}: move the"
                    " module before the optimizer is made"
                )
        changed = [
            piece
            for piece, version in zip(self._pieces, self._versions)
            if version is not None and piece.parameter._version != version
        ]
        if not changed:
            return
        weights = torch.from_numpy(self._now().x).split([piece.parameter.numel() for piece in self._pieces])
        for piece, found in zip(self._pieces, weights):
            if piece not in changed:
                continue
            expected = piece.value(found).to(piece.parameter.dtype).view(piece.parameter.shape)
            if not torch.equal(piece.parameter.detach().cpu(), expected):
                shape = tuple(piece.parameter.shape)
                raise InvalidValueError(
                    f"a parameter of shape {shape} was changed since the last step: make a new optimizer, which begins from what it is now"
                )

    def step(self, closure: Any = None) -> float:
        """Make an update.

        Parameters
        ----------
        closure : callable, or sequence of callables
            Each returns a loss, a tensor with one number or a float, of the module as it is. Of several, one for each part of a batch that does not fit
            into memory, the mean counts.

        Returns
        -------
        float
            The loss of the acting parameters, evaluated or estimated.

        Raises
        ------
        WrongTypeError
            If there is no closure, or it returns no loss. What a closure raises arrives unchanged. The parameters are then what they were, and the next
            step begins with the same candidates.
        DivergedError
            If a parameter became NaN or infinite.
        """
        closures = list(closure) if isinstance(closure, Sequence) else [closure]
        if not closures or not all(callable(one) for one in closures):
            raise WrongTypeError(f"closure = {closure!r}: must be a function that returns a loss, or a list of them")
        with torch.no_grad():
            self._check_untouched()
            try:
                return self._update(closures)
            finally:
                self._publish(None)
                self._note_versions()

    def _now(self) -> Optimizer:
        if self._engine is None:
            raise InvalidValueError("the optimizer has no parameters")
        return self._engine

    def _update(self, closures: list[Callable[[], Any]]) -> float:
        engine = self._now()
        random, evaluated, loss = self._random() if self._common else None, 0, math.nan
        while True:
            count = engine._native.begin()
            losses = np.empty(count)
            for index in range(count):
                self._publish(index)
                if random is not None and evaluated:
                    self._set_random(random)
                evaluated += 1
                losses[index] = sum(_loss(one()) for one in closures) / len(closures)
            report = engine.tell(losses)
            # The first round is the step, those that follow are questions of the modulators.
            if math.isnan(loss):
                loss, self._report = report.loss, report
            if not report.follow_up:
                return loss

    def _random(self) -> tuple[Any, Any]:
        cuda = any(piece.parameter.is_cuda for piece in self._pieces)
        return torch.get_rng_state(), torch.cuda.get_rng_state_all() if cuda else None

    @staticmethod
    def _set_random(random: tuple[Any, Any]) -> None:
        torch.set_rng_state(random[0])
        if random[1] is not None:
            torch.cuda.set_rng_state_all(random[1])

    @property
    def levels(self) -> Levels | None:
        """The levels of the four modulators; None for optimizers without them."""
        return self._now().levels

    @property
    def report(self) -> Report | None:
        """What became of the last step; None before the first."""
        return self._report

    @property
    def evaluations(self) -> int:
        """Losses that were evaluated, each the mean of all closures."""
        return self._now().nfev

    def state_dict(self) -> dict[str, Any]:
        """The running state; with the parameters of the module it goes on with the same bits."""
        state: dict[str, Any] = super().state_dict()
        engine = torch.frombuffer(bytearray(self._now().save()), dtype=torch.uint8)
        starts = [(piece.start, piece.origin) for piece in self._anchored]
        state["tegmentum"] = {"engine": engine, "starts": starts, "common_random_numbers": self._common}
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state of `state_dict`, of an optimizer that was made in the same way; the parameters are set to those of that state.

        Raises
        ------
        InvalidValueError
            If it is damaged, or that of an optimizer made in another way.
        """
        state = dict(state_dict)
        own = state.pop("tegmentum", None)
        if not isinstance(own, Mapping) or set(own) != {"engine", "starts", "common_random_numbers"}:
            raise InvalidValueError("state_dict: must be one of tegmentum.torch.ForwardOptimizer")
        if len(own["starts"]) != len(self._anchored):
            raise InvalidValueError(f"state_dict has {len(own['starts'])} starts: must have {len(self._anchored)}")
        self._now().load(own["engine"].cpu().numpy().tobytes())
        super().load_state_dict(state)
        self._common = _arrays.flag("common_random_numbers", own["common_random_numbers"])
        with torch.no_grad():
            for piece, (start, origin) in zip(self._anchored, own["starts"]):
                piece.start, piece.origin = start.clone(), origin.clone()
            self._publish(None)
            self._note_versions()

    def __getstate__(self) -> dict[str, Any]:
        raise WrongTypeError("an optimizer with its module's tensors cannot be copied or pickled: save state_dict()")
