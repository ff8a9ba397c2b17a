"""Ctrl-C amid a call that Python does not come back from."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BUSY = """
import ctypes, signal, sys
from pathlib import Path
from blockstudio.cli.ending import ended_by_interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)  # a script in the background ignores it
mark = Path(sys.argv[1])
with ended_by_interrupt("Stopped.", mark.unlink):
    print("busy", flush=True)
    ctypes.CDLL(None).pause()  # until a signal: then for ever again, as a long computation goes on
    ctypes.CDLL(None).sleep(3600)
    ctypes.CDLL(None).sleep(3600)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_is_answered_and_ends_the_process(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, str(mark)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "busy\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=600)
    assert (process.returncode, said, mark.exists()) == (130, "Stopped.\n", False)


def test_afterwards_it_is_as_before() -> None:
    from blockstudio.cli.ending import ended_by_interrupt

    # A run of the tests in the background of a script ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ended_by_interrupt(""):
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_that_ignores_it_goes_on() -> None:
    from blockstudio.cli.ending import ended_by_interrupt

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ended_by_interrupt("Stopped."):
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
