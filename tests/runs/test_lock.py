"""Who trains a run: the living keep others out, the dead do not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from blockstudio.errors import StudioError
from blockstudio.runs.lock import Holder, Lock
from blockstudio.runs.processes import own_mark, start_mark


def dead_child() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_held_lock_keeps_a_second_trainer_out(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    first.claim()
    with pytest.raises(StudioError) as caught:
        Lock(tmp_path).claim()
    assert caught.value.code == "run.locked"
    assert str(os.getpid()) in caught.value.message
    first.release()
    Lock(tmp_path).claim()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.claim()
    lock.hand_to(dead_child())
    holder = lock.holder()
    assert holder is not None
    assert not lock.alive(holder)
    Lock(tmp_path).claim()


def test_another_process_with_the_same_number_is_not_the_holder(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.claim()
    holder = lock.holder()
    assert holder is not None
    assert lock.alive(holder)
    assert not lock.alive(msgspec.structs.replace(holder, mark="1"))


def test_a_child_that_died_and_was_not_collected_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()  # Until it has closed its output, that is, ended or about to.
    while start_mark(child.pid) is not None:
        os.sched_yield()
    child.wait()
    assert start_mark(child.pid) is None


def test_a_process_keeps_its_mark() -> None:
    assert own_mark()
    assert own_mark() == start_mark(os.getpid())
    assert start_mark(0) is None
    assert start_mark(2**22 + 12345) is None


def test_a_token_hands_the_lock_over(tmp_path: Path) -> None:
    starter, trainer = Lock(tmp_path), Lock(tmp_path)
    starter.claim()
    trainer.claim(starter.token)
    # Only the token opens it.
    with pytest.raises(StudioError):
        Lock(tmp_path).claim("another")
    trainer.release()
    assert Lock(tmp_path).holder() is None


def test_handing_over_after_the_child_has_taken_it_changes_nothing(tmp_path: Path) -> None:
    starter = Lock(tmp_path)
    starter.claim()
    token = starter.token
    script = (
        "import sys; from pathlib import Path; from blockstudio.runs.lock import Lock;"
        f"Lock(Path({str(tmp_path)!r})).claim({token!r}); print(flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdin is not None
    child.stdout.readline()
    starter.hand_to(1)
    holder = starter.holder()
    assert holder is not None
    assert holder.pid == child.pid
    assert starter.alive(holder)
    child.stdin.close()
    child.wait()
    assert not starter.alive(holder)


def test_a_lock_that_is_no_longer_ours_is_not_released(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    first.claim()
    first.hand_to(dead_child())
    second = Lock(tmp_path)
    second.claim()
    first.release()
    assert second.holder() is not None


def test_a_damaged_lock_counts_as_dead(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("{")
    lock = Lock(tmp_path)
    holder = lock.holder()
    assert holder is not None
    assert not lock.alive(holder)
    lock.claim()


def test_a_trainer_elsewhere_lives_while_it_gives_signs(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    holder = Holder(token="x", pid=1, mark="1", host="elsewhere", time=0.0, offset=0)
    (tmp_path / "lock").write_bytes(msgspec.json.encode(holder))
    assert lock.alive(holder)
    os.utime(tmp_path / "lock", (1, 1))
    assert not lock.alive(holder)


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(
        msgspec.json.encode(
            Holder(token="x", pid=dead_child(), mark="1", host=socket.gethostname(), time=0.0, offset=0)
        )
    )

    def attempt(_: int) -> bool:
        try:
            Lock(tmp_path).claim()
        except StudioError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
