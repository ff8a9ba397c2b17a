"""What an analyser keeps across definitions: settings shared by equal blocks, and each type's defaults worked out."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.rules import Setting
from blockstudio.blocks import BlockType, Parameter, RawValue, Value
from blockstudio.errors import StudioError

MAX_SETTINGS = 20_000


class Library:
    """One for each analyser, so that nothing outlives it."""

    def __init__(self) -> None:
        self._settings: dict[tuple[str, tuple[Value | None, ...]], Setting] = {}
        self._defaults: dict[str, dict[str, Value | None]] = {}

    def setting(self, kind: BlockType, values: dict[str, Value | None]) -> Setting:
        """The setting of this type and these values, made if there is none yet."""
        key = (kind.name, tuple(values.values()))
        found = self._settings.get(key)
        if found is None:
            if len(self._settings) >= MAX_SETTINGS:
                self._settings.clear()
            found = self._settings[key] = Setting(kind, values)
        return found

    def literals(
        self,
        kind: BlockType | None,
        declared: Mapping[str, Parameter],
        given: Mapping[str, RawValue],
        uses: Mapping[str, object],
        issues: list[Issue],
    ) -> dict[str, Value | None]:
        """Every declared parameter in order: literals and defaults checked, expressions (``uses``) ``None``."""
        if kind is None:
            defaults = check_defaults(declared)
        else:
            found = self._defaults.get(kind.name)
            defaults = found if found is not None else self._defaults.setdefault(kind.name, check_defaults(declared))
        values = defaults.copy()
        for key, raw in given.items():
            if key not in declared:
                continue
            values[key] = None
            if key not in uses:
                try:
                    values[key] = declared[key].check(raw)
                except StudioError as error:
                    issues.append(Issue.of(error, key))
        return values


def check_defaults(declared: Mapping[str, Parameter]) -> dict[str, Value | None]:
    """The declared defaults in canonical form."""
    values: dict[str, Value | None] = {}
    for key, parameter in declared.items():
        try:
            values[key] = parameter.check(parameter.default)
        except StudioError:
            values[key] = None
    return values
