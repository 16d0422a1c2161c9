"""Types: mypy in its strict mode, and stubs that fit the compiled part."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy")


@pytest.mark.parametrize("words", [["mypy", "--strict", "-p", "tegmentum"], ["mypy.stubtest", "tegmentum._native"]])
def test_types_are_right(words, tmp_path):
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
