"""Train networks by forward passes alone, under the control of four neuromodulators.

The faces of the package:

- `minimize` and `Optimizer`: functions of parameters, by their values alone;
- `run`, `lesion`, `dose`: studies, with the same records as from the command line;
- `Environment`, `Agent`, `Modulators`, `Session`: behaviour, by hand or together;
- `tegmentum.metrics`, `tegmentum.statistics`: the metrics and intervals of the reports;
- `tegmentum.parallel`: one population on many workers;
- `tegmentum.sklearn`, `tegmentum.river`, `tegmentum.gym`, `tegmentum.torch`, `tegmentum.optax`, `tegmentum.ray`: for scikit-learn, river, Gymnasium,
  PyTorch, JAX and Ray, where those are installed;
- `tegmentum.export`: files for Parquet, TensorBoard and NWB, and callbacks for MLflow and Weights & Biases.

`known` lists what can be named. All errors of the package are in `tegmentum.errors`.
"""

from tegmentum import errors, metrics, statistics
from tegmentum._behaviour import Agent, Environment, Modulators, Outcome, Session
from tegmentum._native import __version__
from tegmentum._optimize import Levels, Optimizer, Progress, Recipe, Report, Result, direction, minimize
from tegmentum._settings import Description, known
from tegmentum._studies import Claim, Figure, Results, dose, lesion, run
from tegmentum._tables import Table
from tegmentum.errors import DivergedError, FileError, InvalidValueError, TegmentumError, WrongTypeError

__all__ = [
    "Agent",
    "Claim",
    "Description",
    "DivergedError",
    "Environment",
    "Figure",
    "FileError",
    "InvalidValueError",
    "Levels",
    "Modulators",
    "Optimizer",
    "Outcome",
    "Progress",
    "Recipe",
    "Report",
    "Result",
    "Results",
    "Session",
    "Table",
    "TegmentumError",
    "WrongTypeError",
    "__version__",
    "direction",
    "dose",
    "errors",
    "known",
    "lesion",
    "metrics",
    "minimize",
    "run",
    "statistics",
]
