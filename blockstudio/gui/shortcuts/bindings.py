"""Keys of the user's own, kept in the settings; what is not changed follows the program."""

from __future__ import annotations

import json

from PySide6.QtGui import QKeySequence

from blockstudio.gui.document.desk import Desk
from blockstudio.gui.work.settings import settings

SETTING = "keys"


def _kept() -> dict[str, list[str]]:
    try:
        found = json.loads(str(settings().value(SETTING, "{}")))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        id: [str(key) for key in keys if not QKeySequence(str(key)).isEmpty()]
        for id, keys in found.items()
        if isinstance(id, str) and isinstance(keys, list)
    }


class Bindings:
    """Whose keys are which."""

    def __init__(self, desk: Desk) -> None:
        self._commands = desk.commands
        self.changed = _kept()
        """By command: keys that differ from the program's."""
        self._commands.overrides.update({id: tuple(keys) for id, keys in self.changed.items()})
        for id in self.changed:
            self._commands.rebind(id)

    def keys(self, id: str) -> list[str]:
        """The keys of a command, as they are written."""
        return [key.toString(QKeySequence.SequenceFormat.NativeText) for key in self._commands.actions[id].shortcuts()]

    def owner(self, key: QKeySequence, but: str = "") -> str:
        """The command that has a key; empty if none has."""
        return next(
            (id for id, action in self._commands.actions.items() if id != but and key in action.shortcuts()), ""
        )

    def bind(self, id: str, *keys: QKeySequence) -> list[str]:
        """Give a command these keys instead of its own; the commands that they are taken from."""
        losers = []
        for key in keys:
            while loser := self.owner(key, id):
                self._set(loser, [each for each in self._commands.actions[loser].shortcuts() if each != key])
                losers.append(loser)
        self._set(id, list(keys))
        self._keep()
        return losers

    def reset(self, id: str) -> None:
        """The program's keys again, but for those that others have now."""
        self.changed.pop(id, None)
        self._commands.overrides.pop(id, None)
        self._commands.rebind(id)
        own = self._commands.actions[id].shortcuts()
        free = [key for key in own if not self.owner(key, id)]
        if free != own:
            self._set(id, free)
        self._keep()

    def reset_all(self) -> None:
        """All as the program has it."""
        for id in list(self.changed):
            self.changed.pop(id)
            self._commands.overrides.pop(id, None)
            self._commands.rebind(id)
        self._keep()

    def _set(self, id: str, keys: list[QKeySequence]) -> None:
        texts = [key.toString(QKeySequence.SequenceFormat.PortableText) for key in keys]
        self.changed[id] = texts
        self._commands.overrides[id] = tuple(texts)
        self._commands.rebind(id)

    def _keep(self) -> None:
        settings().setValue(SETTING, json.dumps(self.changed, sort_keys=True))
