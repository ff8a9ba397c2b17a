"""What an analyser keeps across definitions: settings shared by equal blocks, and parameters worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.rules import Setting
from blockstudio.analysis.values import parameter_names
from blockstudio.blocks import BlockType, Parameter, RawValue, Value
from blockstudio.blocks.parameters import checked_defaults
from blockstudio.errors import StudioError

MAX_SETTINGS = 20_000
MAX_WORK = 100_000
"""Evaluations of blocks in one go. Only repeats in repeats whose every copy differs come near it."""

Prepared: TypeAlias = tuple[Mapping[str, frozenset[str]], dict[str, Value | None], tuple[Issue, ...], Setting | None]
"""Parameters that hold expressions with the names they use; the values of the others (``None`` for expressions and
errors); the errors; the setting, if there are neither."""


class Library:
    """One for each analyser, so that nothing outlives it."""

    def __init__(self) -> None:
        self._work = MAX_WORK
        self._settings: dict[tuple[str, tuple[Value | None, ...]], Setting] = {}
        self._prepared: dict[tuple[str, str], Prepared] = {}

    def start(self) -> None:
        """Begin another round of work."""
        self._work = MAX_WORK

    def spend(self, blocks: int) -> bool:
        """Whether so many blocks may be evaluated yet."""
        self._work -= blocks
        return self._work >= 0

    def setting(self, kind: BlockType, values: dict[str, Value | None]) -> Setting:
        """The setting of this type and these values, made if there is none yet."""
        key = (kind.name, tuple(values.values()))
        found = self._settings.get(key)
        if found is None:
            if len(self._settings) >= MAX_SETTINGS:
                self._settings.clear()
            found = self._settings[key] = Setting(kind, values)
        return found

    def prepare(
        self, kind: BlockType | None, declared: Mapping[str, Parameter], given: Mapping[str, RawValue]
    ) -> Prepared:
        """A block's parameters, as far as they can be worked out without a context."""
        if kind is None:
            return self._prepare(None, declared, given)
        key = (kind.name, repr(given))
        found = self._prepared.get(key)
        if found is None:
            if len(self._prepared) >= MAX_SETTINGS:
                self._prepared.clear()
            found = self._prepared[key] = self._prepare(kind, declared, given)
        return found

    def _prepare(
        self, kind: BlockType | None, declared: Mapping[str, Parameter], given: Mapping[str, RawValue]
    ) -> Prepared:
        defaults = checked_defaults(declared) if kind is None else kind.canonical
        uses = parameter_names(declared, given) if given else {}
        values, issues = defaults.copy(), []
        for key, raw in given.items():
            values[key] = None
            if key not in uses:
                try:
                    values[key] = declared[key].check(raw)
                except StudioError as error:
                    issues.append(Issue.of(error, key))
        setting = self.setting(kind, values) if kind is not None and not uses and not issues else None
        return uses, values, tuple(issues), setting
