"""Who is asked: the network of a run with its trained weights, cut into the units of its trunk, and its images."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from blockstudio.analysis.trunk import Trunk, Unit, trunk
from blockstudio.blocks import INPUT, OUTPUT, Shape
from blockstudio.checked import checked
from blockstudio.compiler import compile
from blockstudio.errors import StudioError
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import AddBlock, AddWire
from blockstudio.graph.expand import Port
from blockstudio.laboratory.quick import quicken
from blockstudio.runs.adapt import image_shape
from blockstudio.runs.datasets import describe
from blockstudio.runs.devices import free_memory
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.run import Run
from blockstudio.text import say, say_many
from blockstudio.training.augment import Normaliser
from blockstudio.training.data import load_data
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.decode import SIXTEEN_BITS, Decoder
from blockstudio.training.data.images import fit
from blockstudio.training.data.load import DataSplits, Source
from blockstudio.training.device import choose_device

Part: TypeAlias = Literal["test", "validation", "train"]
BATCH = 250


@dataclass
class Subject:
    """A trained network that can be asked.

    Attributes:
        trunk: Its units, from the input to the output.
        weights: By the state dict's keys, which are paths of the flat network too.
        step: Of the run, at which it had them.
    """

    diagram: Diagram
    trunk: Trunk
    weights: dict[str, Tensor]
    run: Run | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    step: int | None = None
    like: Subject | None = None
    """The one as it was trained, which this one is asked in place of: images are normalised as for it."""

    @classmethod
    @checked
    def of_run(cls, run: Run | str | os.PathLike[str], checkpoint: Literal["best", "last"] = "best") -> Subject:
        """The network of a run.

        Args:
            run: Trained for an epoch at least; or its directory.
            checkpoint: Of the best validation accuracy, or the last.

        Raises:
            StudioError: ``run.untrained`` before the first checkpoint, ``checkpoint.*``, ``trunk.*``.
        """
        run = run if isinstance(run, Run) else Run(Path(run))
        found = run.best() if checkpoint == "best" else next(reversed(run.checkpoints.all()), None)
        if found is None:
            raise StudioError(
                "run.untrained",
                say("has no checkpoint yet."),
                where=str(run.directory),
                hint=say("Train it for an epoch first."),
            )
        found.verify()
        diagram = run.diagram()
        return cls(diagram, trunk(diagram), load_file(found.model), run, choose_device(run.recipe().device),
                   found.step)  # fmt: skip

    @cached_property
    def pieces(self) -> dict[str, nn.Module]:
        """A module for each unit, in eval mode; one after the other they are the network."""
        return {unit.name: self.piece(unit) for unit in self.trunk.units}

    def piece(self, unit: Unit, *, lesion: bool = False, quick: bool = False) -> nn.Module:
        """The blocks of one unit as a module ``(N, *source_shape)`` to ``(N, *result_shape)``, in eval mode, with
        their weights. With ``lesion``, what its shortcut and the blocks behind its sum make of the input; ``quick``:
        equal but for rounding, see `blockstudio.laboratory.quick`."""
        ways = {unit.replaced: unit.shortcut} if lesion and unit.replaced and unit.shortcut else {}
        return self.stretch(unit.blocks, unit.source, unit.result, ways, quick=quick)

    def stretch(
        self, blocks: Sequence[str], source: Port, result: Port, ways: Mapping[Port, Port] | None = None,
        *, quick: bool = False,
    ) -> nn.Module:  # fmt: skip
        """What leads from one value to another as a module in eval mode, with its weights.

        Args:
            blocks: Those that may be used, in the order of the signal.
            source: The value that comes in, in place of all that is not among the blocks.
            result: The value that goes out.
            ways: Values that stand in for others.
            quick: Equal but for rounding.
        """
        drawn = part_of(self.trunk, blocks, source, (result,), ways or {})
        if drawn is None:
            return nn.Identity()
        module = self._loaded(drawn)
        return quicken(module, drawn) if quick else module

    @cached_property
    def splits(self) -> DataSplits:
        """The parts of the run's data set, fitted to the network. Raises `StudioError` ``lab.data`` if the network has
        no run; ``data.*``."""
        recipe = self.recipe()
        return load_data(recipe.data, image_shape(self.input_shape, describe(recipe.data).channels))

    @property
    def input_shape(self) -> Shape:
        """What the network takes: ``(C, H, W)``, or ``(F,)``."""
        return self.trunk.units[0].source_shape

    def part(self, part: Part = "test") -> Source:
        """The images of one part, as they are stored. Raises `StudioError` ``lab.data``; ``data.*``."""
        source: Source | None = getattr(self.splits, part)
        if source is None:
            text = say("its data set has no images for {part}.", part=part)
            raise StudioError("lab.data", text, where=self._where())
        return source

    def images(
        self, part: Part = "test", limit: int | None = None, index: Sequence[int] | None = None
    ) -> list[tuple[Tensor, Tensor]]:
        """Batches of images ``(N, C, H, W)``, normalised as in training, on the device, with labels ``(N,)``.

        Args:
            part: Of the run's data set.
            limit: How many at most, the first of the part.
            index: These of the part, in this order.

        Raises:
            StudioError: ``lab.data`` if the network has no run or its set no such part or image, ``lab.memory`` where
                they do not fit; ``data.*``.
        """
        source = self.part(part)
        if index is not None:
            wrong = next((place for place in index if not 0 <= place < len(source)), None)
            if wrong is not None:
                text = say("{part} has images 0 to {last}, not {wrong}.", part=part, last=len(source) - 1, wrong=wrong)
                raise StudioError("lab.data", text, where=self._where())
            source = source.subset(torch.tensor(list(index), dtype=torch.int64))
        elif limit is not None:
            source = source.subset(torch.arange(min(limit, len(source))))
        self.check_room(len(source))
        feeder = Feeder(self.splits, self.recipe(), self.device)
        try:
            return list(_in_batches(feeder.evaluate(source), flat=len(self.input_shape) == 1))
        finally:
            feeder.close()

    def check_room(self, images: int) -> None:
        """Raises `StudioError` ``lab.memory`` where so many images are more than the memory has room for, as far as
        that is known."""
        needed, free = 4 * images * math.prod(self.input_shape), free_memory()
        if free is not None and needed > free:
            text = say_many(
                "one image of {shape} takes {needed:.1f} GB of memory, and {free:.1f} GB are free.",
                "{count:,} images of {shape} take {needed:.1f} GB of memory, and {free:.1f} GB are free.", images,
                shape="×".join(map(str, self.input_shape)), needed=needed / 1e9, free=free / 1e9,
            )  # fmt: skip
            hint = say("Ask for fewer images.") if images > 1 else ""
            raise StudioError("lab.memory", text, where=self._where(), hint=hint)

    def shown(self, images: Tensor) -> Tensor:
        """Normalised images as pictures: ``(N, C, H, W)`` in 0 … 1. Raises `StudioError` ``lab.data``; ``data.*``."""
        images = images.view(-1, *self.splits.shape)
        mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.splits.mean, self.splits.std))
        return (images.cpu() * std + mean).clamp(0, 1)

    def read(self, file: Path) -> Tensor:
        """A picture from a file as the network is given it: ``(1, C, H, W)``, normalised, on the device; ``(1, F)`` for
        a network of flat vectors. Raises `StudioError` ``data.*`` for a file that is no picture."""
        recipe = self.recipe()
        splits = self.splits
        decoder = Decoder(1 if splits.shape[0] == 1 else 3, recipe.data.background, splits.range or SIXTEEN_BITS)
        image = fit(decoder.read(file).unsqueeze(0), splits.shape, recipe.data, str(file))
        found: Tensor = Normaliser(splits.mean, splits.std, self.device)(image.to(self.device))
        return found.flatten(1) if len(self.input_shape) == 1 else found

    def tapped(self, *ports: Port, without: Sequence[str] = ()) -> Tapped:
        """The whole network in eval mode, giving these values beside its logits: see `Tapped`.

        Args:
            ports: The values.
            without: Units that are taken away.

        Raises:
            StudioError: ``trunk.unit``; ``lab.lesion`` for a unit that cannot be taken away.
        """
        units, ways = self.trunk.units, dict[Port, Port]()
        for name in without:
            unit = self.trunk.unit(name)
            if unit.replaced is None or unit.shortcut is None:
                raise StudioError("lab.lesion", unit.refusal or say("cannot be taken away."), where=name)
            ways[unit.replaced] = unit.shortcut
        drawn = part_of(
            self.trunk, [name for unit in units for name in unit.blocks], units[0].source,
            (units[-1].result, *ports), ways,
        )  # fmt: skip
        return Tapped(nn.Identity() if drawn is None else self._loaded(drawn))

    def untrained(self) -> dict[str, torch.Size]:
        """The shapes that the state dict's entries would have, by key, from the drawing alone."""
        with torch.device("meta"):
            return {key: value.shape for key, value in compile(self.trunk.flat).state_dict().items()}

    def recipe(self) -> Recipe:
        """That of its run. Raises `StudioError` ``lab.data`` if there is none."""
        if self.run is None:
            raise StudioError("lab.data", say("has no run, so there are no images."), where=self.diagram.name)
        recipe = self.run.recipe()
        if self.like is None:
            return recipe
        own = self.like.splits
        return with_fields(recipe, {"data.mean": list(own.mean), "data.std": list(own.std)})

    def _where(self) -> str:
        return self.diagram.name if self.run is None else str(self.run.directory)

    def _loaded(self, drawn: Diagram) -> nn.Module:
        module = compile(drawn)
        module.load_state_dict({key: self.weights[key] for key in module.state_dict()})
        return module.to(self.device).eval()


class Tapped(nn.Module):
    """A network that also gives values on its way: ``(N, *input_shape)`` to logits ``(N, classes)`` and one tensor for
    each value asked for, through all of which gradients flow."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        found = self.module(images)
        logits, *values = (found,) if isinstance(found, Tensor) else found
        return (logits.flatten(1), *values)


def part_of(
    trunk: Trunk, blocks: Sequence[str], source: Port, results: Sequence[Port], ways: Mapping[Port, Port]
) -> Diagram | None:
    """Blocks of a flat network as a network of their own; see `Subject.stretch`.

    Returns:
        From one input to an output for each of the results; ``None`` if nothing is between them.
    """

    def seen(port: Port) -> Port:
        while port in ways:
            port = ways[port]
        return port

    results = [seen(result) for result in results]
    inside, needed, waiting = set(blocks), set[str](), [result.path for result in results]
    while waiting:
        name = waiting.pop()
        if name in inside and name not in needed:
            needed.add(name)
            waiting += [seen(Port(wire.source, wire.source_port)).path for wire in trunk.wires[name]]
    if not needed:
        return None
    drawn = Diagram("part")
    flat = trunk.flat.main
    shape = trunk.analysis.blocks[source.path].output_shapes[source.port]
    begin, ends = _apart("input", inside), [_apart(f"output{number}", inside) for number in range(len(results))]
    chosen = {begin: Block(type=INPUT, parameters={"shape": list(shape)})}
    chosen |= {name: flat.block(name) for name in blocks if name in needed}
    chosen |= {end: Block(type=OUTPUT) for end in ends}

    def origin(port: Port) -> tuple[str, str]:
        port = seen(port)
        return (port.path, port.port) if port.path in needed else (begin, "out")

    wires = [
        Wire(*origin(Port(wire.source, wire.source_port)), wire.target, wire.target_port)
        for name in blocks
        if name in needed
        for wire in trunk.wires[name]
    ]
    wires += [Wire(*origin(result), end, "in") for result, end in zip(results, ends, strict=True)]
    edits = [AddBlock(name=name, block=block) for name, block in chosen.items()]
    drawn.edit("Cut out", [*edits, *(AddWire(wire=wire) for wire in wires)])
    return drawn


def rebatched(batches: Sequence[tuple[Tensor, Tensor]], size: int) -> list[tuple[Tensor, Tensor]]:
    """The same images and labels in batches of another size; the last may be smaller."""
    if not batches:
        return []
    images, labels = torch.cat([some for some, _ in batches]), torch.cat([some for _, some in batches])
    return [(images[start : start + size], labels[start : start + size]) for start in range(0, len(labels), size)]


def _apart(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


def _in_batches(batches: Iterator[tuple[Tensor, Tensor]], flat: bool) -> Iterator[tuple[Tensor, Tensor]]:
    for images, labels in batches:
        for start in range(0, len(labels), BATCH):
            some = images[start : start + BATCH]
            yield (some.flatten(1) if flat else some), labels[start : start + BATCH]
