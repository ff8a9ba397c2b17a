"""How much memory is free, of the machine and of the group of processes that a program is confined to."""

from __future__ import annotations

from pathlib import Path

from blockstudio.runs.devices import free_memory


def test_free_memory_is_the_least_that_anybody_leaves(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None  # Another system: it does not say.
    (tmp_path / "proc").mkdir()
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\nOdd\n")
    assert free_memory(tmp_path) == 4000 * 1024
    (group / "memory.current").write_text("900000\n")
    for text, expected in (("max\n", 4000 * 1024), ("1000000\n", 100_000), ("800000\n", 0), ("?", 4000 * 1024)):
        (group / "memory.max").write_text(text)
        assert free_memory(tmp_path) == expected
    (group / "memory.max").write_text("1000000")
    (group / "memory.stat").write_text("anon 5\ninactive_file 50000\n")
    assert free_memory(tmp_path) == 150_000
