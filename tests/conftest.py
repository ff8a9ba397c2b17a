"""Options for the whole suite."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Generator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from tests.support import leavings, properties
from tests.support.disks import closed_places, small_disk  # noqa: F401 - a fixture for all

properties.register()

BEFORE = pytest.StashKey[leavings.Leavings]()
"""What was there before a test began."""
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
    config.add_cleanup(leavings.own_folders())
    leavings.forbid_network()
    # The order of the tests is random, what they draw is not.
    config.option.randomly_reset_seed = False


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    properties.seed(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[BEFORE] = leavings.Leavings()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """After all fixtures of a test have ended nothing of it may be left."""
    done = yield
    # What fixtures gave the test would else live until pytest forgets the test, after this.
    left = item.stash[BEFORE].new(forget=getattr(item, "funcargs", {}).clear)
    if left:
        pytest.fail("left behind:\n" + "\n".join(left), pytrace=False)
    reached, leavings.REACHED[:] = list(leavings.REACHED), []
    if reached:
        pytest.fail("reached for the network: " + ", ".join(reached), pytrace=False)
    return done
