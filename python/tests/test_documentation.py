"""The examples of the documentation run, and every public name has one text with one example."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import tegmentum

ROOT = Path(__file__).parents[2]
PAGES = ("python/README.md", "docs/torch.md", "docs/ray.md")
MODULES = sorted(module.name for module in pkgutil.iter_modules(tegmentum.__path__, "tegmentum.") if "_native" not in module.name)


def module_or_skip(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tegmentum"):
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings_run(name):
    for package in ("pyarrow", "tensorboard", "pynwb") if name == "tegmentum.export" else ():
        pytest.importorskip(package)
    failed, attempted = doctest.testmod(module_or_skip(name))
    assert failed == 0, f"{failed} of {attempted}"


@pytest.mark.parametrize("name", ["tegmentum", *(name for name in MODULES if not name.startswith("tegmentum._"))])
def test_every_public_name_is_documented(name):
    module = module_or_skip(name)
    for public in module.__all__:
        value = getattr(module, public)
        if inspect.isfunction(value):
            assert ">>>" in (value.__doc__ or ""), f"{name}.{public} has no example"
        elif inspect.isclass(value):
            assert value.__doc__ and "(" not in value.__doc__.split("\n")[0], f"{name}.{public} has no text"
            for method, part in vars(value).items():
                if not method.startswith("_") and (callable(part) or isinstance(part, property)):
                    assert inspect.getdoc(part), f"{name}.{public}.{method} has no text"


def blocks():
    return [
        (page, index, block)
        for page in PAGES
        for index, block in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))
    ]


@pytest.mark.parametrize(("page", "index", "block"), [pytest.param(*one, id=f"{one[0]}-{one[1] + 1}") for one in blocks()])
def test_examples_of_the_pages_run_as_printed(page, index, block, tmp_path, monkeypatch):
    for package in ("sklearn", "gymnasium", "pandas", "torch", "ray", "river", "jax", "pyarrow"):
        if re.search(rf"\b(import|from) {package}\b", block):
            pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, f"{page}, block {index + 1}", "exec"), {"__name__": "__main__"})
