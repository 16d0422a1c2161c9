"""Types: mypy in its strict mode, and stubs that fit the compiled part."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")


SETTINGS = str(Path(__file__).parents[1] / "pyproject.toml")


@pytest.mark.parametrize("words", [["mypy", "--config-file", SETTINGS, "-p", "tegmentum"], ["mypy.stubtest", "tegmentum._native"]])
def test_types_are_right(words, tmp_path):
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
