"""The suite keeps its own promises: what a test leaves behind fails it, and what it draws is the same every day."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAVING = """
import socket, subprocess, sys, tempfile, threading, urllib.request
from contextlib import suppress
from pathlib import Path
from tests.support import leavings

leavings.PATIENCE = 0.1  # nothing here is just ending

def test_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def test_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

def test_temporary_file():
    tempfile.mkstemp()

def test_file_at_home():
    Path("~/left").expanduser().write_text("")

def test_network():
    with suppress(Exception):
        socket.create_connection(("192.0.2.1", 80))

def test_name():
    with suppress(Exception):
        socket.getaddrinfo("example.org", 80)

def test_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    threading.Thread(target=print).start()
    subprocess.run([sys.executable, "-c", ""], check=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()

kept = []
"""
TIMER = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel
from tests.support.leavings import watch_timers

watch_timers()
kept = []

def test_timer(qapp):
    kept.append(QTimer())
    kept[-1].start(1000)

def test_widget(qapp):
    kept.append(QLabel("left"))

def test_nothing(qapp):
    QLabel("gone").show()
    timer = QTimer()
    timer.start(1000)
"""
DRAWING = """
import random
import numpy as np
from hypothesis import given, strategies as st

drawn = []

@given(st.integers())
def test_drawn(number):
    drawn.append(number)

def test_random():
    drawn.append((random.random(), np.random.random()))

def test_told():
    print("drawn:", len(drawn), sorted(map(repr, drawn)))
"""


def suite(folder: Path, text: str, *options: str) -> str:
    """Run tests under the conftest of this suite; what pytest says."""
    file = folder / "test_them.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "-rA", "-s"]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), "-c", os.devnull, *options, str(file)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def failed(said: str) -> set[str]:
    return set(re.findall(r"^ERROR \S+::(\w+)", said, re.MULTILINE))


@pytest.mark.slow
def test_what_a_test_leaves_fails_it(tmp_path: Path) -> None:
    said = suite(tmp_path, LEAVING, "-p", "no:pytest-qt")
    wanted = {"test_thread", "test_process", "test_temporary_file", "test_file_at_home", "test_network", "test_name"}
    assert failed(said) == wanted, said
    assert "7 passed" in said


@pytest.mark.slow
def test_timers_and_widgets_that_are_left_fail_it(tmp_path: Path) -> None:
    said = suite(tmp_path, TIMER)
    assert failed(said) == {"test_timer", "test_widget"}, said


@pytest.mark.slow
def test_the_same_is_drawn_every_day_and_other_things_at_large(tmp_path: Path) -> None:
    def drawn(seed: int, *options: str) -> tuple[int, str]:
        said = suite(tmp_path, DRAWING, f"--randomly-seed={seed}", "--randomly-dont-reorganize", *options)
        (found,) = re.findall(r"drawn: (\d+) (.*)", said)
        return int(found[0]), found[1]

    first = drawn(1)
    assert first == drawn(2) and first[0] == 34
    large = drawn(1, "--hypothesis-profile=large")
    assert large[0] > 10 * first[0]
