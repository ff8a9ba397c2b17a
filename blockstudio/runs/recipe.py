"""A recipe: everything about a training run that is not the diagram.

Every field has a dotted path (``"optimizer.lr"``), limits and a help text in one place, its declaration;
`FIELDS` lists them for a window that builds a form. ``None`` in a field means *chosen for the data and the
network*: `blockstudio.runs.adapt` puts a value there when a run is created, so that a run's own recipe says all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from blockstudio.answers import collected
from blockstudio.errors import StudioError, quoted, shown
from blockstudio.graph.diagram import suggestion
from blockstudio.graph.names import check_text
from blockstudio.runs.augmentation import Augmentation
from blockstudio.runs.beginning import Start
from blockstudio.runs.conduct import Averages, Checkpoints, Group, Watching
from blockstudio.runs.structure import (
    Data,
    Optimizer,
    Recipe,
    Schedule,
    Shapes,
    Stopping,
)
from blockstudio.text import say

__all__ = [
    "FIELDS",
    "GROUPS",
    "Augmentation",
    "Averages",
    "Checkpoints",
    "Data",
    "Field",
    "Optimizer",
    "Recipe",
    "Schedule",
    "Shapes",
    "Start",
    "Stopping",
    "Watching",
    "check",
    "field_path",
    "get_field",
    "given_fields",
    "read_value",
    "with_fields",
]
_PATH = re.compile(r"\w+(\.\w+)*", re.ASCII)

FieldKind: TypeAlias = Literal["int", "float", "bool", "choice", "text", "numbers", "channels", "paths"]


class Field(Struct, frozen=True, kw_only=True):
    """What a form needs to know of one field."""

    path: str
    """``"optimizer.lr"``."""
    kind: FieldKind
    title: str
    help: str
    default: Any
    optional: bool = False
    """May be ``None``: chosen for the data and network."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    """Choices of the group's ``name`` for which the field matters; ``()``: always."""
    each: str = "channel"
    """What each number of the kind ``channels`` is for: ``channel`` or ``class``."""

    @property
    def group(self) -> str:
        """Dotted path of the group it stands in, ``""`` for the recipe itself."""
        return self.path.rpartition(".")[0]

    def expected(self) -> str:
        """What a legal value is, in words."""
        words = {
            "int": say("a whole number"),
            "float": say("a number"),
            "bool": say("true or false"),
            "choice": say("one of {choices}", choices=", ".join(self.choices)),
            "text": say("text"),
            "numbers": say("numbers from 0 to 1 in rising order"),
            "channels": say("a number for each {what}", what=self.each),
            "paths": say("paths of blocks, as conv1 or layer1.0, each once"),
        }[self.kind]
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            words = say("{words} from {low} to {high}", words=words, low=_plain(low), high=_plain(high))
        return say("{words} or nothing", words=words) if self.optional else words


_KINDS: dict[object, FieldKind] = {int: "int", float: "float", bool: "bool", str: "text"}


def _fields(struct: type[Struct], prefix: str = "") -> Iterator[tuple[Field, Any]]:
    """Each field with its annotation, read off that itself: a window needs them before its first frame."""
    usual = struct()
    for item in msgspec.structs.fields(struct):
        if get_origin(item.type) is not Annotated:
            yield from _fields(item.type, f"{prefix}{item.name}.")
            continue
        inner, meta = get_args(item.type)
        extra = meta.extra or {}
        options = get_args(inner) if get_origin(inner) in (Union, UnionType) else ()
        if options:
            inner = next(option for option in options if option is not NoneType)
        origin, parts = get_origin(inner), get_args(inner)
        choices = parts if origin is Literal else extra.get("choices", ())
        several: FieldKind = "paths" if str in parts else "channels" if "each" in extra else "numbers"
        yield (
            Field(
                path=prefix + item.name,
                kind="choice" if choices else several if origin is tuple else _KINDS[inner],
                title=meta.title or item.name,
                help=meta.description or "",
                default=getattr(usual, item.name),
                optional=bool(options),
                minimum=extra.get("ge") if meta.ge is None else meta.ge,
                maximum=next((high for high in (meta.le, meta.lt) if high is not None), extra.get("le")),
                choices=choices,
                when=tuple(extra.get("when", "").split()),
                each=extra.get("each", "channel"),
            ),
            item.type,
        )


_DECLARED = {field.path: (field, annotation) for field, annotation in _fields(Recipe)}
FIELDS: dict[str, Field] = {path: field for path, (field, _) in _DECLARED.items()}
"""Every field of a recipe by its dotted path, in order."""

GROUPS: dict[str, type[Group]] = {
    "": Recipe,
    "data": Data,
    "data.shapes": Shapes,
    "start": Start,
    "averages": Averages,
    "augmentation": Augmentation,
    "optimizer": Optimizer,
    "schedule": Schedule,
    "stopping": Stopping,
    "watch": Watching,
    "checkpoints": Checkpoints,
}


def get_field(recipe: Recipe, path: str) -> Any:
    """The value of a field.

    Args:
        recipe: The recipe.
        path: Dotted: ``"optimizer.lr"``; one of `FIELDS`.

    Returns:
        The value; ``None``: chosen for the data and network.

    Raises:
        StudioError: ``recipe.field``.

    Example:
        >>> get_field(Recipe(), "data.source")
        'digits'
    """
    if path not in FIELDS:
        raise _unknown(path)
    value: Any = recipe
    for part in path.split("."):
        value = getattr(value, part)
    return value


def with_fields(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """A recipe with other values. Giving ``epochs`` alone takes ``steps`` back, and the other way round.

    Args:
        recipe: The recipe, which stays as it is.
        values: By dotted path: ``{"optimizer.lr": 0.1, "epochs": 2}``. A path's last part alone will do where it is
            the only one of that name (``lr``), ``__`` stands for a dot, a group takes a mapping, and text is read as
            the field's type (``"0.1"``).

    Returns:
        Another recipe.

    Raises:
        StudioError: Everything that is wrong: ``recipe.field``, ``recipe.value``, ``recipe.conflict``.

    Example:
        >>> with_fields(Recipe(), {"lr": "0.1", "epochs": 2}).optimizer.lr
        0.1
    """
    problems: list[StudioError] = []
    flat = dict(_flat(values, problems))
    if flat.get("epochs") is not None and "steps" not in flat:
        flat["steps"] = None
    elif flat.get("steps") is not None and "epochs" not in flat:
        flat["epochs"] = None
    for path, value in flat.items():
        try:
            recipe = _replace(recipe, path.split("."), read_value(path, value))
        except StudioError as problem:
            problems.append(problem)
    problems += [problem for problem in check(recipe) if problem.where not in {known.where for known in problems}]
    if problems:
        raise collected(problems)
    return recipe


def given_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `with_fields` takes ``values`` for, by full path, with nothing checked but the names; wrong ones are left
    out."""
    return dict(_flat(values, []))


def read_value(path: str, value: object) -> Any:
    """``value`` as the field at ``path`` holds it; text is read as the field's type, empty text as ``None``
    where that is allowed. Raises `StudioError` ``recipe.value`` saying what was expected."""
    if path not in FIELDS:
        raise _unknown(path)
    field, annotation = _DECLARED[path]
    given = value
    if isinstance(given, str) and field.kind != "text":
        given = given.strip()
        if field.optional and given.lower() in ("", "auto", "none", "null"):
            given = None
        elif field.kind in ("numbers", "channels", "paths"):
            given = [part for part in given.replace(",", " ").split()]
    if isinstance(given, bool) and field.kind in ("int", "float"):
        raise _illegal(field, value)
    try:
        found = msgspec.convert(given, annotation, strict=not isinstance(value, str), str_keys=True)
    except (msgspec.ValidationError, UnicodeEncodeError):  # half a sign, where a number was asked for
        raise _illegal(field, value) from None
    if isinstance(found, str):
        check_text(found, path)
    if field.choices and found not in field.choices:
        raise _illegal(field, value)
    numbers = found if isinstance(found, tuple) else (found,)
    for number in numbers:
        if isinstance(number, float | int) and not isinstance(number, bool):
            low, high = field.minimum, field.maximum
            if not _held(number) or (low is not None and number < low) or (high is not None and number > high):
                raise _illegal(field, value)
    if field.kind == "numbers" and (list(numbers) != sorted(set(numbers)) or not all(0 < n < 1 for n in numbers)):
        raise _illegal(field, value)
    if field.kind == "paths" and (len(set(found)) < len(found) or not all(map(_PATH.fullmatch, found))):
        raise _illegal(field, value)
    return found


def check(recipe: Recipe) -> list[StudioError]:
    """Everything that is wrong with a recipe by itself.

    Args:
        recipe: The recipe.

    Returns:
        Errors; an empty list if nothing is wrong.

    Example:
        >>> check(Recipe())
        []
    """
    problems: list[StudioError] = []
    for path in FIELDS:
        try:
            read_value(path, get_field(recipe, path))
        except StudioError as problem:
            problems.append(problem)
    if recipe.epochs is not None and recipe.steps is not None:
        problems.append(StudioError("recipe.conflict", say("give either epochs or steps, not both."), where="steps"))
    rule = recipe.optimizer
    if rule.nesterov and rule.momentum == 0 and rule.name in FIELDS["optimizer.nesterov"].when:
        problems.append(
            StudioError("recipe.conflict", say("Nesterov's rule needs a momentum above 0."), where="optimizer.nesterov")
        )
    return problems


def _flat(values: Mapping[str, Any], problems: list[StudioError], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        try:
            path = _full_path(prefix + str(key).replace("__", "."))
        except StudioError as problem:
            problems.append(problem)
            continue
        if path in GROUPS and isinstance(value, Struct):
            value = msgspec.to_builtins(value)
        if path not in GROUPS:
            yield path, value
        elif isinstance(value, Mapping):
            yield from _flat(value, problems, f"{path}.")
        else:
            try:
                yield field_path(path), value
            except StudioError:
                problems.append(StudioError("recipe.value", say("expected an object of fields."), where=path))


def field_path(name: str) -> str:
    """The path of the field that ``name`` stands for: ``lr`` is ``optimizer.lr``, ``data`` is ``data.source``. Raises
    `StudioError` ``recipe.field``."""
    path = _full_path(name)
    if path in FIELDS:
        return path
    inner = f"{path}.source" if path == "data" else f"{path}.name"
    if inner not in FIELDS:
        raise _unknown(path)
    return inner


def _full_path(path: str) -> str:
    if path in FIELDS or path in GROUPS:
        return path
    ending = [known for known in FIELDS if known.endswith(f".{path}")]
    if len(ending) == 1:
        return ending[0]
    raise _unknown(path)


T = TypeVar("T", bound=Struct)


def _replace(struct: T, path: list[str], value: Any) -> T:
    head, *rest = path
    return msgspec.structs.replace(struct, **{head: _replace(getattr(struct, head), rest, value) if rest else value})


def _held(number: float) -> bool:
    """Whether a trainer can count with it."""
    return math.isfinite(number) if isinstance(number, float) else abs(number) < 1 << 63


def _plain(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:g}"


def _unknown(path: str) -> StudioError:
    return StudioError(
        "recipe.field", say("a recipe has no such field."), where=shown(path, 120), hint=suggestion(path, list(FIELDS))
    )


def _illegal(field: Field, value: object) -> StudioError:
    return StudioError(
        "recipe.value",
        say("expected {expected}, found {text}.", expected=field.expected(), text=quoted(value)),
        where=field.path,
    )
