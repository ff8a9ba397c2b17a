"""Starting a queue as a process of its own, which outlives whoever started it, and telling it what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError, file_errors
from blockstudio.experiments.definition import Size
from blockstudio.experiments.place import Place
from blockstudio.experiments.queue import PAUSED, RETRY, STOP
from blockstudio.graph.files import check_regular, make_folder, open_log, read_tail, refusal
from blockstudio.text import say

Word: TypeAlias = Literal["pause", "resume", "stop", "retry"]
LOCAL = Place()
REFUSED = 2
"""The exit code of a queue that could not begin."""
LOG = "queue.log"
"""What the queue says, in the experiment's folder."""


def start_queue(
    file: Path, home: Path, at_once: int, again: bool = False, place: Place = LOCAL, size: Size = "small"
) -> subprocess.Popen[bytes]:
    """Work an experiment's trials off in a detached process, at a ``place``. Raises `StudioError`
    ``experiment.start``, ``file.write``."""
    command = [sys.executable, "-m", "blockstudio", "experiment", "run", str(file), "--runs", str(home), "--at-once",
               str(at_once), f"--{size}", *place.arguments(), *(["--retry"] if again else [])]  # fmt: skip
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    try:
        make_folder(home)
        (home / PAUSED).unlink(missing_ok=True)
        with open_log(home / LOG) as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                    start_new_session=os.name != "nt", creationflags=flags)  # fmt: skip
    except OSError as error:
        text = say("the queue cannot be started: {error}.", error=refusal(error, 0, home))
        raise StudioError("experiment.start", text, where=str(home)) from error


def last_line(home: Path) -> str:
    """The last thing that the queue of an experiment said, without the program's name; empty if it said nothing."""
    try:
        said = read_tail(home / LOG).strip().splitlines()
    except OSError:
        return ""
    return said[-1].removeprefix("blockstudio: ") if said else ""


def tell_queue(home: Path, word: Word) -> None:
    """Tell the queue of an experiment. Raises `StudioError` ``experiment.missing`` if none was ever there."""
    with file_errors():
        is_there = home.is_dir()
    if not is_there:
        raise StudioError("experiment.missing", say("no run of it was made yet."), where=str(home))
    file = home / {"pause": PAUSED, "resume": PAUSED, "stop": STOP, "retry": RETRY}[word]
    try:
        check_regular(file)
        if word == "resume":
            file.unlink(missing_ok=True)
        else:
            file.touch()
    except OSError as error:
        raise StudioError(
            "experiment.tell",
            say("the queue cannot be told: {reason}.", reason=refusal(error, 0, file)),
            where=str(file),
            hint=say("Make room, or see whether the folder may be written to.")
            if not os.path.exists(file)
            else say("Delete it."),
        ) from error
