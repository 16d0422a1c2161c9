"""Columns of equal length, which other libraries read."""

from __future__ import annotations

import html
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Table"]

#: Rows that are shown in a notebook.
_SHOWN = 10


class Table(Mapping[str, NDArray[Any]]):
    """Columns of equal length, by name: what `pandas.DataFrame` and `pyarrow.table` take as it is.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        The columns, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> import tegmentum
    >>> table = tegmentum.Table({"trial": np.arange(3), "reward": np.array([0.0, 1.0, 1.0])})
    >>> list(table), table.num_rows, float(table["reward"].mean())
    (['trial', 'reward'], 3, 0.6666666666666666)
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        self._columns = {name: np.asarray(column) for name, column in columns.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`. Needs pandas."""
        return importlib.import_module("pandas").DataFrame(self._columns)

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`. Needs pyarrow."""
        return importlib.import_module("pyarrow").table(self._columns)

    def __repr__(self) -> str:
        return f"Table({self.num_rows} rows: {', '.join(self)})"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self)
        rows = (
            "<tr>" + "".join(f"<td>{html.escape(str(column[row]))}</td>" for column in self.values()) + "</tr>"
            for row in range(min(self.num_rows, _SHOWN))
        )
        note = f"<p>The first {_SHOWN} of {self.num_rows} rows.</p>" if self.num_rows > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"
