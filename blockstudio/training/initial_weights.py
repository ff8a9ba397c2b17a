"""What a run begins with: weights of a file fitted to its network, kept in the run, and blocks that stay as they are.

The fitted weights lie in the run under ``start/`` with their hash, like a checkpoint. So the file they came from may
go away, and a run whose checkpoints are all damaged begins with the same bits again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from torch import nn

from blockstudio.compiler.pretrained import file_of
from blockstudio.compiler.weights import Mismatch, WeightsReport, load_weights
from blockstudio.errors import StudioError, shown
from blockstudio.formats import is_published
from blockstudio.runs.checkpoints import MODEL, Checkpoint
from blockstudio.runs.frozen import covers, nothing_left
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.run import Run
from blockstudio.text import from_data, join, listed, say, say_many, to_data
from blockstudio.training.saving import is_finite, plain, read_weights, save_tensors

REPORT = "report.json"
FIRST = 0
"""The step whose state the starting weights are."""
NAMED = 5
"""So many layers are named in a note."""


def freeze(model: nn.Module, paths: Sequence[str]) -> None:
    """Take the blocks at ``paths`` out of training, with all that is inside them.

    Their parameters get no gradient, and they are in eval mode for good: batch normalisation uses its running
    statistics and leaves them alone, dropout passes everything. Raises `StudioError` ``run.frozen`` if nothing is
    left to train.
    """
    for name, module in model.named_modules():
        if name and covers(paths, name):
            module.eval()
    for name, parameter in model.named_parameters():
        if covers(paths, name):
            parameter.requires_grad_(False)
    if paths and not any(parameter.requires_grad for parameter in model.parameters()):
        raise nothing_left(sum(parameter.numel() for parameter in model.parameters()))


def begin(run: Run, model: nn.Module, recipe: Recipe, on_damage: Callable[[StudioError], None]) -> str:
    """Give ``model`` the recipe's starting weights; returns what to tell the user, nothing if there are none.

    The first time they are fitted and written into the run, later they come from there. Raises `StudioError`
    ``weights.*``, and the model is then unchanged.
    """
    if not recipe.start.weights:
        return ""
    run.start.sweep()
    kept = run.start.latest_good(on_damage)
    if kept is not None:
        return _again(kept, model)
    file = Path(recipe.start.weights)
    if is_published(recipe.start.weights):
        file = file_of(recipe.start.weights, download=recipe.start.fetch)
    try:
        report = load_weights(model, file, strict=not recipe.start.partial, head="skip")
    except StudioError as error:
        if error.code != "weights.mismatch":
            raise
        hint = say("'blockstudio weights' lists every key; start.partial takes what fits.")
        raise StudioError(error.code, error.message, where=error.where, hint=hint) from error
    if not is_finite(model):
        raise StudioError("weights.numbers", say("holds values that are not numbers."), where=str(file))
    text = report_text(report, file.name)

    def fill(folder: Path) -> Iterable[str]:
        save_tensors({key: plain(value) for key, value in model.state_dict().items()}, folder / MODEL)
        (folder / REPORT).write_bytes(msgspec.json.encode({"file": str(file), "text": to_data(text)}))
        return MODEL, REPORT

    run.start.write(FIRST, None, fill, sum(value.nbytes for value in model.state_dict().values()))
    return text


def _again(kept: Checkpoint, model: nn.Module) -> str:
    read_weights(kept, model)
    found = msgspec.json.decode((kept.path / REPORT).read_bytes(), type=dict[str, Any])
    return from_data(found["text"])


def report_text(report: WeightsReport, name: str) -> str:
    """``Starting weights: 60 of 62 tensors are of resnet18.pth. fc keeps its initial values: ...``"""
    matched = len(report.matched)
    total = matched + len(report.missing) + len(report.mismatched) + len(report.kept)
    parts: list[str] = [
        say("Starting weights: {matched:,} of {total:,} tensors are those of {name}, by the names of {map}.",
            matched=matched, total=total, name=name, map=report.map)
        if report.map else
        say("Starting weights: {matched:,} of {total:,} tensors are those of {name}.",
            matched=matched, total=total, name=name)
    ]  # fmt: skip
    if report.prefix:
        parts.append(say("Its keys begin with '{prefix}.', which was left out.", prefix=shown(report.prefix)))
    if report.kept:
        layers = list(dict.fromkeys(item.key.rpartition(".")[0] for item in report.kept))
        (own, theirs) = _classes(report.kept[0])
        parts.append(
            say_many("{layers} keeps its initial values: {own:,} classes here, {theirs:,} in the file.",
                     "{layers} keep their initial values: {own:,} classes here, {theirs:,} in the file.",
                     len(layers), layers=listed(layers, NAMED), own=own, theirs=theirs)
        )  # fmt: skip
    rest = len(report.missing) + len(report.mismatched)
    if rest:
        parts.append(
            say("{rest:,} more have initial values: {missing:,} are not in the file, {mismatched:,} have another shape "
                "there.", rest=rest, missing=len(report.missing), mismatched=len(report.mismatched))
        )  # fmt: skip
    return join(parts)


def _classes(item: Mismatch) -> tuple[int, int]:
    return item.expected[0], item.found[0]
