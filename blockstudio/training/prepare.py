"""Everything that can go wrong before the first step, found before the first step."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import torch
from torch import nn

from blockstudio.analysis import analyze
from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.files import write_atomic
from blockstudio.runs.adapt import diagram_problems, image_shape, input_shape
from blockstudio.runs.datasets import describe
from blockstudio.runs.frozen import freeze_problems
from blockstudio.runs.known_sets import DATASETS, megabytes_text
from blockstudio.runs.narrow import narrow_problems
from blockstudio.runs.recipe import Recipe, check
from blockstudio.runs.run import Run
from blockstudio.text import Text, say
from blockstudio.training.data import DataSplits, load_data
from blockstudio.training.device import check_precision, choose_device, device_name
from blockstudio.training.initial import begin_with
from blockstudio.training.initial_weights import freeze
from blockstudio.training.losses import auxiliary_weights, class_weights
from blockstudio.training.normalisation import with_normalisation
from blockstudio.version import __version__

Builder: TypeAlias = Callable[[Diagram], nn.Module]
"""What turns a diagram into a module: the compiler, unless a test has its own."""


@dataclass(frozen=True)
class Prepared:
    """All that a loop needs, checked, but for starting weights: a run that goes on has no need of them."""

    recipe: Recipe
    device: torch.device
    splits: DataSplits
    model: nn.Module
    auxiliary: list[float]
    flat: bool
    """The network takes ``(N, F)`` rather than ``(N, C, H, W)``."""
    recorded: bool = False
    """Steps are recorded as a CUDA graph."""
    brought: bool = False
    """The images are normalised as the starting weights want it."""


def prepare(run: Run, build: Builder | None = None, *, shared: bool = False) -> Prepared:
    """Read, check and build what ``run`` names. The model is on its device, in train mode but for what is frozen; one
    that is to be divided among the processes of a ``shared`` run is in main memory.

    Raises `StudioError` with everything that is wrong with diagram, recipe, data and device.
    """
    problems: list[StudioError] = []
    recipe, diagram = run.recipe(), run.diagram()
    problems += check(recipe)
    problems += _missing_choices(recipe)
    divided = shared and recipe.sharding != "none"
    problems += _division_problems(recipe) if divided else []
    device = torch.device("cpu")
    try:
        device = choose_device(recipe.device)
        check_precision(recipe.precision, device)
    except StudioError as error:
        problems.append(error)
    splits, shape, data = None, None, recipe.data
    try:
        facts = describe(recipe.data)
        problems += _diagram_errors(diagram, facts, recipe.start.freeze)
        shape = input_shape(diagram)
        images = image_shape(shape, facts.channels)
        data, said = with_normalisation(run, recipe, diagram, images[0])
        splits = load_data(data, images)
        if said:
            splits.notes.append(said)
        if not problems:
            problems += narrow_problems(diagram, min(recipe.batch_size or 0, len(splits.train)), recipe.start.freeze)
        problems += _split_problems(recipe, splits)
    except StudioError as error:
        problems.append(error)
    if problems or splits is None or shape is None:
        raise collected(problems)
    _set_threads(run, recipe)
    if recipe.channels_last is None:
        recipe = msgspec.structs.replace(recipe, channels_last=_last_pays(diagram, recipe.batch_size or 0, device))
    model = build_network(diagram, recipe, device, build, divided)
    recorded, brought = is_recorded(recipe, device), data is not recipe.data
    weights = auxiliary_weights(diagram)
    return Prepared(recipe, device, splits, model, weights, len(shape) == 1, recorded=recorded, brought=brought)


def build_network(
    diagram: Diagram, recipe: Recipe, device: torch.device, build: Builder | None = None, divided: bool = False
) -> nn.Module:
    """The diagram's network with initial weights, on its device, in train mode but for what is frozen. One that is to
    be ``divided`` stays in main memory: no card has to hold all of it."""
    torch.manual_seed(recipe.seed)
    model = (build or _compile)(diagram)
    begin_with(model, diagram, recipe.start)
    _scale_dropout(model, recipe.dropout)
    if divided:
        model.train()
        freeze(model, recipe.start.freeze)
        return model
    model.to(device)
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)
    model.train()
    freeze(model, recipe.start.freeze)
    return model


def _last_pays(diagram: Diagram, batch_size: int, device: torch.device) -> bool:
    """Whether channels last in memory is likely to be faster. oneDNN computes so; maps in another order are turned
    there and back around every convolution. For a layer of few and small maps and many weights turning these costs as
    much: of 14 networks none lost where a batch has half as many values in maps as there are weights, and they took
    0.52 to 0.96 of the time."""
    if device.type != "cpu":
        return False
    report = analyze(flatten(diagram))
    shapes = [block.output_shape for block in report.blocks.values() if block.macs]
    maps = sum(math.prod(shape) for shape in shapes if shape is not None and len(shape) == 3)
    return 2 * batch_size * maps >= report.parameters


def _scale_dropout(model: nn.Module, factor: float | None) -> None:
    for module in model.modules():
        if factor is not None and isinstance(module, nn.Dropout):
            module.p *= factor


def is_recorded(recipe: Recipe, device: torch.device) -> bool:
    """Whether steps are recorded as a CUDA graph; the loss scale of fp16 is looked at in each step."""
    return recipe.cuda_graph and device.type == "cuda" and recipe.precision != "fp16"


def download_note(run: Run) -> Text | None:
    """That data are about to be fetched, if they are."""
    data = run.recipe().data
    try:
        facts = describe(data)
    except StudioError:  # `prepare` says it with all the rest.
        return None
    if not facts.absent or not data.download:
        return None
    size = DATASETS[facts.name].megabytes
    if not size:
        return say("{title} is being downloaded to {folder}.", title=facts.title, folder=str(facts.root))
    size_text = megabytes_text(size)
    return say("{title} ({size}) is being downloaded to {folder}.", title=facts.title, size=size_text,
               folder=str(facts.root))  # fmt: skip


def _compile(diagram: Diagram) -> nn.Module:
    from blockstudio.compiler import compile

    return compile(diagram)


def _diagram_errors(diagram: Diagram, facts: Any, frozen: Sequence[str]) -> list[StudioError]:
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    return diagram_problems(diagram, analysis, facts) or freeze_problems(analysis, frozen)


def _split_problems(recipe: Recipe, splits: DataSplits) -> list[StudioError]:
    """What the recipe asks of the data that they have not."""
    found: list[StudioError] = []
    try:
        class_weights(recipe, splits.train.labels, len(splits.classes))
    except StudioError as error:
        found.append(error)
    if recipe.stopping.patience and splits.validation is None:
        found.append(
            StudioError(
                "recipe.conflict",
                say("early stopping needs validation images, and there are none."),
                where="stopping.patience",
                hint=say("Set data.validation to 0.1, or stopping.patience to 0."),
            )
        )
    return found


def _division_problems(recipe: Recipe) -> list[StudioError]:
    """What cannot be had of a network that is divided among processes."""
    wrong = {
        "averages.ema": (bool(recipe.averages.ema), say("an average of the weights")),
        "precision": (recipe.precision == "fp16", say("fp16")),
        "compile": (recipe.compile, say("torch.compile")),
    }
    return [
        StudioError(
            "recipe.conflict",
            say("{what} does not go with sharding = fsdp2.", what=what),
            where=path,
            hint=say("Set sharding to none where the network fits, or take that back."),
        )
        for path, (there, what) in wrong.items()
        if there
    ]


def _missing_choices(recipe: Recipe) -> list[StudioError]:
    open_fields = {
        "batch_size": recipe.batch_size is None,
        "optimizer.lr": recipe.optimizer.lr is None,
        "optimizer.weight_decay": recipe.optimizer.weight_decay is None,
        "epochs": recipe.epochs is None and recipe.steps is None,
    }
    return [
        StudioError("recipe.value", say("a run needs a value here."), where=path)
        for path, open in open_fields.items()
        if open
    ]


def _set_threads(run: Run, recipe: Recipe) -> None:
    """The recipe's threads; a continued run has as many as before, for the order of sums depends on it."""
    before = run.environment().get("threads")
    wanted = recipe.threads or (before if isinstance(before, int) and before <= (os.cpu_count() or 1) else None)
    if wanted:
        torch.set_num_threads(wanted)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def write_environment(run: Run, prepared: Prepared) -> None:
    """Note machine and versions in the run."""
    facts = {
        "blockstudio": __version__,
        "python": sys.version.split()[0],
        "torch": str(torch.__version__),
        "torchvision": _version("torchvision"),
        "numpy": _version("numpy"),
        "cuda": torch.version.cuda,
        "command": sys.argv,
        "platform": platform.platform(),
        "machine": platform.node(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device_name(prepared.device),
    }
    write_atomic(run.directory / "environment.json", msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")


def write_data(run: Run, splits: DataSplits, brought: bool = False) -> None:
    """Note classes, normalisation and counts: what whoever uses the weights must know."""
    facts = {
        "title": splits.title,
        "classes": list(splits.classes),
        "input": list(splits.shape),
        "mean": splits.mean,
        "std": splits.std,
        "train": len(splits.train),
        "validation": len(splits.validation) if splits.validation is not None else 0,
        "test": len(splits.test) if splits.test is not None else 0,
        "range": splits.range,
        "normalised_by_weights": brought,
        "notes": [str.__str__(note) for note in splits.notes],
        "fingerprint": splits.fingerprint(),
    }
    write_atomic(run.directory / "data.json", msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")
