"""The order of a forward pass: one step a block or chain container, branches one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from blockstudio.blocks import Merging
from blockstudio.compiler.attributes import Attribute, access
from blockstudio.compiler.class_plans import ClassPlan
from blockstudio.compiler.net import Guard, Net, Port


@dataclass(eq=False, slots=True)
class Step:
    """One call of forward."""

    name: str
    template: str
    """With ``{0}``, ``{1}``, ... and ``{inputs}`` for what it reads."""
    sources: tuple[Port, ...]
    outs: tuple[Port, ...]
    guard: Guard
    """When it is at work."""
    live: Guard
    """When what it gives is needed."""
    fork: bool = False
    """Where it is not at work, its first source stands for all its outputs."""
    merge: Merging = ""
    """How it joins its inputs: see `BlockType.merges`."""
    joins: str = ""
    """The text for two of them: see `BlockType.joins`."""
    own: bool = False
    """It may write over its first source."""
    weighted: bool = False
    """It begins a line of its own in long forward passes."""

    def text(self, arguments: Iterable[str]) -> str:
        given = list(arguments)
        return self.template.format(*given, inputs=", ".join(given))


def steps_of(plan: ClassPlan, entries: Mapping[str, Attribute]) -> dict[str, Step]:
    """The steps by name, not in order."""
    net, own = plan.net, plan.overwriting
    steps: dict[str, Step] = {}
    inside: set[str] = set()

    def contract(entry: Attribute) -> None:
        ends = entry.ends()
        if entry.chain and ends is not None:
            units = list(entry.units())
            inside.update(unit.node.name for unit in units)
            template = access(entry.path).replace("{", "{{").replace("}", "}}") + "({0})"
            first = units[0].node
            own_first = first.name in own
            steps[entry.path] = Step(
                entry.path, template, (ends[0],), (ends[1],), first.live, first.live, own=own_first, weighted=True
            )
            return
        for item in entry.items.values():
            contract(item)

    for entry in entries.values():
        contract(entry)
    for name, unit in plan.units.items():
        if name not in inside:
            node = unit.node
            reached = access(name) if unit.init is not None else ""
            steps[name] = Step(
                name,
                unit.forward.replace("{self}", reached),
                node.sources,
                tuple((name, port) for port in node.ports),
                net.working(node),
                node.live,
                node.forks,
                node.kind.merges if node.kind is not None else "",
                node.kind.joins if node.kind is not None else "",
                name in own,
                node.kind is None or node.kind.weighted,
            )
    return steps


def in_order(steps: Mapping[str, Step], net: Net) -> list[Step]:
    """Steps in the order in which they run: depth first from the outputs, so that branches stay together; what only
    an auxiliary output needs comes as soon as what it reads is there."""
    maker = {port: step for step in steps.values() for port in step.outs}
    done: dict[str, Step] = {}

    def collect(port: Port) -> list[Step]:
        found: list[Step] = []
        if port not in maker:
            return found
        waiting: list[tuple[Step, int]] = [(maker[port], 0)]
        while waiting:
            step, index = waiting.pop()
            if step.name in done:
                continue
            if index < len(step.sources):
                waiting.append((step, index + 1))
                source = maker.get(step.sources[index])
                if source is not None and source.name not in done:
                    waiting.append((source, 0))
            else:
                done[step.name] = step
                found.append(step)
        return found

    order: list[Step] = []
    for _, port in net.outputs:
        order += collect(port)
    rank: dict[str, tuple[int, int, int]] = {step.name: (index, 0, 0) for index, step in enumerate(order)}
    for number, (_, port) in enumerate(net.auxiliary):
        for index, step in enumerate(collect(port)):
            before = [rank[maker[source].name][0] for source in step.sources if source in maker]
            rank[step.name] = (max(before, default=-1), number + 1, index)
            order.append(step)
    return sorted(order, key=lambda step: rank[step.name])
