"""An experiment: a file that asks one question of many runs.

    {
     "question": "Does training loss rise with depth where nothing leads around the layers?",
     "networks": ["cifar_plain", {"network": "cifar_resnet", "name": "residual", "parameters": {"num_classes": 10}}],
     "recipe": {"data": "digits", "steps": 400, "optimizer.lr": 0.05},
     "grid": {"diagram.n": [1, 3, 9]},
     "seeds": [0, 1, 2],
     "measure": {"curve": "train_loss", "take": "final"}
    }

Its variants are every network with every combination of the grid, and with every one of ``rows`` if there are any; a
trial is a variant with a seed, and becomes a run. Keys of grid and rows are fields of a recipe (``optimizer.lr``, or
``lr`` where that is the only one) and parameters of the diagram (``diagram.n``).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from blockstudio.analysis import Analysis, analyze
from blockstudio.answers import collected
from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.experiments.course import Course
from blockstudio.experiments.expectations import check_course
from blockstudio.experiments.measures import Measure, check_measure
from blockstudio.experiments.place import Place, check_place
from blockstudio.experiments.space import Search, check_search, lowest, random_values
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import read_bounded
from blockstudio.graph.format import dumps
from blockstudio.graph.presets import open_diagram
from blockstudio.runs.recipe import Recipe, field_path, with_fields
from blockstudio.runs.recipe_files import load_recipe
from blockstudio.text import say

SUFFIX = ".experiment.json"
VERSION = 1
MAX_FILE = 1 << 20
MAX_TRIALS = 10_000
Size: TypeAlias = Literal["small", "full"]
OF_DIAGRAM = "diagram."
"""What the name of a diagram's parameter has before it."""


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """A network that takes part."""

    network: str
    """A preset, or a file beside the experiment's."""
    name: str = ""
    """How tables call it; its preset or file where it is empty."""
    parameters: dict[str, Any] = {}
    """Parameters of its diagram that all its variants have."""

    @property
    def title(self) -> str:
        return self.name or Path(self.network).name.removesuffix(".json").removesuffix(".blocks")


class Experiment(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says."""

    networks: tuple[Network | str, ...]
    version: int = VERSION
    question: str = ""
    recipe: dict[str, Any] | str = {}
    """Fields of the recipe that all trials have, or a recipe file beside the experiment's."""
    grid: dict[str, list[Any]] = {}
    rows: tuple[dict[str, Any], ...] = ()
    seeds: tuple[int, ...] = (0,)
    measure: Measure = Measure()
    search: Search | None = None
    """Values that are tried, in place of every combination."""
    engine: Place = Place()
    """Where its trials train, unless whoever starts it says otherwise."""
    compare: str = ""
    """``network``, or a key of grid and rows: variants are compared with the one that has its first value and is like
    them in all else. Empty: with the first variant."""
    also: dict[str, Measure] = {}
    """Further measures, by name."""
    course: Course | None = None
    """What it tells beside its numbers."""
    minutes: float | None = None
    """What it takes on two idle cores, as planned."""
    full: dict[str, Any] = {}
    """Fields that are otherwise at full scale; of ``course``, those of its fields."""
    runs: str = ""
    """Folder of its runs, where several experiments look at the same ones; else its own name."""

    @property
    def measures(self) -> dict[str, Measure]:
        """Its measure, under the empty name, and the further ones."""
        return {"": self.measure, **self.also}

    def texts(self) -> Iterator[str]:
        """Everything in words that a reader is shown."""
        yield self.question
        yield from (measure.name for measure in self.measures.values() if measure.name)
        if self.course is not None:
            yield from self.course.texts()

    @property
    def trained(self) -> bool:
        """Something of it is of a run; else all is counted on the drawings."""
        return any(measure.kind in ("curve", "watch", "ask") for measure in self.measures.values())


class Variant(Struct, frozen=True):
    """One combination."""

    index: int
    network: Network
    parameters: dict[str, Any]
    """Of the diagram."""
    fields: dict[str, Any]
    """Of the recipe, by dotted path, above those that all have."""

    def values(self) -> dict[str, Any]:
        """What makes it this one: ``network``, parameters of the diagram, fields of the recipe."""
        of_diagram = {OF_DIAGRAM + name: value for name, value in self.parameters.items()}
        return {"network": self.network.title, **of_diagram, **self.fields}


class ExperimentPlan:
    """An experiment that was found to be sound, with its variants.

    Args:
        experiment: What the file says.
        folder: Where files that it names lie.
        where: How messages call it.
        proposals: What an adaptive search has come to so far.

    Raises:
        StudioError: Everything that is wrong with it, each with its place: ``experiment.*``, ``recipe.*``,
            ``parameter.*``, ``preset.unknown``, ``file.*``.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: Path,
        where: str = "experiment",
        proposals: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.experiment, self.folder, self.proposals = experiment, folder, tuple(map(dict, proposals))
        self._analyses: dict[str, Analysis] = {}
        self._texts: dict[str, str] = {}
        problems: list[StudioError] = []
        try:
            self.recipe = self._base_recipe()
        except StudioError as error:
            problems += _placed(error, f"{where}: recipe")
            self.recipe = Recipe()
        problems += self._check_measures(where)
        problems += [problem.at(f"{where}: engine: {problem.where}") for problem in check_place(experiment.engine)]
        problems += self._check_counts(where)
        self.variants: tuple[Variant, ...] = ()
        search = experiment.search
        if search is not None:
            several = len(experiment.networks) > 1 or bool(experiment.grid) or bool(experiment.rows)
            wrong = check_search(search, several)
            problems += [problem.at(f"{where}: search: {problem.where}") for problem in wrong]
        if not problems:
            self.variants = self._variants(where, problems, self._tried())
        if not problems and search is not None and search.adaptive and not self.variants:
            self._check_variants(self._variants(where, problems, [lowest(search)]), where, problems)
        if not problems and self.variants and self.axis() not in self.varied and experiment.compare:
            text = say("'{key}' is not varied.", key=experiment.compare)
            hint = say("Varied are: {keys}.", keys=", ".join(self.varied))
            problems.append(StudioError("experiment.compare", text, where=f"{where}: compare", hint=hint))
        if not problems and experiment.course is not None:
            values = [variant.values() for variant in self.variants]
            found = check_course(experiment.course, values, list(experiment.also))
            problems += [problem.at(f"{where}: {problem.where}") for problem in found]
        if not problems:
            self._check_variants(self.variants, where, problems)
        if problems:
            raise collected(problems)

    def _check_variants(self, variants: Sequence[Variant], where: str, problems: list[StudioError]) -> None:
        drawn: set[str] = set()
        for variant in variants:
            try:
                network = _drawn(variant)
                if network not in drawn:  # most differ in their recipes alone
                    self.diagram(variant)
                    drawn.add(network)
                self.recipe_of(variant, self.experiment.seeds[0])
            except StudioError as error:
                problems += _placed(error, f"{where}: {label(variant.values())}")

    def _tried(self) -> Sequence[Mapping[str, Any]]:
        """Values of a search; without one, none in particular."""
        search = self.experiment.search
        if search is None:
            return ({},)
        return self.proposals if search.adaptive else random_values(search)

    def diagram(self, variant: Variant) -> Diagram:
        """The network of a variant. Raises `StudioError` ``preset.unknown``, ``file.*``, ``parameter.*``."""
        name = variant.network.network
        beside = self.folder / name
        values: dict[str, RawValue] = {**variant.network.parameters, **variant.parameters}
        return open_diagram(beside if os.path.isfile(beside) else name, **values)

    def text_of(self, variant: Variant) -> str:
        """The network of a variant as its file would hold it, written once for all that train it."""
        network = _drawn(variant)
        if network not in self._texts:
            self._texts[network] = dumps(self.diagram(variant))
        return self._texts[network]

    def analysis(self, variant: Variant) -> Analysis:
        """What its network counts, worked out once for all that train it."""
        network = _drawn(variant)
        if network not in self._analyses:
            self._analyses[network] = analyze(self.diagram(variant))
        return self._analyses[network]

    def recipe_of(self, variant: Variant, seed: int) -> Recipe:
        """The recipe of a trial. Raises `StudioError` ``recipe.*``."""
        # One thread unless it is said otherwise: trials run side by side, and sums come out alike on every machine.
        threads = {} if self.recipe.threads or "threads" in variant.fields else {"threads": 1}
        return with_fields(self.recipe, {**threads, **variant.fields, "seed": seed})

    @cached_property
    def varied(self) -> list[str]:
        """The keys of `Variant.values` in which variants differ, in order."""
        keys: dict[str, list[Any]] = {}
        for variant in self.variants:
            for key, value in variant.values().items():
                keys.setdefault(key, []).append(value)
        count = len(self.variants)
        return [key for key, found in keys.items() if len(found) < count or any(each != found[0] for each in found)]

    def reference_of(self, variant: Variant) -> Variant:
        """The variant that it is compared with; itself if it is one of those that others are compared with."""
        axis = self.axis()
        if not axis:
            return self.variants[0]
        rest = {key: value for key, value in variant.values().items() if key != axis}
        return next(
            other
            for other in self.variants
            if {key: value for key, value in other.values().items() if key != axis} == rest
        )

    def axis(self) -> str:
        """The key of `Variant.values` along which variants are compared; empty: all with the first."""
        key = self.experiment.compare
        return key if not key or key == "network" or key.startswith(OF_DIAGRAM) else field_path(key)

    def name_of(self, variant: Variant) -> str:
        """A variant by what differs: ``cifar_plain, n=9``."""
        values = variant.values()
        return label({key: values[key] for key in self.varied if key in values}) or variant.network.title

    def _base_recipe(self) -> Recipe:
        given = self.experiment.recipe
        return load_recipe(self.folder / given) if isinstance(given, str) else with_fields(Recipe(), given)

    def _check_measures(self, where: str) -> list[StudioError]:
        names = list(self.experiment.also)
        problems: list[StudioError] = []
        for name, measure in self.experiment.measures.items():
            place = f"{where}: also.{name}" if name else f"{where}: measure"
            problems += [problem.at(place) for problem in check_measure(measure, names)]
        return problems

    def _check_counts(self, where: str) -> list[StudioError]:
        experiment = self.experiment
        wrong: dict[str, str] = {}
        if not experiment.networks:
            wrong["networks"] = say("names no network.")
        if not experiment.seeds or len(set(experiment.seeds)) < len(experiment.seeds):
            wrong["seeds"] = say("expected one seed or several, each once.")
        for key, values in experiment.grid.items():
            if not values:
                wrong[f"grid.{key}"] = say("has no value.")
        count = len(experiment.networks) * len(experiment.seeds) * max(1, len(experiment.rows))
        for values in experiment.grid.values():
            count *= len(values)
        if experiment.search is not None:
            count *= max(1, experiment.search.trials)
        if count > MAX_TRIALS:
            text = say("asks for {count:,} trials; {most:,} are the most.", count=count, most=MAX_TRIALS)
            wrong["grid"] = text
        return [StudioError("experiment.value", text, where=f"{where}: {place}") for place, text in wrong.items()]

    def _variants(
        self, where: str, problems: list[StudioError], tried: Sequence[Mapping[str, Any]]
    ) -> tuple[Variant, ...]:
        experiment = self.experiment
        axes = [[(key, value) for value in values] for key, values in experiment.grid.items()]
        rows: Sequence[Mapping[str, Any]] = experiment.rows or ({},)
        found: list[Variant] = []
        every = itertools.product(tried, experiment.networks, rows, itertools.product(*axes))
        for values, network, row, combination in every:
            parameters: dict[str, Any] = {}
            fields: dict[str, Any] = {}
            for key, value in {**dict(combination), **row, **values}.items():
                try:
                    if key.startswith(OF_DIAGRAM):
                        parameters[key.removeprefix(OF_DIAGRAM)] = value
                    elif field_path(key) in ("seed", "version"):
                        text = say("cannot be varied here; seeds stand in 'seeds'.")
                        raise StudioError("experiment.value", text, where=key)
                    else:
                        fields[field_path(key)] = value
                except StudioError as error:
                    hint = error.hint or say("Parameters of a diagram are written 'diagram.NAME'.")
                    problem = StudioError(error.code, error.message, where=f"{where}: {key}", hint=hint)
                    problems += [problem] if problem.where not in {known.where for known in problems} else []
            given = Network(network) if isinstance(network, str) else network
            found.append(Variant(len(found), given, parameters, fields))
        return tuple(found)


def label(values: Mapping[str, Any]) -> str:
    """``cifar_plain, n=9, lr=0.1``: the last part of each name tells enough."""
    parts = [str(value) if key == "network" else f"{short(key)}={plain_value(value)}" for key, value in values.items()]
    return ", ".join(parts)


def short(key: str) -> str:
    """A key as a heading: ``lr`` for ``optimizer.lr``, ``optimizer`` for ``optimizer.name``."""
    group, _, last = key.rpartition(".")
    return group if last in ("name", "source") else last


def plain_value(value: object) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def loads_experiment(
    data: bytes | str, folder: Path, where: str = "experiment", size: Size = "small"
) -> ExperimentPlan:
    """An experiment from JSON; ``folder`` is where files that it names lie. Raises `StudioError` ``experiment.*`` and
    what `ExperimentPlan` raises; ``experiment.size`` where it has no full scale."""
    try:
        experiment = msgspec.json.decode(data, type=Experiment)
        if size == "full":
            if not experiment.full:
                raise StudioError("experiment.size", say("has one size only."), where=where,
                                  hint=say("Leave --full out."))  # fmt: skip
            written = msgspec.json.decode(data)
            course = {**(written.get("course") or {}), **experiment.full.get("course", {})}
            # How long it takes at one size says nothing of the other.
            merged = {**written, "minutes": None, **experiment.full, **({"course": course} if course else {})}
            experiment = msgspec.convert(merged, type=Experiment)
    except msgspec.ValidationError as error:
        raise StudioError("experiment.file", say("{error}.", error=error), where=where) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StudioError("experiment.file", say("is not JSON: {error}.", error=error), where=where) from None
    if not 1 <= experiment.version <= VERSION:
        raise StudioError(
            "experiment.version",
            say(
                "has version {version}; this program reads up to {newest}.", version=experiment.version, newest=VERSION
            ),
            where=where,
            hint=say("Update Block Studio."),
        )
    return ExperimentPlan(experiment, folder, where)


def load_experiment(path: Path | str, size: Size = "small") -> ExperimentPlan:
    """An experiment from a file.

    Args:
        path: An ``*.experiment.json``.
        size: ``full`` takes the fields that are otherwise at full scale.

    Returns:
        The experiment with its variants; networks, recipe and measure were found to be sound.

    Raises:
        StudioError: ``file.*``, ``experiment.*``, ``recipe.*``, ``parameter.*``, ``preset.unknown``, each with
            its place.
    """
    file = Path(path)
    return loads_experiment(read_bounded(file, MAX_FILE), file.resolve().parent, str(path), size)


def _placed(error: StudioError, place: str) -> list[StudioError]:
    """Its problems, each with its place within ``place``."""
    problems: Sequence[StudioError] = getattr(error, "problems", (error,))
    return [problem.at(f"{place}: {problem.where}" if problem.where else place) for problem in problems]


def _drawn(variant: Variant) -> str:
    """The same for variants with one network."""
    return repr((variant.network.network, variant.network.parameters, variant.parameters))
