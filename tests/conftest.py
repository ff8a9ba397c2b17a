"""Options for the whole suite."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from tests.support import properties

properties.register()

QT = ("PySide6", "shiboken6", "pyqtgraph")


class _NoQt(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.split(".")[0] in QT:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked for this run)", name=name)
        return None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--block-qt", action="store_true", help="make Qt impossible to import")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--block-qt"):
        sys.meta_path.insert(0, _NoQt())
    # The order of the tests is random, what they draw is not.
    config.option.randomly_reset_seed = False


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    properties.seed(item)
