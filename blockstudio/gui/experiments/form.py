"""A new experiment from the network in view and the next recipe: what is varied, seeds, what is measured."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import StudioError
from blockstudio.experiments import loads_experiment
from blockstudio.experiments.definition import MAX_TRIALS, SUFFIX
from blockstudio.experiments.measures import CURVES
from blockstudio.graph.files import folder_for, write_atomic
from blockstudio.graph.format import SUFFIX as NETWORK
from blockstudio.graph.format import save
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.fields import Choice, Form
from blockstudio.gui.kit.parts import link, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.work.temporary import temporary_folder
from blockstudio.runs.recipe import FIELDS, Recipe, get_field
from blockstudio.text import say

WIDTH = 560
SEARCHES = {
    "": say("every combination"), "random": say("random values"), "tpe": say("where results are good (Optuna, TPE)"),
    "nsga2": say("good and cheap (Optuna, NSGA-II)"),
}  # fmt: skip
TAKES = ("final", "best", "steps_to", "seconds_to")


DIGITS = 9
"""Of a number of variants, at most."""
LONGEST, MOST_LINES = 400, 8
"""Of what is wrong so much is said at a time."""
LINES = ("question", "tries", "seeds", "target", "compare")
LISTS = ("search", "curve", "take")


class NewExperiment(QWidget):
    """See the module's text. What is wrong is said under the form before anything is written."""

    made = Signal(object)
    """The file of the experiment."""
    left = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.folder: Path | None = None
        """Where new experiments go; ``None`` until the form was opened."""
        self.setMaximumWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        title = QLabel(tr("New experiment"))
        title.setFont(font(14, bold=True))
        column.addWidget(title)
        column.addWidget(quiet(tr("With the network in view and the recipe of the next run.")))
        form = Form(labels=26)
        self.question = QLineEdit()
        self.question.setPlaceholderText(tr("Are more channels better?"))
        form.add("question", tr("Question"), self.question)
        self.grid = QPlainTextEdit()
        self.grid.setFixedHeight(72)
        self.grid.setProperty("role", "field")
        self.grid.setTabChangesFocus(True)
        self.grid.setPlaceholderText("diagram.width: 8, 16, 32\nlr: 0.01, 0.1")
        form.add(
            "grid",
            tr("Varied"),
            self.grid,
            tr("A line each: a recipe field or diagram.NAME, and its values; of a search also lr: 0.001 .. 1 log"),
        )
        self.search, self.tries = Choice(), QLineEdit("20")
        for kind, called in SEARCHES.items():
            self.search.addItem(tr(called), kind)
        form.add("search", tr("Tried"), self.search)
        form.add("tries", tr("Variants"), self.tries, tr("Of a search: how many are tried"))
        self.seeds = QLineEdit("0-4")
        form.add("seeds", tr("Seeds"), self.seeds)
        self.curve, self.take = Choice(), Choice()
        self.curve.addItems(list(CURVES))
        self.curve.setCurrentText("test_accuracy")
        self.take.addItems(list(TAKES))
        form.add("curve", tr("Measure"), self.curve)
        form.add("take", tr("Taken"), self.take)
        self.target = QLineEdit()
        self.target.setPlaceholderText(tr("only for steps_to and seconds_to: 0.8"))
        form.add("target", tr("Target"), self.target)
        self.compare = QLineEdit()
        self.compare.setPlaceholderText(tr("what is compared: one of the varied"))
        form.add("compare", tr("Compared"), self.compare)
        column.addWidget(form)
        self.names = quiet()
        column.addWidget(self.names)
        self.said = QLabel()
        self.said.setWordWrap(True)
        column.addWidget(self.said)
        row = QHBoxLayout()
        self.make = QPushButton(tr("Make it"))
        self.make.setProperty("role", "primary")
        row.addWidget(self.make)
        row.addWidget(link(tr("Cancel"), self.left.emit))
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        for edit in (self.question, self.seeds, self.target, self.compare, self.tries):
            edit.textChanged.connect(lambda _: self.check())
        self.grid.textChanged.connect(self.check)
        self.curve.currentIndexChanged.connect(lambda _: self.check())
        self.search.currentIndexChanged.connect(lambda _: self._show_search())
        self.take.currentIndexChanged.connect(lambda _: self.check())

    def _show_search(self) -> None:
        searches = bool(self.search.currentData())
        self.tries.setEnabled(searches)
        self.compare.setEnabled(not searches)
        self.check()

    def begin(self, folder: Path) -> None:
        """Fill it anew; files go below ``folder``."""
        self.folder = folder
        declared = ", ".join(f"diagram.{name}" for name in self._session.diagram.parameters)
        self.names.setText(tr("Parameters of the network: {names}", names=declared) if declared else "")
        self._show_search()
        self.question.setFocus()

    def give(self) -> dict[str, str]:
        """What was typed and chosen, for the window that takes this one's place."""
        lines = {name: getattr(self, name).text() for name in LINES}
        lists = {name: str(getattr(self, name).currentIndex()) for name in LISTS}
        return {**lines, **lists, "grid": self.grid.toPlainText()}

    def put(self, given: dict[str, str]) -> None:
        """Show what was typed in another window."""
        for name in LINES:
            getattr(self, name).setText(given[name])
        for name in LISTS:
            getattr(self, name).setCurrentIndex(int(given[name]))
        self.grid.setPlainText(given["grid"])

    def data(self) -> dict[str, Any]:
        """The experiment as its file has it. Raises `StudioError` ``experiment.form``."""
        grid: dict[str, Any] = {}
        for line in self.grid.toPlainText().splitlines():
            if not line.strip():
                continue
            key, colon, values = line.partition(":")
            if not colon or not values.strip():
                text = say("'{line}' is not NAME: VALUE, VALUE.", line=line)
                raise StudioError("experiment.form", text)
            if key.strip() in grid:
                text = say("'{key}' stands in two lines: give its values in one.", key=key.strip())
                raise StudioError("experiment.form", text)
            kind = self.search.currentData()
            grid[key.strip()] = _range(values) if ".." in values and kind else _values(values)
        target = self.target.text().strip()
        measure: dict[str, Any] = {"curve": self.curve.currentText(), "take": self.take.currentText()}
        if target:
            measure["target"] = _value(target)
            if not isinstance(measure["target"], int | float):
                raise StudioError(
                    "experiment.form", say("the target is a number, as 0.8; found '{text}'.", text=target)
                )
        kind = self.search.currentData()
        asked: dict[str, Any] = {"grid": grid, "compare": self.compare.text().strip()}
        if kind:
            tries = self.tries.text().strip()
            if not tries.isdecimal() or len(tries) > DIGITS:
                raise StudioError("experiment.form", say("how many variants are tried is a whole number."))
            asked = {"search": {"kind": kind, "trials": int(tries), "space": grid}}
        return {
            "version": 1,
            "question": self.question.text().strip(),
            "networks": [f"network{NETWORK}"],
            "recipe": _changed(self._session.recipe.value),
            "seeds": _seeds(self.seeds.text()),
            "measure": measure,
            **asked,
        }

    def _text(self) -> bytes:
        return msgspec.json.format(json.dumps(self.data(), ensure_ascii=False).encode(), indent=1)

    def check(self) -> bool:
        """Say what is wrong, or how many trials it would be."""
        try:
            holder = temporary_folder()
            folder = Path(holder.path())
            save(self._session.diagram, folder / f"network{NETWORK}")
            plan = loads_experiment(self._text(), folder, "")
        except StudioError as error:
            told = [str(each).lstrip(": ") for each in getattr(error, "problems", (error,))]
            lines = [line if len(line) <= LONGEST else line[: LONGEST - 1] + "…" for line in told[:MOST_LINES]]
            self.said.setText("\n".join(lines))
            good = False
        else:
            search = plan.experiment.search
            variants = search.trials if search is not None and search.adaptive else len(plan.variants)
            count = variants * len(plan.experiment.seeds)
            self.said.setText(tr_many("{count} trial", "{count:,} trials", count))
            good = True
        role = "secondary" if good else "problem"
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.make.setEnabled(good)
        return good

    def accept(self) -> None:
        """Write the network and the experiment into a folder of its own."""
        if self.folder is None or not self.check():
            return
        words = self.question.text() or self._session.diagram.name
        stem = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40] or "experiment"
        folder, number = self.folder / stem, 1
        while os.path.exists(folder):
            number += 1
            folder = self.folder / f"{stem}-{number}"
        try:
            with folder_for(folder):
                save(self._session.diagram, folder / f"network{NETWORK}")
                file = folder / f"{folder.name}{SUFFIX}"
                write_atomic(file, self._text() + b"\n")
        except StudioError as error:
            self.said.setText(str(error))
            return
        self.made.emit(file)


def _value(text: str) -> Any:
    """A number, word or list; what no file can hold (``NaN``, ``1e999``) stays a word, which is then refused."""
    try:
        return json.loads(text.strip(), parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return text.strip()


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(text)
    return value


def _values(text: str) -> list[Any]:
    """Values between commas, of which each may be a list."""
    whole = _value(f"[{text.strip().rstrip(',')}]")
    return whole if isinstance(whole, list) else [_value(part) for part in text.split(",") if part.strip()]


def _range(text: str) -> dict[str, Any]:
    """``0.001 .. 1 log``, ``4 .. 64 step 4``. Raises `StudioError` ``experiment.form``."""
    low, _, rest = text.partition("..")
    words = rest.split()
    found: dict[str, Any] = {"low": _value(low), "high": _value(words[0]) if words else ""}
    if words[1:] == ["log"]:
        found["log"] = True
    elif len(words) == 3 and words[1] == "step":
        found["step"] = _value(words[2])
    elif words[1:]:
        found["high"] = ""
    if not all(isinstance(found[key], int | float) for key in ("low", "high")):
        text = say("'{text}' is not a range as 0.001 .. 1 log or 4 .. 64 step 4.", text=text.strip())
        raise StudioError("experiment.form", text)
    return found


def _seeds(text: str) -> list[int]:
    """``0-4`` or ``0, 1, 7``."""
    found: list[int] = []
    try:
        for part in text.replace("–", "-").split(","):
            first, dash, last = part.strip().partition("-")
            seeds = range(int(first), int(last or "-") + 1) if dash else [int(first)]
            if len(found) + (seeds.stop - seeds.start if isinstance(seeds, range) else 1) > MAX_TRIALS:
                text = say("that are more than {most:,} seeds.", most=MAX_TRIALS)
                raise StudioError("experiment.form", text)
            found += seeds
    except ValueError:
        raise StudioError("experiment.form", say("seeds are whole numbers: 0-4, or 0, 1, 7.")) from None
    return found


def _changed(recipe: Recipe) -> dict[str, Any]:
    """Fields of the recipe that are not as they are by default; its seed is each trial's own."""
    return {
        path: list(value) if isinstance(value, tuple) else value
        for path in FIELDS
        if path not in ("seed", "version") and (value := get_field(recipe, path)) != FIELDS[path].default
    }
