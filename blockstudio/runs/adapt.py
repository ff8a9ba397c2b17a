"""Fitting diagram and data to each other before a run: input size and channels, number of classes, open choices.

The rules, in one place. A declared diagram parameter ``num_classes`` or ``in_channels`` takes the data's number;
``data.input_size`` sets the height and width of the Input (through the parameter ``size`` where it is declared).
Without it, small images are not blown up to a drawing made for large ones: the network is trained at the first of
`SMALL_SIZES` that holds the images and that the network can take, photos of a folder by their usual shorter side;
auxiliary heads that are made for the size drawn are switched off (the parameter ``aux``). A run that begins with
weights keeps what they are for: the channels of the input, the size drawn on a folder of photos, elsewhere the size
where the number of weights depends on it; only the number of classes is the data's. All of it is noted for the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from blockstudio.answers import collected, each
from blockstudio.blocks import AUX_OUTPUT, CATALOGUE, INPUT, OUTPUT
from blockstudio.errors import StudioError, file_errors
from blockstudio.formats import is_published, split_part
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetDefault
from blockstudio.graph.expand import flatten
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.resolve import resolve
from blockstudio.runs.datasets import check_present, describe
from blockstudio.runs.folder_tree import looking
from blockstudio.runs.frozen import freeze_problems, trainable
from blockstudio.runs.known_sets import COUNTED, DataInfo
from blockstudio.runs.narrow import narrow_problems
from blockstudio.runs.optimizers import OPTIMIZERS
from blockstudio.runs.photo_sizes import usual_side
from blockstudio.runs.rates import usual_rate
from blockstudio.runs.recipe import Recipe, check
from blockstudio.runs.schedules import SCHEDULES
from blockstudio.text import join, say, say_many

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis

SMALL_SIZES = (32, 64, 96, 128)
SMALL = 64
"""Images up to this size are small; diagrams drawn for more are trained smaller. So are photos of a folder up to the
last of `SMALL_SIZES`."""
DEFAULT_EPOCHS = 10
LEAST_STEPS = 800
"""A run on few images has more epochs than `DEFAULT_EPOCHS`, so that it has about so many steps."""
MOST_EPOCHS = 60
BATCHES = ((500, 16), (1000, 32), (5000, 64))
"""Training images up to which a batch has so many; 128 beyond."""
SHORT = 1_000
"""Steps below which a network without normalisation learns nothing behind its dropout."""
DEEP = 4
"""Weighted layers from which a network without normalisation needs initial weights of its own."""
AUXILIARY = "aux"
"""The diagram parameter that switches auxiliary heads on."""
FROZEN_NAMED = 8
"""So many frozen blocks are named in a note."""


def adapt(diagram: Diagram, recipe: Recipe) -> tuple[Diagram, Recipe, list[str]]:
    """A copy of the diagram fitted to the data, the recipe with every open choice made, and notes for the user.

    Raises `StudioError` with everything that is wrong with recipe, data and diagram.
    """
    with looking():
        return _adapt(diagram, recipe)


def _adapt(diagram: Diagram, recipe: Recipe) -> tuple[Diagram, Recipe, list[str]]:
    problems = [*check(recipe), *_weights_problems(recipe)]
    fitted = copy_diagram(diagram)
    facts: DataInfo | None = None
    try:
        facts = describe(recipe.data)
        check_present(recipe.data, facts)
        if facts.classes < 2:
            text = say("has {count} class; at least 2 are needed.", count=facts.classes)
            problems.append(StudioError("data.classes", text, where=str(facts.root)))
    except StudioError as error:
        problems.append(error)
    for type_name, what in ((INPUT, "input"), (OUTPUT, "output")):
        found = len(fitted.main.of_type(type_name))
        if found != 1:
            problems.append(
                StudioError(
                    "run.diagram",
                    say("training needs a network with one {what}; this one has {found}.", what=what, found=found),
                )
            )
    if problems or facts is None:
        raise collected(problems)
    from blockstudio.analysis import analyze

    notes: list[str] = [*facts.notes, *_fit(fitted, recipe, facts), *_softmax_note(fitted)]
    analysis = analyze(fitted)
    problems += diagram_problems(fitted, analysis, facts) or freeze_problems(analysis, recipe.start.freeze)
    if problems:
        raise collected(list(each(problems)))
    notes += _frozen_note(recipe, analysis)
    bare = needs_initial(fitted)
    if recipe.start.initial == "auto":
        drawn = bare and not recipe.start.weights
        if drawn:
            notes.append(
                say("The network has no normalisation: its weights begin after He et al. (start.initial = he).")
            )
        start = msgspec.structs.replace(recipe.start, initial="he" if drawn else "torch")
        recipe = msgspec.structs.replace(recipe, start=start)
    if recipe.optimizer.lr is None:
        rate, width = usual_rate(OPTIMIZERS[recipe.optimizer.name], fitted, analysis, bare)
        optimizer = msgspec.structs.replace(recipe.optimizer, lr=rate)
        recipe = msgspec.structs.replace(recipe, optimizer=optimizer)
        if width:
            notes.append(
                say(
                    "Nothing normalises, and its widest layer reads {width:,} values: the learning rate is {rate:g} "
                    "(optimizer.lr).",
                    width=width, rate=rate,
                )
            )  # fmt: skip
    chosen = _choose(fitted, recipe, facts)
    if chosen.dropout is None:
        short = bare and _steps(chosen, facts) < SHORT and _drops(fitted)
        chosen = msgspec.structs.replace(chosen, dropout=0.0 if short else 1.0)
        if short:
            notes.append(
                say(
                    "Nothing normalises, and in fewer than {steps:,} steps dropout would hide what is to be learnt: it "
                    "is off (dropout = 0).",
                    steps=SHORT,
                )
            )
    problems = narrow_problems(fitted, chosen.batch_size or 0, recipe.start.freeze)
    if problems:
        raise collected(problems)
    return fitted, chosen, notes


def _steps(recipe: Recipe, facts: DataInfo) -> float:
    """Steps of a run whose batches and length are chosen; of a set that was not counted, as of a large one."""
    if recipe.steps is not None:
        return recipe.steps
    return (recipe.epochs or 0) * (facts.images or COUNTED) / (recipe.batch_size or 1)


def _drops(diagram: Diagram) -> bool:
    flat = flatten(diagram)
    kinds = (flat.kind(block.type) for _, block in flat.main.blocks() if block.bypass is False)
    return any(kind is not None and kind.drops for kind in kinds)


def needs_initial(diagram: Diagram) -> bool:
    """Whether the signal would fade with torch's own initial weights: many layers one behind the other, nothing that
    normalises, no sums (through which He's weights would make it grow)."""
    flat = flatten(diagram)
    kinds = [kind for _, block in flat.main.blocks() if (kind := flat.kind(block.type)) is not None]
    if any(kind.normalises or kind.merges in ("sum", "product") for kind in kinds):
        return False
    return sum(kind.weighted for kind in kinds) >= DEEP


def input_shape(diagram: Diagram) -> tuple[int, ...]:
    """Shape of the diagram's Input, ``(C, H, W)`` or ``(F,)``."""
    block = diagram.main.block(diagram.main.of_type(INPUT)[0])
    scope = resolve(diagram.parameters, {}, {})
    shape = resolve(CATALOGUE[INPUT].parameters, block.parameters, scope)["shape"]
    assert isinstance(shape, tuple)
    return shape


def image_shape(shape: tuple[int, ...], channels: int) -> tuple[int, int, int]:
    """``(C, H, W)`` of the images for an Input of ``shape``; a flat one holds square images, with the data's
    ``channels`` if that works out. Raises `StudioError` ``run.input`` if no square image has so many values."""
    if len(shape) == 3:
        return shape
    for count in dict.fromkeys((channels, 1, 3)):
        side = isqrt(shape[0] // count)
        if count * side * side == shape[0]:
            return count, side, side
    raise StudioError(
        "run.input",
        say("no square image has the {shape:,} values of the Input.", shape=shape[0]),
        hint=say("Give the Input a shape [channels, height, width]."),
    )


def diagram_problems(diagram: Diagram, analysis: Analysis, facts: DataInfo) -> list[StudioError]:
    """Errors of the drawing, and whether each of its outputs is one number for each class."""
    found = [
        StudioError("run.diagram", problem.text, where="")
        for problem in analysis.problems
        if problem.severity == "error"
    ]
    if found:
        return found
    for name in diagram.main.of_type(OUTPUT, AUX_OUTPUT):
        report = analysis.blocks[name]
        shape = report.input_shapes[0] if report.input_shapes and not report.bypassed else None
        if shape is not None and (shape[0] != facts.classes or any(side != 1 for side in shape[1:])):
            found.append(
                StudioError(
                    "run.classes",
                    say(
                        "the network gives {shape}; {title} needs one number for each of its {classes} classes.",
                        shape=_text(shape),
                        title=facts.title,
                        classes=facts.classes,
                    ),
                    where=name,
                    hint=say(
                        "Set out_features of the Linear before it to {classes}, or declare a parameter num_classes.",
                        classes=facts.classes,
                    ),
                )
            )
    return found


def _weights_problems(recipe: Recipe) -> list[StudioError]:
    """Whether the starting weights are there; what they hold is for who has torch."""
    if not recipe.start.weights or is_published(recipe.start.weights):
        return []
    file, _ = split_part(Path(recipe.start.weights).expanduser())
    try:
        with file_errors():
            if file.is_file():
                return []
            if file.exists():
                text = say("the file of starting weights, {file}, is not a file.", file=file)
            else:
                text = say("the file of starting weights, {file}, is not there: file not found.", file=file)
    except StudioError as error:
        return [error.at("start.weights")]
    return [StudioError("weights.file", text, where="start.weights")]


def _frozen_note(recipe: Recipe, analysis: Analysis) -> list[str]:
    paths = recipe.start.freeze
    if not paths:
        return []
    return [
        say(
            "Frozen: {names}. {trained:,} of {total:,} parameters are trained.",
            names=_frozen_names(paths), trained=trainable(analysis, paths), total=analysis.parameters_with_auxiliary,
        )
    ]  # fmt: skip


def _frozen_names(paths: Sequence[str]) -> str:
    named = join(list(paths[:FROZEN_NAMED]), ", ")
    more = len(paths) - FROZEN_NAMED
    return say("{names} and {more:,} more", names=named, more=more) if more > 0 else named


def _softmax_note(diagram: Diagram) -> list[str]:
    """Softmax before the loss, which has its own, squares the wrong: training then crawls."""
    for output in diagram.main.of_type(OUTPUT):
        for wire in diagram.main.wires_into(output):
            block = diagram.main.block(wire.source)
            kind = diagram.kind(block.type)
            if kind is not None and kind.gives_probabilities and block.bypass is False:
                return [
                    say(
                        "The network ends in {block} ({kind}), but the loss takes what comes before it; it learns "
                        "slowly so. Bypass the block for training.",
                        block=wire.source, kind=kind.name,
                    )
                ]  # fmt: skip
    return []


def _fit(diagram: Diagram, recipe: Recipe, facts: DataInfo) -> list[str]:
    """Set classes, channels and size; returns what to tell the user."""
    drawn = input_shape(diagram)
    said: list[str] = []
    for name, value in (("num_classes", facts.classes), ("in_channels", facts.channels)):
        parameter = diagram.parameters.get(name)
        if name == "in_channels" and _keeps_channels(recipe):
            continue
        if parameter is not None and parameter.kind == "int" and parameter.default != value:
            said.append(say("{name} = {value} (was {before})", name=name, value=value, before=str(parameter.default)))
            diagram.history.do(SetDefault(key=name, value=value))
    heads = diagram.parameters.get(AUXILIARY)
    _fit_size(diagram, recipe, facts)
    shape = input_shape(diagram)
    if shape != drawn:
        said.insert(0, say("input {shape} (drawn {drawn})", shape=_text(shape), drawn=_text(drawn)))
    if heads is not None and diagram.parameters[AUXILIARY].default != heads.default:
        said.append(say("no auxiliary heads, which need the size drawn"))
    if not said:
        return []
    what = join(said, ", ")
    if facts.size:
        own = _text((facts.channels, facts.size, facts.size))
        return [say("Fitted to {title}, whose images are {own}: {what}.", title=facts.title, own=own, what=what)]
    fitted = say_many(
        "Fitted to {title}, whose images are of {count} channel: {what}.",
        "Fitted to {title}, whose images are of {count} channels: {what}.",
        facts.channels, title=facts.title, what=what,
    )  # fmt: skip
    return [fitted]


def _is_folder(facts: DataInfo) -> bool:
    """Whether the set is somebody's own photos."""
    return facts.kind == "folder" and facts.root is not None


def _keeps_channels(recipe: Recipe) -> bool:
    """Whether the images are brought to the input's channels rather than the input to theirs."""
    return bool(recipe.start.weights) and recipe.data.channels == "fit"


def _fit_size(diagram: Diagram, recipe: Recipe, facts: DataInfo) -> None:
    shape = input_shape(diagram)
    wanted = recipe.data.input_size
    if len(shape) != 3:
        return
    if wanted is not None:
        try:
            set_size(diagram, wanted)
        except StudioError as error:
            raise error.at("data.input_size") from None
        return
    own, most = facts.size, SMALL
    if min(shape[1:]) > SMALL and own is None and _is_folder(facts) and not recipe.start.weights:
        assert facts.root is not None
        own, most = usual_side(facts.root), SMALL_SIZES[-1]
    if own is None or own > most or min(shape[1:]) <= SMALL:
        return
    from blockstudio.analysis import analyze

    drawn = analyze(diagram).parameters_with_auxiliary if recipe.start.weights else None
    for heads in (True, False):
        for size in SMALL_SIZES:
            if not own <= size < min(shape[1:]):
                continue
            try:
                set_size(diagram, size)
            except StudioError:  # Less than the network says it takes.
                continue
            fits = drawn is None or analyze(diagram).parameters_with_auxiliary == drawn
            if fits and (_is_sound(diagram) if heads else _without_heads(diagram, recipe)):
                return
            diagram.undo()


def _is_sound(diagram: Diagram) -> bool:
    from blockstudio.analysis import analyze

    return not any(problem.severity == "error" for problem in analyze(diagram).problems)


def _without_heads(diagram: Diagram, recipe: Recipe) -> bool:
    """Whether the network can be built, its auxiliary heads switched off where they alone stand in the way."""
    heads = diagram.parameters.get(AUXILIARY)
    if _is_sound(diagram):
        return True
    if heads is None or heads.default is not True or recipe.start.weights:
        return False
    diagram.history.do(SetDefault(key=AUXILIARY, value=False))
    if _is_sound(diagram):
        return True
    diagram.undo()
    return False


def set_size(diagram: Diagram, size: int) -> None:
    """Height and width of the Input, as one step, through the parameter ``size`` if that is what the Input uses."""
    name = diagram.main.of_type(INPUT)[0]
    with diagram.history.gesture(say("Train at {size}×{size}", size=size)):
        parameter = diagram.parameters.get("size")
        if parameter is not None and parameter.kind == "int":
            diagram.set("", size=size)
        channels, *sides = input_shape(diagram)
        if sides != [size, size]:
            raw = diagram.main.block(name).parameters.get("shape", [channels])
            first = raw[0] if isinstance(raw, list) else channels
            diagram.set(name, shape=[first, size, size])


def _choose(diagram: Diagram, recipe: Recipe, facts: DataInfo) -> Recipe:
    """Put a value wherever the recipe left the choice open."""
    shape = input_shape(diagram)
    side = shape[1] if len(shape) == 3 and shape[1] == shape[2] else None
    batch, epochs = recipe.batch_size, recipe.epochs
    images = facts.images or BATCHES[-1][0] + 1
    if batch is None:
        most = 32 if side is not None and side >= 128 else 128
        batch = min(most, next((size for limit, size in BATCHES if images <= limit), most))
    if epochs is None and recipe.steps is None:
        epochs = (
            max(DEFAULT_EPOCHS, min(MOST_EPOCHS, LEAST_STEPS * batch // images)) if images <= 1000 else DEFAULT_EPOCHS
        )
    rule, schedule = recipe.optimizer, recipe.schedule
    # The trainer may run in another folder.
    weights = recipe.start.weights
    if weights and not is_published(weights):
        weights = str(Path(weights).expanduser().absolute())
    replace = msgspec.structs.replace
    return replace(
        recipe,
        batch_size=batch,
        epochs=epochs,
        data=replace(recipe.data, input_size=side),
        start=replace(recipe.start, weights=weights),
        schedule=replace(schedule, gamma=SCHEDULES[schedule.name].gamma if schedule.gamma is None else schedule.gamma),
        optimizer=replace(
            rule,
            weight_decay=OPTIMIZERS[rule.name].weight_decay if rule.weight_decay is None else rule.weight_decay,
        ),
    )


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
