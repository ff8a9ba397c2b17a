"""``python -m blockstudio.training DIR``: train or continue the run in DIR. The studio starts this."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from blockstudio.errors import StudioError
from blockstudio.needs import explained
from blockstudio.runs.events import EventWriter
from blockstudio.runs.launched import in_group
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import EVENTS, Run
from blockstudio.text import say


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when the run ended or was stopped, 1 when it failed; the run's log says why."""
    parser = argparse.ArgumentParser(prog="python -m blockstudio.training", description=__doc__)
    parser.add_argument("directory", help="the run")
    parser.add_argument("--token", default="", help=argparse.SUPPRESS)
    parser.add_argument("--control", type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        run = Run(options.directory)
        try:
            from blockstudio.training.trainer import train_run
        except ImportError as error:
            _say_broken(run, options.token, error)
            raise
        if in_group():
            from blockstudio.training.group.member import train_member

            train_member(run, token=options.token, control_offset=options.control)
            return 0
        train_run(
            run,
            token=options.token,
            control_offset=options.control,
            signals=("SIGINT", "SIGTERM", "SIGBREAK"),
            own_process=True,
        )
    except StudioError as error:
        if in_group():
            return 0  # It is in the log, and the launcher is not to try again.
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1
    return int(run.state().status == "failed")


def _say_broken(run: Run, token: str, error: ImportError) -> None:
    lock = Lock(run.directory)
    lock.claim(token)
    events = EventWriter(run.directory / EVENTS)
    found = explained(error, "training") or StudioError(
        "", say("PyTorch or a library it needs cannot be loaded: {error}", error=error)
    )
    hint = found.hint or "Reinstall Block Studio's requirements."
    events.write("failed", code="trainer.import", message=found.message, where="", hint=hint)
    events.close()
    lock.release()


if __name__ == "__main__":
    code = main()
    if in_group():
        from blockstudio.training.group.member import done

        done(code)
    sys.exit(code)
