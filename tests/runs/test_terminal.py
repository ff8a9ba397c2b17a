"""What the terminal says of a run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run
from blockstudio.runs.terminal import TerminalView, confusion_table


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(bs.load("cifar_resnet", n=1), Recipe(), tmp_path / "run")


def shown(run: Run, *events: dict[str, Any], terminal: bool = False) -> tuple[str, int]:
    output = io.StringIO()
    view = TerminalView(run, Console(file=output, width=140, force_terminal=terminal, color_system=None))
    with view:
        for event in events:
            view.show(event)
    code = view.close()
    return output.getvalue(), code


STARTED = {
    "type": "started", "step": 0, "steps": 40, "epochs": 2, "images": 1299, "parameters": 1234, "device": "cpu",
}  # fmt: skip
STEP = {
    "type": "step", "step": 10, "epoch": 1, "loss": 0.5, "accuracy": 0.75, "images_per_second": 1234.5,
    "seconds_left": 75.0,
}  # fmt: skip


def test_the_bar_shows_loss_accuracy_speed_and_time_left(run: Run) -> None:
    text, _ = shown(run, STARTED, STEP, terminal=True)
    for words in ("epoch 1/2", "25%", "loss 0.5000", "accuracy 75.0%", "images/s", "1 min 15 s left"):
        assert words in text


def test_the_end_shows_accuracy_and_confusion(run: Run) -> None:
    (run.directory / "data.json").write_bytes(msgspec.json.encode({"classes": ["cat", "dog"]}))
    finished = {
        "type": "finished", "step": 40, "test_accuracy": 0.9, "test_loss": 0.25, "confusion": [[9, 1], [0, 10]],
        "seconds": 12.0,
    }  # fmt: skip
    epoch = {
        "type": "epoch", "epoch": 2, "step": 40, "train_loss": 0.1, "train_accuracy": 0.9, "validation_loss": 0.2,
        "validation_accuracy": 0.8,
    }  # fmt: skip
    text, code = shown(run, STARTED, STEP, epoch, finished)
    assert code == 0
    for words in ("epoch 2/2", "validation loss 0.2000, accuracy 80.0%", "Test accuracy 90.0%", "cat", "dog", "100.0%"):
        assert words in text


@pytest.mark.parametrize(
    ("event", "code", "words"),
    [
        ({"type": "stopped", "step": 7}, 130, ""),
        ({"type": "diverged", "step": 7, "loss": "nan"}, 1, "became nan by step 7"),
        ({"type": "failed", "message": "is empty.", "where": "a.png", "hint": "Remove it."}, 1, "a.png: is empty."),
    ],
)
def test_what_went_wrong_is_one_sentence_and_an_exit_code(
    run: Run, capsys: pytest.CaptureFixture[str], event: dict[str, Any], code: int, words: str
) -> None:
    text, found = shown(run, STARTED, event)
    assert found == code
    assert words in capsys.readouterr().err
    assert ("--resume" in text) == (code == 130)


def test_of_many_classes_the_pairs_most_confused_are_shown() -> None:
    confusion = [[0] * 30 for _ in range(30)]
    confusion[3][4] = 7
    confusion[5][6] = 9
    table = confusion_table(confusion, [f"class {index}" for index in range(30)])
    assert table.row_count == 2
    output = io.StringIO()
    Console(file=output, width=100).print(table)
    assert output.getvalue().index("class 5") < output.getvalue().index("class 3")


def test_markup_in_names_is_shown_as_it_is(run: Run) -> None:
    text, _ = shown(run, {"type": "note", "text": "[bold]data[/bold]"})
    assert "[bold]data[/bold]" in text
