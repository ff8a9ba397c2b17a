"""Ctrl-C that is answered at once, whatever a library computes meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blockstudio.text import Text, render


@contextmanager
def ended_by_interrupt(last_word: Text | str, clean: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Ctrl-C says ``last_word``, calls ``clean`` and ends this process. Python itself would hear of it after the call
    that is under way, which in the backward pass of a large network takes half a minute. A process that was started to
    ignore it, as one in the background of a script is, goes on."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)

    def listen() -> None:
        while heard := ours.recv(64):
            if signal.SIGINT in heard:
                if last_word:
                    print(render(last_word), file=sys.stderr, flush=True)
                clean()
                os._exit(130)

    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    woken = signal.set_wakeup_fd(theirs.fileno())
    thread = threading.Thread(target=listen, name="interrupts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGINT, before)
        theirs.close()
        thread.join()
        ours.close()
