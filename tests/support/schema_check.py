"""As much of JSON Schema as the format's schema uses."""

from __future__ import annotations

import re

_TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float), "integer": int,
}  # fmt: skip


def schema_errors(value, rules, root=None, path="$"):
    """What is wrong with ``value``, as texts."""
    root = root or rules
    if "$ref" in rules:
        target = root
        for part in rules["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return schema_errors(value, target, root, path)
    found = []
    kinds = rules.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"{path}: not {kinds}"]
    if "const" in rules and value != rules["const"]:
        found.append(f"{path}: not {rules['const']!r}")
    if "enum" in rules and value not in rules["enum"]:
        found.append(f"{path}: not one of {rules['enum']}")
    if "anyOf" in rules and not any(not schema_errors(value, option, root, path) for option in rules["anyOf"]):
        found.append(f"{path}: none of the options")
    for option in rules.get("allOf", ()):
        if "if" not in option:
            found += schema_errors(value, option, root, path)
        elif not schema_errors(value, option["if"], root, path):
            found += schema_errors(value, option["then"], root, path)
    if isinstance(value, str):
        if len(value) > rules.get("maxLength", len(value)):
            found.append(f"{path}: too long")
        if "pattern" in rules and not re.search(rules["pattern"], value):
            found.append(f"{path}: {value!r} does not match")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not rules.get("minimum", value) <= value <= rules.get("maximum", value):
        found.append(f"{path}: beyond its limits")
    if isinstance(value, list):
        if not rules.get("minItems", 0) <= len(value) <= rules.get("maxItems", len(value)):
            found.append(f"{path}: wrong number of items")
        for index, item in enumerate(value):
            found += schema_errors(item, rules.get("items", {}), root, f"{path}[{index}]")
    if isinstance(value, dict):
        known = rules.get("properties", {})
        other = rules.get("additionalProperties", {})
        found += [f"{path}: no {key}" for key in rules.get("required", ()) if key not in value]
        for key, item in value.items():
            found += schema_errors(key, rules.get("propertyNames", {}), root, f"{path}.{key}")
            if key in known:
                found += schema_errors(item, known[key], root, f"{path}.{key}")
            elif other is False:
                found.append(f"{path}: unknown {key}")
            else:
                found += schema_errors(item, other, root, f"{path}.{key}")
    return found


def _is(value, kind):
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
