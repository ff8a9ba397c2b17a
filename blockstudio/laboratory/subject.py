"""Who is asked: the network of a run with its trained weights, cut into the units of its trunk, and its images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from blockstudio.analysis.trunk import Trunk, Unit, trunk
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.compiler import compile
from blockstudio.errors import StudioError
from blockstudio.graph.definition import Block, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import AddBlock, AddWire
from blockstudio.graph.expand import Port
from blockstudio.runs.adapt import image_shape
from blockstudio.runs.datasets import describe
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.data import load_data
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.images import ImageSet
from blockstudio.training.device import choose_device

Part: TypeAlias = Literal["test", "validation", "train"]
BATCH = 250


@dataclass
class Subject:
    """A trained network that can be asked.

    Attributes:
        trunk: Its units, from the input to the output.
        weights: By the state dict's keys, which are paths of the flat network too.
    """

    diagram: Diagram
    trunk: Trunk
    weights: dict[str, Tensor]
    run: Run | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    def of_run(cls, run: Run, checkpoint: Literal["best", "last"] = "best") -> Subject:
        """The network of a run.

        Args:
            run: Trained for an epoch at least.
            checkpoint: Of the best validation accuracy, or the last.

        Raises:
            StudioError: ``run.untrained`` before the first checkpoint, ``checkpoint.*``, ``trunk.*``.
        """
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
        return cls(diagram, trunk(diagram), load_file(found.model), run, choose_device(run.recipe().device))

    @cached_property
    def pieces(self) -> dict[str, nn.Module]:
        """A module for each unit, in eval mode; one after the other they are the network."""
        return {unit.name: self.piece(unit) for unit in self.trunk.units}

    @cached_property
    def lesioned(self) -> dict[str, nn.Module]:
        """A module for each unit that can be taken away, of what is left without it."""
        return {unit.name: self.piece(unit, lesion=True) for unit in self.trunk.units if unit.refusal is None}

    def piece(self, unit: Unit, *, lesion: bool = False) -> nn.Module:
        """The blocks of one unit as a module ``(N, *source_shape)`` to ``(N, *result_shape)``, in eval mode, with
        their weights. With ``lesion``, what its shortcut and the blocks behind its sum make of the input."""
        ways = {unit.replaced: unit.shortcut} if lesion and unit.replaced and unit.shortcut else {}
        return self.stretch(unit.blocks, unit.source, unit.result, ways)

    def stretch(
        self, blocks: Sequence[str], source: Port, result: Port, ways: Mapping[Port, Port] | None = None
    ) -> nn.Module:
        """What leads from one value to another as a module in eval mode, with its weights.

        Args:
            blocks: Those that may be used, in the order of the signal.
            source: The value that comes in, in place of all that is not among the blocks.
            result: The value that goes out.
            ways: Values that stand in for others.
        """
        drawn = part_of(self.trunk, blocks, source, result, ways or {})
        if drawn is None:
            return nn.Identity()
        module = compile(drawn)
        own = module.state_dict()
        module.load_state_dict({key: self.weights[key] for key in own})
        return module.to(self.device).eval()

    def images(self, part: Part = "test", limit: int | None = None) -> list[tuple[Tensor, Tensor]]:
        """Batches of images ``(N, C, H, W)``, normalised as in training, on the device, with labels ``(N,)``.

        Args:
            part: Of the run's data set.
            limit: How many at most, the first of the part.

        Raises:
            StudioError: ``lab.data`` if the network has no run or its set no such part; ``data.*``.
        """
        if self.run is None:
            raise StudioError("lab.data", say("has no run, so there are no images."), where=self.diagram.name)
        recipe = self.run.recipe()
        shape = self.trunk.units[0].source_shape
        splits = load_data(recipe.data, image_shape(shape, describe(recipe.data).channels))
        source = getattr(splits, part)
        if source is None:
            text = say("its data set has no images for {part}.", part=part)
            raise StudioError("lab.data", text, where=str(self.run.directory))
        if isinstance(source, ImageSet) and limit is not None:
            source = source.subset(torch.arange(min(limit, len(source))))
        feeder = Feeder(splits, recipe, self.device)
        try:
            return list(_limited(feeder.evaluate(source), limit, flat=len(shape) == 1))
        finally:
            feeder.close()


def part_of(
    trunk: Trunk, blocks: Sequence[str], source: Port, result: Port, ways: Mapping[Port, Port]
) -> Diagram | None:
    """Blocks of a flat network as a network of their own; see `Subject.stretch`.

    Returns:
        From one input to one output; ``None`` if nothing is between them.
    """

    def seen(port: Port) -> Port:
        while port in ways:
            port = ways[port]
        return port

    result = seen(result)
    inside, needed, waiting = set(blocks), set[str](), [result.path]
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
    begin, end = drawn.free_name("lab_input"), drawn.free_name("lab_output")
    chosen = {begin: Block(type=INPUT, parameters={"shape": list(shape)})}
    chosen |= {name: flat.block(name) for name in blocks if name in needed}
    chosen[end] = Block(type=OUTPUT)

    def origin(port: Port) -> tuple[str, str]:
        port = seen(port)
        return (port.path, port.port) if port.path in needed else (begin, "out")

    wires = [
        Wire(*origin(Port(wire.source, wire.source_port)), wire.target, wire.target_port)
        for name in blocks
        if name in needed
        for wire in trunk.wires[name]
    ]
    wires.append(Wire(*origin(result), end, "in"))
    edits = [AddBlock(name=name, block=block) for name, block in chosen.items()]
    drawn.edit("Cut out", [*edits, *(AddWire(wire=wire) for wire in wires)])
    return drawn


def _limited(
    batches: Iterator[tuple[Tensor, Tensor]], limit: int | None, flat: bool
) -> Iterator[tuple[Tensor, Tensor]]:
    left = limit
    for images, labels in batches:
        if left is not None and left <= 0:
            return
        count = len(labels) if left is None else min(left, len(labels))
        left = None if left is None else left - count
        for start in range(0, count, BATCH):
            stop = min(start + BATCH, count)
            some = images[start:stop]
            yield (some.flatten(1) if flat else some), labels[start:stop]
