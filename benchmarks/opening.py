"""From "open this network" to its drawing on the screen, in a window that is up: every preset, the deep ones with their
parameters, and two networks fully expanded.

    python benchmarks/opening.py [--rounds 3] [--only resnet50 ...]

A fresh process for each round opens every network once, in another order, and closes it again. The clock runs from the
request until the file is read, the network analysed, every level laid out, every wire routed and a frame painted of
it all. Prints the median of the rounds and the worst, by the clock and of the processor (the better figure where other
programs run).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import SUFFIX, save
from blockstudio.graph.presets import load_preset, preset_names

OPEN_S, EXPANDED_S = 0.5, 2.0
DEEP: list[tuple[str, dict[str, object]]] = [
    ("cifar_preact", {"n": 111, "bottleneck": True}),
    ("cifar_resnet", {"n": 18}),
    ("cifar_resnet", {"n": 200}),
    ("cifar_plain", {"n": 18}),
    ("plain", {"depth": "18"}),
    ("wide_resnet", {"depth": 40, "widen_factor": 4}),
]
RESNET_1001 = ("cifar_preact", {"n": 111, "bottleneck": True})
EXPANDED: list[tuple[str, dict[str, object]]] = [RESNET_1001, ("inception_resnet_v2", {})]
PATIENCE_S = 60.0


def title(name: str, values: dict[str, object], how: str = "") -> str:
    """What a line of the table is called."""
    given = ", ".join(f"{key}={value}" for key, value in values.items())
    return name + (f" ({given})" if given else "") + (f", {how}" if how else "")


def instances(diagram: Diagram) -> set[str]:
    """Paths of all module instances, the inside of the first copy of repeated ones included."""
    found: set[str] = set()

    def walk(scope: str, path: str) -> None:
        for name, block in diagram.definition(scope).blocks():
            if block.type in diagram.modules:
                full = f"{path}.{name}" if path else name
                found.add(full)
                walk(block.type, f"{full}.0" if block.repeat is not None else full)

    walk("", "")
    return found


def one_round(seed: int, only: list[str], folder: Path) -> dict[str, tuple[float, float]]:
    """Seconds by the clock and of the processor for each network, opened in a window of this process."""
    from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer

    from blockstudio.gui.app.application import application
    from blockstudio.gui.work import settings

    settings.use_folder(folder)
    app = application(dark=False)
    from blockstudio.gui.shell.window import StudioWindow

    window = StudioWindow()
    window.resize(1440, 900)
    window.desk.show_screen("start")
    window.show()
    canvas, documents = window.canvas, window.documents

    class Paints(QObject):
        """Remembers which drawing was painted last, and in which state."""

        last: tuple[int, int] | None = None

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                self.last = (canvas.scene.root.drawing.serial, canvas.scene.root.drawing.version)
            return False

    paints = Paints()
    waking = QTimer()  # the state is looked at although no event comes
    waking.start(5)
    canvas.installEventFilter(paints)

    def drawn() -> bool:
        drawing = canvas.scene.root.drawing
        busy = documents.busy or canvas.busy or drawing.unrouted
        return not busy and paints.last == (drawing.serial, drawing.version)

    def timed(request: Callable[[], object]) -> tuple[float, float]:
        paints.last = None
        start, busy = time.perf_counter(), time.process_time()
        request()
        while not drawn():
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # as the window waits
            if time.perf_counter() - start > PATIENCE_S:
                raise SystemExit("a network was not drawn in time")
        return time.perf_counter() - start, time.process_time() - busy

    def close() -> None:
        documents.discard(documents.current)
        window.desk.show_screen("start")
        for _ in range(5):
            app.processEvents()

    browser = window.features.browser
    while browser.page is not None and browser.page.is_busy:
        # What a window does in its first second, before anybody has chosen a network.
        app.processEvents()
    jobs: list[tuple[str, Callable[[], tuple[float, float]]]] = []
    for name, values in [*((name, {}) for name in preset_names()), *DEEP]:
        label = title(name, values)
        jobs.append((label, lambda name=name, values=values: timed(lambda: documents.open(name, dict(values)))))
    for name, values in EXPANDED:
        label = title(name, values, "flat file")
        file = folder / f"{name}-flat{SUFFIX}"
        save(flatten(load_preset(name, **values)), file)
        jobs.append((label, lambda file=file: timed(lambda: documents.open(file))))

        def opened_in_place(name: str = name, values: dict[str, object] = values) -> tuple[float, float]:
            def request() -> None:
                documents.open_now(name, dict(values))
                canvas.scene.staging.opened |= instances(window.session.diagram)
                canvas.scene.restage()

            return timed(request)

        jobs.append((title(name, values, "all modules open"), opened_in_place))
    random.Random(seed).shuffle(jobs)
    found = {}
    for label, job in jobs:
        if not only or any(word in label for word in only):
            found[label] = job()
            close()
    window.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], help="words of the lines wanted")
    parser.add_argument("--round", type=int, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.round is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(one_round(given.round, given.only, Path(folder))), flush=True)
        os._exit(0)
    rounds: dict[str, list[tuple[float, float]]] = {}
    for number in range(given.rounds):
        command = [sys.executable, __file__, "--round", str(number), *(["--only", *given.only] if given.only else [])]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise SystemExit(answer.stderr)
        for label, times in json.loads(answer.stdout.splitlines()[-1]).items():
            rounds.setdefault(label, []).append(tuple(times))
    print(f"{'milliseconds':58} median   worst     CPU   worst")
    late = []
    for label in sorted(rounds):
        wall, cpu = ([times[index] * 1e3 for times in rounds[label]] for index in (0, 1))
        bar = (EXPANDED_S if "flat" in label or "modules open" in label else OPEN_S) * 1e3
        print(f"{label:58} {statistics.median(wall):6.0f} {max(wall):7.0f} {statistics.median(cpu):7.0f} "
              f"{max(cpu):7.0f}{'   over the bar' if statistics.median(wall) > bar else ''}")  # fmt: skip
        if statistics.median(wall) > bar:
            late.append(label)
    slowest = max(rounds, key=lambda label: max(wall for wall, _ in rounds[label]) if "flat" not in label else 0)
    print(f"slowest that is not expanded: {slowest}")
    print(f"bars: {OPEN_S:g} s, expanded {EXPANDED_S:g} s: {'met' if not late else 'missed by ' + ', '.join(late)}")
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main())
