"""Runs of another machine: what the two sides say, and a run followed over a local sshd."""

from __future__ import annotations

import getpass
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, Run, create_run, start_run, with_fields
from blockstudio.runs.events import EventWriter
from blockstudio.runs.remote import mirror as here
from blockstudio.runs.remote.mirror import Mirror, Place, place_of
from blockstudio.runs.remote.protocol import packed, unpacked, write_message
from blockstudio.runs.remote.serve import serve
from tests.support.local_sshd import needs_sshd, sshd
from tests.support.tiny import tiny_network


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = create_run(tiny_network(), Recipe(), tmp_path / "there")
    log = EventWriter(made.directory / "events.jsonl")
    log.write("started", step=0, steps=4, epochs=1)
    for step in range(1, 5):
        log.write("step", step=step, loss=1.0 / step)
    log.write("stopped", step=4)
    log.close()
    return made


def said(run: Run, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What the other machine answers."""
    hears, says = io.BytesIO(), io.BytesIO()
    for message in messages:
        write_message(hears, message.pop("kind"), **message)
    hears.seek(0)
    serve(run, hears, says)
    return [json.loads(line) for line in says.getvalue().splitlines()]


def test_a_place_is_written_as_for_scp() -> None:
    place = place_of("gpu1:runs/it's here")
    assert (place.host, place.directory, place.name) == ("gpu1", "runs/it's here", "gpu1-it-s-here")
    assert place.command()[-3:] == ["--", "gpu1", "blockstudio attach --serve 'runs/it'\"'\"'s here'"]
    for wrong in ("", "gpu1", ":x", "gpu1:", "-oProxyCommand=x:y", "a b:c"):
        with pytest.raises(StudioError, match="scp"):
            place_of(wrong)


def test_the_other_side_tells_what_is_not_known_here(run: Run) -> None:
    size = (run.directory / "events.jsonl").stat().st_size
    answers = said(run, {"kind": "from", "bytes": 0}, {"kind": "fetch"}, {"kind": "tell", "command": "stop"},
                   {"kind": "tell", "command": "rm -rf"}, {"kind": "what"})  # fmt: skip
    kinds = [answer["kind"] for answer in answers]
    assert kinds[0] == "hello" and {answer["name"] for answer in answers if answer["kind"] == "file"} == {
        "diagram.blocks.json", "recipe.json"
    }  # fmt: skip
    log = b"".join(unpacked(answer["data"]) for answer in answers if answer["kind"] == "events")
    assert log == (run.directory / "events.jsonl").read_bytes()
    refused = [answer["text"] for answer in answers if answer["kind"] == "refused"]
    assert len(refused) == 2 and "no checkpoint" in refused[0] and "not being trained" in refused[1]
    # The rest, all of another log, nothing.
    assert not [answer for answer in said(run, {"kind": "from", "bytes": size}) if answer["kind"] == "events"]
    (again,) = [answer for answer in said(run, {"kind": "from", "bytes": size + 9}) if answer["kind"] == "events"]
    assert again["at"] == 0


@pytest.mark.parametrize(
    "words",
    [
        b"Last login: today\n", b"\xff\xfe\n", b"[]\n", b'{"kind": 1}\n', b'{"kind": "hello", "version": 99}\n',
        b"[" * 9000,
        b'{"kind":"hello","version":1,"name":"x"}\n{"kind":"part","step":1,"name":"model.safetensors","at":-5,"data":""}\n',
        b'{"kind":"hello","version":1,"name":"x"}\n{"kind":"file","name":"recipe.json","data":"%%%"}\n',
        b"",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(tmp_path: Path, words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = tmp_path / "answer"
    answer.write_bytes(words)
    monkeypatch.setattr(Place, "command", lambda self, options=(): ["cat", str(answer)])
    with pytest.raises(StudioError) as caught:
        Mirror(place_of("h:d"), tmp_path / "here").follow()
    assert caught.value.code in ("remote.protocol", "remote.lost")
    assert not (tmp_path / "here" / "lock").exists()


def test_no_other_file_is_written_than_those_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = tmp_path / "answer"
    with answer.open("wb") as file:
        write_message(file, "hello", version=1, name="x")
        for name in ("../../escaped", "/tmp/escaped", "lock", "remote.json", "control.jsonl", 7, None):
            write_message(file, "file", name=name, data=packed(b"x"))
            write_message(file, "part", step=1, name=name, at=0, data=packed(b"x"))
        write_message(file, "over")
    monkeypatch.setattr(Place, "command", lambda self, options=(): ["cat", str(answer)])
    Mirror(place_of("h:d"), tmp_path / "a" / "here").follow()
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"answer", "a/here/remote.json", "a/here/.lock-guard"}


def test_a_directory_follows_one_run_and_is_not_trained_here(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = [sys.executable, "-m", "blockstudio", "attach", "--serve", str(run.directory)]
    monkeypatch.setattr(Place, "command", lambda self, options=(): program)
    folder = tmp_path / "here"
    for _ in range(2):  # The second time there is nothing new.
        Mirror(place_of("h:d"), folder).follow()
        assert (folder / "events.jsonl").read_bytes() == (run.directory / "events.jsonl").read_bytes()
    mirrored = Run(folder)
    assert mirrored.state().status == "stopped" and mirrored.diagram().name == "tiny"
    with pytest.raises(StudioError) as caught:
        start_run(mirrored)
    assert caught.value.code == "run.remote"
    with pytest.raises(StudioError, match="follows another run"):
        Mirror(place_of("h:other"), folder).follow()
    with pytest.raises(StudioError, match="not empty"):
        Mirror(place_of("h:d"), run.directory).follow()


# Over OpenSSH


@pytest.mark.slow
@needs_sshd
def test_a_run_is_followed_paused_stopped_and_fetched_over_ssh(tmp_path: Path) -> None:
    fields = {"threads": 1, "epochs": 100_000, "device": "cpu"}
    there = create_run(tiny_network(), with_fields(Recipe(), fields), tmp_path / "there")
    trainer = start_run(there)
    with sshd(tmp_path) as options:
        program = f"{sys.executable} -m blockstudio"
        command = [sys.executable, "-m", "blockstudio", "attach", f"{getpass.getuser()}@127.0.0.1:{there.directory}",
                   "--run", str(tmp_path / "here"), "--program", program, "--fetch", "--quiet",
                   *(f"--ssh={option}" for option in options)]  # fmt: skip
        follower = subprocess.Popen(command)
        while not here.is_there(tmp_path / "here"):
            assert follower.poll() is None
        run = Run(tmp_path / "here")
        told: list[str] = []
        for event in run.follow():
            told.append(event["type"])
            if event["type"] == "step" and "pause" not in told:
                run.send("pause")
                told.append("pause")
            elif event["type"] == "paused":
                assert run.state().status == "paused" and run.state().active
                run.send("resume")
            elif event["type"] == "resumed":
                run.send("stop")
        assert follower.wait() == 0 and trainer.wait() == 0
    assert told[-1] == "stopped" and run.state().status == "stopped"
    assert (run.directory / "events.jsonl").read_bytes() == (there.directory / "events.jsonl").read_bytes()
    fetched, original = run.checkpoints.latest_good(), there.checkpoints.latest_good()
    assert fetched is not None and original is not None and fetched.step == original.step
    assert fetched.model.read_bytes() == original.model.read_bytes()
