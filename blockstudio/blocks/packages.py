"""Block types of other packages: whatever an installed one names under the entry-point group ``blockstudio.blocks``.

An entry is a module that declares types with `block_type`, or one such type (``module:Class``). A package that cannot
be loaded is left out, whole, and said to be: it takes nothing else down.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from types import ModuleType

from blockstudio.blocks.base import CATALOGUE, BlockType, block_type
from blockstudio.blocks.helpers import HELPERS
from blockstudio.blocks.parameters import Parameter
from blockstudio.errors import StudioError
from blockstudio.text import say

GROUP = "blockstudio.blocks"

_problems: dict[str, StudioError] = {}
"""Why a package's types are not there, by package."""


def package_problems() -> tuple[StudioError, ...]:
    """Packages whose block types could not be loaded: a sentence each, naming the package."""
    return tuple(_problems.values())


def load_packages() -> None:
    """Enter the types of every installed package into the catalogue. Raises nothing; see `package_problems`."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        found.setdefault(entry.dist.name if entry.dist else entry.module, []).append(entry)
    for package, entries in sorted(found.items()):
        types, helpers = dict(CATALOGUE), dict(HELPERS)
        try:
            for entry in entries:
                _enter(entry)
            for name in CATALOGUE.keys() - types.keys():
                _check(CATALOGUE[name])
                CATALOGUE[name].package = package
        except (Exception, SystemExit) as reason:  # noqa: BLE001 - a stranger's module may raise anything
            for whole, before in ((CATALOGUE, types), (HELPERS, helpers)):
                whole.clear()
                whole.update(before)  # type: ignore[arg-type]
            _problems[package] = _problem(package, reason)


def absence(type_name: str, package: str) -> tuple[str, str]:
    """Why ``type_name`` of ``package`` is not there, in a sentence, and what to do about it."""
    known = _problems.get(package)
    if known is not None:
        return known.message, known.hint
    try:
        version = distribution(package).version
    except (PackageNotFoundError, ValueError):
        message = say(
            "its type {type} is of the package {package}, which is not installed.", type=type_name, package=package
        )
        return message, say("Install it: pip install {package}", package=package)
    message = say(
        "the installed package {package} {version} has no block type {type}.",
        package=package, version=version, type=type_name,
    )  # fmt: skip
    return message, say("Install another version of {package}.", package=package)


def _enter(entry: EntryPoint) -> None:
    """Import what an entry names; types in it that did not enter themselves are entered."""
    found = entry.load()
    members = vars(found).values() if isinstance(found, ModuleType) else [found]
    kinds = [each for each in members if isinstance(each, type) and issubclass(each, BlockType)]
    if not kinds:
        raise TypeError(f"{entry.value} declares no block type")
    for kind in kinds:
        own = not isinstance(found, ModuleType) or kind.__module__ == found.__name__
        name = vars(kind).get("name")
        if own and name and not (name in CATALOGUE and type(CATALOGUE[name]) is kind):
            block_type(kind)


def _check(kind: BlockType) -> None:
    """Raises `ValueError` for a declaration that the studio could not work with."""
    if not kind.name.isidentifier() or len(kind.name) > 100:
        raise ValueError(f"'{kind.name[:100]}' cannot name a block type")
    if not getattr(kind, "help", ""):
        raise ValueError(f"{kind.name} has no help")
    if len(kind.outputs) != 1 or len(set(kind.inputs)) != len(kind.inputs) or kind.variadic == bool(kind.inputs):
        raise ValueError(f"{kind.name} must have one output, and inputs with names of their own or any number of them")
    for name, parameter in kind.parameters.items():
        if not isinstance(parameter, Parameter) or not name.isidentifier():
            raise ValueError(f"{kind.name}.{name} is not a parameter")
        parameter.check(parameter.default)


def _problem(package: str, reason: BaseException) -> StudioError:
    said = " ".join(str(reason).split())[:200]
    why = say("{name}: {said}", name=type(reason).__name__, said=said) if said else type(reason).__name__
    return StudioError(
        "blocks.package",
        say("the block types of the package {package} cannot be loaded ({why}).", package=package, why=why),
        hint=say("Update the package, or remove it: pip uninstall {package}", package=package),
    )
