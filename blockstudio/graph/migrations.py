"""Files of older versions, brought up one version at a time. A migration changes plain JSON data, before any
check: what it does not understand it leaves for the check to name."""

from __future__ import annotations

from collections.abc import Callable

from blockstudio.errors import StudioError
from blockstudio.graph.jsontext import Place
from blockstudio.text import say

FORMAT_VERSION = 4

Data = dict[str, object]


def migrate(data: Data, place: Place) -> Data:
    """``data`` in the current version. Raises `StudioError` ``file.version`` for one that is unknown."""
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise StudioError(
            "file.version",
            say(
                "expected a version from 1 to {newest}, found {version}.",
                newest=FORMAT_VERSION,
                version=str(version)[:40],
            ),
            where=str(place / "version"),
        )
    if version > FORMAT_VERSION:
        raise StudioError(
            "file.version",
            say("it was written by a newer Block Studio (format {version}).", version=str(version)[:40]),
            where=str(place / "version"),
            hint=say("This one reads formats up to {newest}.", newest=FORMAT_VERSION),
        )
    while version < FORMAT_VERSION:
        data = _MIGRATIONS[version](data)
        version += 1
    return data


def _from_1(data: Data) -> Data:
    """Version 1 called a block's parameters ``params`` and wrote a wire as a list of four: source block, source
    port, target block, target port."""

    def graph(old: Data) -> Data:
        new = dict(old)
        if isinstance(blocks := old.get("blocks"), dict):
            new["blocks"] = {name: block(value) for name, value in blocks.items()}
        if isinstance(wires := old.get("wires"), list):
            new["wires"] = [wire(value) for value in wires]
        return new

    def block(old: object) -> object:
        if not isinstance(old, dict):
            return old
        return {"parameters" if key == "params" else key: value for key, value in old.items()}

    def wire(old: object) -> object:
        if isinstance(old, list) and len(old) == 4 and all(isinstance(item, str) for item in old):
            return f"{old[0]}:{old[1]} -> {old[2]}:{old[3]}"
        return old

    new = graph(data)
    if isinstance(modules := data.get("modules"), dict):
        new["modules"] = {name: graph(value) if isinstance(value, dict) else value for name, value in modules.items()}
    return new | {"version": 2}


def _from_2(data: Data) -> Data:
    """Version 2 had no ``routes``: every wire went its own way."""
    return data | {"version": 3}


def _from_3(data: Data) -> Data:
    """Version 3 had no ``frames`` and ``notes``."""
    return data | {"version": 4}


_MIGRATIONS: dict[int, Callable[[Data], Data]] = {1: _from_1, 2: _from_2, 3: _from_3}
"""From each older version to the next."""
