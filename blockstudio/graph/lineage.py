"""How the networks that come with the studio descend from one another, as their files tell it in ``about``:

- ``from``: the presets whose ideas this one builds on, by its paper's own account, separated by commas;
- ``beside``: the preset of which this one is another depth, another source's version or another data set's;
- ``part_of``: the preset from which a module alone is taken;
- ``short``: what to call it beside others, where its name is long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.format import SUFFIX
from blockstudio.graph.presets import preset_folder, preset_names
from blockstudio.text import say


class _Head(msgspec.Struct):
    """What a preset's file says of itself; its blocks are not looked at."""

    name: str = ""
    description: str = ""
    about: dict[str, str] = {}


@dataclass(frozen=True)
class Kin:
    """One preset among its relatives."""

    preset: str
    title: str
    description: str
    about: Mapping[str, str] = field(hash=False)

    @property
    def label(self) -> str:
        """What to call it beside others."""
        return self.about.get("short", self.title)

    @property
    def year(self) -> int:
        """When it was first published; 0 if the file does not say."""
        text = self.about.get("year", "")
        return int(text) if text.isdecimal() else 0

    @property
    def family(self) -> str:
        return self.about.get("family", "")

    @property
    def parents(self) -> tuple[str, ...]:
        """Presets it builds on."""
        return tuple(name.strip() for name in self.about.get("from", "").split(",") if name.strip())

    @property
    def beside(self) -> str:
        """The preset that it is a variant of, or nothing."""
        return self.about.get("beside", "")

    @property
    def is_module(self) -> bool:
        """A module alone, no network."""
        return "part_of" in self.about


class Lineage:
    """All presets, by name, and their descent."""

    def __init__(self, kin: Mapping[str, Kin]) -> None:
        self.kin = dict(kin)
        for one in kin.values():
            for name in (*one.parents, one.beside, one.about.get("part_of", "")):
                if name and name not in kin:
                    raise StudioError(
                        "preset.unknown", say("there is no preset '{name}'.", name=name), where=f"{one.preset}: about"
                    )

    def main(self, preset: str) -> str:
        """The preset that stands for this one in the tree: itself, or the one it is a variant of."""
        return self.kin[preset].beside or preset

    @property
    def mains(self) -> list[str]:
        """The networks of the tree, parents before children, and among these the older first."""
        left = [name for name, one in self.kin.items() if not one.beside and not one.is_module]
        left.sort(key=lambda name: self.kin[name].year)
        found: list[str] = []
        while left:
            ready = next((name for name in left if all(parent not in left for parent in self.parents(name))), left[0])
            left.remove(ready)
            found.append(ready)
        return found

    @property
    def modules(self) -> list[str]:
        return [name for name, one in self.kin.items() if one.is_module]

    def variants(self, preset: str) -> list[str]:
        """The presets that stand beside one of the tree."""
        return [name for name, one in self.kin.items() if one.beside == preset]

    def parents(self, preset: str) -> list[str]:
        """The networks of the tree that a network builds on; a variant's are those of the one it stands beside."""
        own = self.kin[preset].parents or self.kin[self.main(preset)].parents
        return list(dict.fromkeys(self.main(name) for name in own))

    def children(self, preset: str) -> list[str]:
        """The networks of the tree that build on this one or a variant of it."""
        main = self.main(preset)
        return [name for name in self.mains if main in self.parents(name)]

    def parts(self, preset: str) -> list[str]:
        """The modules alone that are taken from a network or a variant of it."""
        main = self.main(preset)
        return [name for name in self.modules if self.main(self.kin[name].about["part_of"]) == main]


def lineage() -> Lineage:
    """The descent of the presets that come along. Raises `StudioError` ``preset.file`` for one that cannot be read,
    ``preset.unknown`` for one that names another which is not there."""
    folder, found = preset_folder(), {}
    for name in preset_names():
        path = folder / f"{name}{SUFFIX}"
        try:
            head = msgspec.json.decode(path.read_bytes(), type=_Head)
        except (OSError, msgspec.DecodeError, RecursionError) as error:
            raise StudioError(
                "preset.file", say("the preset cannot be read: {error}", error=error), where=str(path)
            ) from None
        found[name] = Kin(name, head.name, head.description, head.about)
    return Lineage(found)
