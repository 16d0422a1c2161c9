"""Every notebook opens with a question, runs from its beginning to its end, and ends with a picture."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PACKAGES = ("torch", "ray", "river", "sklearn", "gymnasium")


def cells(path, kind):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 7


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_and_is_kept_without_outputs(path):
    found = json.loads(path.read_text())["cells"]
    assert re.match(r"# .+\?\n", "".join(found[0]["source"])), "it must open with a question"
    assert "plt.show()" in "".join(found[-1]["source"]), "it must end with a picture"
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in found)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    code = "\n\n".join(cells(path, "code"))
    for package in PACKAGES:
        if re.search(rf"^(import|from) {package}\b", code, re.MULTILINE):
            pytest.importorskip(package)
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(len(plt.gcf().axes)))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, path.name, "exec"), {"__name__": "__main__"})
    plt.close("all")
    assert shown and shown[-1] > 0
