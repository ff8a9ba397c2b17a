"""A server of the system's OpenSSH on the loopback address, with keys of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest


def needs_sshd(test: Callable[..., Any]) -> Callable[..., Any]:
    """Leave a test out where there is no server, or it cannot be started."""
    there = pytest.mark.skipif(not Path("/usr/sbin/sshd").exists() or os.name == "nt", reason="no sshd")
    root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="sshd is started as root here")
    return there(root(test))


@contextlib.contextmanager
def sshd(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    """The server, with ``more`` variables for what it starts; gives the options for ssh that reach it."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"PYTHONPATH": os.environ.get("PYTHONPATH", os.getcwd()), **(more or {})}
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"SetEnv {' '.join(f'{name}={value}' for name, value in variables.items())}\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    # Into a file: whoever it has started would hold a pipe open after it.
    server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-E", folder / "sshd.log", "-f", config])
    try:
        reached = False
        while not reached and server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                reached = True
        yield ["-p", str(port), "-i", str(folder / "user"), "-o", "StrictHostKeyChecking=no", "-o",
               f"UserKnownHostsFile={folder}/known", "-o", "IdentitiesOnly=yes"]  # fmt: skip
    finally:
        server.terminate()
        server.wait()
