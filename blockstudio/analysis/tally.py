"""How many blocks there are when modules are opened and copies counted one by one."""

from __future__ import annotations

from collections import Counter

from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet


def places(sheet: Sheet, depth: int = -1) -> int:
    """Blocks, instances and copies on ``depth`` levels (all of them where it is negative). Copies that are alike are
    looked into once."""
    known: dict[tuple[int, int], int] = {}

    def inside(result: Result, levels: int) -> int:
        return count(result.sub, levels) if result.sub is not None and levels else 0

    def count(sheet: Sheet, levels: int) -> int:
        key = (id(sheet), levels)
        if key not in known:
            total = 0
            for result in sheet.results.values():
                total += 1 + inside(result, levels - 1)
                if result.copies is not None and levels != 1:
                    alike = Counter(map(id, result.copies))
                    distinct = {id(copy): copy for copy in result.copies}
                    total += sum(alike[each] * (1 + inside(copy, levels - 1)) for each, copy in distinct.items())
            known[key] = total
        return known[key]

    return count(sheet, depth)
