"""Fixes of parameters, expressions and repeats."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from blockstudio.analysis.fixes.context import FixContext
from blockstudio.analysis.fixes.windows import change_raw, change_text, keep_size, padded
from blockstudio.analysis.problems import Fix
from blockstudio.analysis.values import names_in
from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.edits import Edit, SetDeclarations
from blockstudio.graph.expressions import is_name, parse
from blockstudio.graph.resolve import resolve_value
from blockstudio.text import say


def expression_fixes(site: FixContext) -> Iterator[Fix]:
    """An expression that cannot be worked out, or whose value is not legal."""
    field = site.problem.parameter
    raw = _raw(site, field)
    if raw is None:
        return
    if site.problem.code == "expression.name":
        yield from _name_fixes(site, field, raw)
    if isinstance(raw, str):
        if re.search(r"(?<!/)/(?!/)", raw):
            whole = re.sub(r"(?<!/)/(?!/)", "//", raw)
            yield Fix(
                say("Set {field} to '{whole}' (whole division)", field=field, whole=whole),
                tuple(_put(site, field, whole)),
            )
        yield from _limit_fixes(site, field, raw)
    if field == "bypass":
        yield Fix(say("Switch {name} on", name=site.name), tuple(site.change(site.name, bypass=False)))
        yield Fix(say("Switch {name} off", name=site.name), tuple(site.change(site.name, bypass=True)))
    elif field == "repeat":
        yield Fix(say("Take the repeat off"), tuple(site.change(site.name, repeat=None)))
    else:
        default = site.item.declared[field].default
        label = say("Set {field} to its default", field=field)
        if isinstance(default, int | float):
            label = say("Set {field} to its default ({value})", field=field, value=str(default).lower())
        yield Fix(label, tuple(site.set(site.name, {field: None})))


def _raw(site: FixContext, field: str) -> RawValue | None:
    block = site.block
    if field == "bypass":
        return block.bypass
    if field == "repeat":
        return block.repeat
    return block.parameters.get(field)


def _put(site: FixContext, field: str, raw: RawValue) -> list[Edit]:
    if field in ("bypass", "repeat"):
        return site.change(site.name, **{field: raw})
    return site.set(site.name, {field: raw})


def _known(site: FixContext) -> Mapping[str, Value | None]:
    known = dict(site.sheet.known)
    if site.block.repeat is not None:
        known["i"] = 0
    return known


def _name_fixes(site: FixContext, field: str, raw: RawValue) -> Iterator[Fix]:
    """Names that are not parameters here: the nearest that is, or one more parameter."""
    known = _known(site)
    wrong = sorted(name for name in names_in(raw) if name not in known)
    for name in wrong:
        for close in difflib.get_close_matches(name, list(known), n=2, cutoff=0.5):
            renamed = _rename(raw, name, close)
            yield Fix(say("Use {close} for {name}", close=close, name=name), tuple(_put(site, field, renamed)))
    if len(wrong) == 1 and is_name(wrong[0]) and wrong[0] != "i":
        declared = site.item.declared.get(field)
        parameter = Parameter(kind="bool", default=False) if field == "bypass" else _declaration(declared)
        edit = SetDeclarations(scope=site.scope, parameters={**site.definition.parameters, wrong[0]: parameter})
        owner = site.scope or say("the diagram")
        yield Fix(
            say(
                "Add parameter {wrong} = {lower} to {owner}",
                wrong=wrong[0],
                lower=str(parameter.default).lower(),
                owner=owner,
            ),
            (edit,),
        )


def _rename(raw: RawValue, name: str, to: str) -> RawValue:
    if isinstance(raw, str):
        return re.sub(rf"\b{re.escape(name)}\b", to, raw)
    if isinstance(raw, list | tuple):
        return [re.sub(rf"\b{re.escape(name)}\b", to, item) if isinstance(item, str) else item for item in raw]
    return raw


def _declaration(declared: Parameter | None) -> Parameter:
    """A parameter that can stand in the place of ``declared`` in an expression."""
    if declared is None:
        return Parameter(kind="int", default=1, minimum=0)
    if declared.kind in ("int", "float", "bool"):
        return Parameter(kind=declared.kind, default=declared.default, minimum=declared.minimum)
    default = declared.default
    return Parameter(kind="int", default=default if isinstance(default, int) else 1)


def _limit_fixes(site: FixContext, field: str, raw: str) -> Iterator[Fix]:
    """A number beyond its limits: the nearest legal value, kept by an expression or written down."""
    declared = site.item.declared.get(field)
    if field == "repeat":
        declared = Parameter(kind="int", default=1, minimum=0, maximum=10_000)
    if declared is None or declared.kind not in ("int", "float", "pair", "padding"):
        return
    try:
        value = parse(raw).evaluate(site.sheet.known)
    except StudioError:
        return
    if isinstance(value, str | bool):
        return
    low, high = declared.minimum, declared.maximum
    bounded: str | None = None
    if low is not None and value < low:
        bounded = f"max({low:.17g}, {raw})"
    elif high is not None and value > high:
        bounded = f"min({high:.17g}, {raw})"
    if bounded is None:
        return
    nearest = low if low is not None and value < low else high
    assert nearest is not None
    literal: RawValue = float(nearest) if declared.kind == "float" else int(nearest)
    yield Fix(say("Set {field}={literal}", field=field, literal=literal), tuple(_put(site, field, literal)))
    try:
        resolve_value(declared, bounded, dict(site.sheet.known))  # type: ignore[arg-type]
    except StudioError:
        return
    yield Fix(say("Set {field} to '{bounded}'", field=field, bounded=bounded), tuple(_put(site, field, bounded)))


def chain_fixes(site: FixContext) -> Iterator[Fix]:
    """A repeat whose copies do not fit behind each other: keep the shape, or repeat less often."""
    block, item, result = site.block, site.item, site.result(site.name)
    values = result.values
    if item.kind is not None and {"kernel_size", "padding", "stride"} <= values.keys() and None not in values.values():
        keep = keep_size(values)
        if keep is not None and not {"padding", "stride"} & item.uses.keys():
            change: dict[str, Value] = {"stride": (1, 1), "padding": padded(keep)}
            yield Fix(say("Set {change}", change=change_text(change)), tuple(site.set(site.name, change_raw(change))))
    stride = block.parameters.get("stride", item.declared["stride"].default if "stride" in item.declared else 1)
    if isinstance(stride, int) and stride > 1:
        raw = f"{stride} if i == 0 else 1"
        yield Fix(say("Set stride to '{raw}'", raw=raw), tuple(site.set(site.name, {"stride": raw})))
    fits = site.problem.issue.data[0] if site.problem.issue and site.problem.issue.data else 1
    yield Fix(say("Repeat it {fits}×", fits=fits), tuple(site.change(site.name, repeat=fits)))
    yield Fix(say("Take the repeat off"), tuple(site.change(site.name, repeat=None)))
