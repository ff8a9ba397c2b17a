"""A run of another machine in the window. What takes ssh's place here runs the other side on this machine."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QInputDialog

from blockstudio.graph.presets import load_preset
from blockstudio.runs import Recipe, create_run, start_run, with_fields
from blockstudio.runs.events import EventWriter
from tests.support.local_sshd import needs_sshd, sshd
from tests.support.tiny import tiny_network

pytestmark = [pytest.mark.gui, pytest.mark.skipif(os.name == "nt", reason="shell scripts")]


def test_a_run_of_another_machine_is_followed_like_one_s_own(
    open_window, qtbot, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = create_run(load_preset("nin_cifar10"), with_fields(Recipe(), {"steps": 4}), tmp_path / "there")
    log = EventWriter(there.directory / "events.jsonl")
    log.write("started", step=0, steps=4, epochs=1, epoch=0, device="cpu", images=9, classes=10, parameters=1)
    log.write("stopped", step=3)
    log.close()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (
        ("ssh", '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'),
        ("blockstudio", f'#!/bin/sh\nexec {sys.executable} -m blockstudio "$@"\n'),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    window = open_window()
    trainer = window.features.training.trainer
    window.desk.commands.run("run.follow")
    (dialog,) = window.findChildren(QInputDialog)
    dialog.setTextValue(f"gpu1:{there.directory}")
    dialog.accept()
    qtbot.waitUntil(lambda: trainer.data is not None and trainer.data.complete, timeout=60_000)
    assert trainer.data is not None and trainer.data.run.name == "gpu1-there"
    assert trainer.data.status == "stopped" and trainer.state == "idle"
    qtbot.waitUntil(lambda: all(process.poll() is not None for process in trainer._processes), timeout=60_000)
    said: list[str] = []
    trainer.failed.connect(said.append)
    trainer.follow("no place")
    qtbot.waitUntil(lambda: bool(said))
    assert said[0].startswith("Not followed: 'no place'") and trainer.state == "idle"


@pytest.mark.slow
@needs_sshd
def test_a_run_is_followed_paused_and_stopped_from_the_window_over_ssh(
    open_window, qtbot, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = create_run(
        tiny_network(), with_fields(Recipe(), {"threads": 1, "epochs": 100_000, "device": "cpu"}), tmp_path / "there"
    )
    child = start_run(there)
    programs = tmp_path / "programs"
    programs.mkdir()
    with sshd(tmp_path, {"PATH": f"{programs}:{os.environ['PATH']}"}) as options:
        # What ~/.ssh/config says of a machine, and the program where that machine finds it.
        for name, command in (
            ("ssh", f"{shutil.which('ssh')} {shlex.join(options)}"), ("blockstudio", f"{sys.executable} -m blockstudio")
        ):  # fmt: skip
            (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            (programs / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        window = open_window()
        trainer, commands = window.features.training.trainer, window.desk.commands
        commands.run("run.follow")
        (dialog,) = window.findChildren(QInputDialog)
        dialog.setTextValue(f"{getpass.getuser()}@127.0.0.1:{there.directory}")
        dialog.accept()
        qtbot.waitUntil(lambda: trainer.data is not None and trainer.data.status == "running")
        assert trainer.data is not None and trainer.data.run.directory != there.directory
        commands.run("run.pause")
        qtbot.waitUntil(lambda: there.state().status == "paused")
        qtbot.waitUntil(lambda: trainer.data.status == "paused")
        commands.run("run.resume")
        qtbot.waitUntil(lambda: trainer.data.status == "running")
        commands.run("run.stop")
        qtbot.waitUntil(lambda: trainer.data.status == "stopped")
        assert child.wait() == 0
        qtbot.waitUntil(lambda: all(process.poll() is not None for process in trainer._processes))
    assert (trainer.data.run.directory / "events.jsonl").read_bytes() == (there.directory / "events.jsonl").read_bytes()
