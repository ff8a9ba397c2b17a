"""The whole suite again and again, in another order each time: what fails once in ten runs fails here.

python tests/prove.py [--runs N] [--busy] [further pytest options]
python tests/prove.py --suites [NAME …] [--part N] [--count N] [--begin N] [--jobs N]

``--busy`` keeps every core occupied by other processes meanwhile. The exit code is 1 if any run failed. Everything a
failed run said stands in the file that is named; ``python tests/run.py --randomly-seed=SEED`` runs its order again.

``--suites`` runs what the product must not be surprised by, whole: killed saves, hostile files, faults under training
(`tests/suites`; all eleven, or those named), and prints a line of a Markdown table for each part. ``--part`` takes one
part of a suite alone, ``--count`` does it so often,
``--jobs`` in so many processes at once where a part can be shared out; ``--begin`` draws others.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONGEST = 3600
"""Seconds after which a run counts as hanging, and after which a process that occupies a core ends by itself."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
SPIN = f"import time\nend = time.monotonic() + {LONGEST}\nwhile time.monotonic() < end: sum(range(10_000))"


def main() -> int:
    """Run the suite; say after each run how it went, and at the end what failed how often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="how many (default: 10)")
    parser.add_argument("--busy", action="store_true", help="keep every core occupied meanwhile")
    parser.add_argument("--suites", nargs="*", metavar="NAME", help="run these suites at large instead (default: all)")
    parser.add_argument("--part", type=int, help="one part of a suite, from 1")
    parser.add_argument("--count", type=int, help="how often, instead of the whole")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share a part (default: 1)")
    parser.add_argument("--begin", type=int, default=0, help="number of the first that is drawn (default: 0)")
    known, options = parser.parse_known_args()
    if known.suites is not None:
        return suites(known.suites, known.part, known.count, known.jobs, known.begin)
    failures: Counter[str] = Counter()
    broken = 0
    for number in range(1, known.runs + 1):
        seed = random.SystemRandom().randrange(2**32)
        begun = time.monotonic()
        with busy() if known.busy else nullcontext():
            code, text = run([f"--randomly-seed={seed}", *options])
        found = FAILED.findall(text)
        failures.update(found)
        said = "passed" if code == 0 else f"failed: {', '.join(found) or f'exit code {code}'}"
        print(f"run {number} of {known.runs}, seed {seed}, {time.monotonic() - begun:.0f} s: {said}", flush=True)
        if code != 0:
            broken += 1
            file = Path(tempfile.gettempdir()) / f"blockstudio-prove-{seed}.txt"
            file.write_text(text, encoding="utf-8")
            print(f"    {file}", flush=True)
    print(f"{known.runs - broken} of {known.runs} runs passed")
    for name, count in failures.most_common():
        print(f"{count:4} × {name}")
    return 1 if broken else 0


def suites(names: list[str], part: int | None, count: int | None, jobs: int = 1, begin: int = 0) -> int:
    """Run suites at large and print their table; faults stand below it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(HERE.parent))
    from tests.suites.table import SUITES, outcomes

    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    print("| what was done | how often | what was lost | command |\n| --- | ---: | --- | --- |")
    faults: list[str] = []
    for name in names or SUITES:
        for command, outcome in outcomes(name, count, part, jobs, begin):
            what = f"{outcome.what} ({outcome.note})" if outcome.note else outcome.what
            print(f"| {what} | {outcome.times:,} | {outcome.lost} | `{command}` |", flush=True)
            faults += outcome.faults
    for fault in faults:
        print(f"- {fault}")
    return 1 if faults else 0


def run(options: list[str]) -> tuple[int, str]:
    """Both halves of the suite in one run; exit code and all that was said."""
    command = [sys.executable, str(HERE / "run.py"), *options]
    # A session of its own, so that a run that hangs ends with its workers.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            said += f"\nended after {LONGEST} s"
    return process.returncode, said


@contextmanager
def busy() -> Iterator[None]:
    """A process on every core that does nothing but count."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
