"""Trainers as processes of their own: started, watched, stopped, broken."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from blockstudio.errors import StudioError
from blockstudio.runs import Run, start_run
from blockstudio.runs.terminal import watch

MakeRun = Callable[..., Run]


@pytest.mark.slow
def test_the_terminal_shows_a_run_from_start_to_end(make_run: MakeRun) -> None:
    run = make_run(epochs=2)
    output = io.StringIO()
    assert watch(run, Console(file=output, width=120)) == 0
    text = output.getvalue()
    for words in ("40 steps on cpu, 1 threads", "epoch 2/2", "Test accuracy", "Confusion"):
        assert words in text
    assert run.state().status == "finished"
    with pytest.raises(StudioError) as caught:
        watch(run, Console(file=output))
    assert caught.value.code == "run.finished"


@pytest.mark.slow
def test_a_started_trainer_holds_the_run_and_obeys(make_run: MakeRun) -> None:
    run = make_run(epochs=2000)
    child = start_run(run)
    with pytest.raises(StudioError) as caught:
        start_run(Run(run.directory))
    assert caught.value.code == "run.locked"
    # Before its first word already it can be told: what was sent meanwhile is not lost.
    run.send("stop")
    events = [event["type"] for event in run.follow()]
    assert child.wait() == 0
    assert events[-1] == "stopped"
    assert not run.state().active
    assert os.name == "nt" or os.getsid(0) != child.pid


@pytest.mark.slow
def test_wrong_data_end_in_a_failed_event_and_exit_code(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(epochs=1)
    path = run.directory / "recipe.json"
    path.write_text(path.read_text().replace('"source": "digits"', '"source": "/no/such/folder"'))
    assert watch(run, Console(file=io.StringIO())) == 1
    assert "no such folder" in capsys.readouterr().err
    assert "no such folder" in run.last_words()


def test_a_torch_that_cannot_be_imported_is_told(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libcudart.so.13: cannot open shared object file')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    run = make_run(epochs=1)
    child = start_run(run)
    events = list(run.follow())
    assert child.wait() != 0
    assert events[-1]["code"] == "trainer.import"
    assert "libcudart" in events[-1]["message"]
    assert run.state().status == "failed"


def test_a_trainer_that_dies_at_once_is_noticed(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("import os\nprint('Illegal instruction', flush=True)\nos._exit(132)\n")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    run = make_run(epochs=1)
    child = start_run(run)
    events = list(run.follow())
    child.wait()
    assert events[-1]["type"] == "failed"
    assert events[-1]["message"] == "Illegal instruction"
    assert run.state().status == "failed"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_on_the_command_line_stops_with_a_checkpoint(make_run: MakeRun) -> None:
    run = make_run(epochs=5000)
    script = (
        "import sys; from blockstudio.runs import Run; from blockstudio.runs.terminal import watch;"
        "sys.exit(watch(Run(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(run.directory)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any("steps on cpu" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == 130
    assert "--resume" in output
    state = run.state()
    assert (state.status, state.active) == ("stopped", False)
    assert run.checkpoints.all()[-1].step == state.step
