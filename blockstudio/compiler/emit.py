"""The whole file: imports, helper classes, one class a definition, the network last."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Mapping, Sequence

from blockstudio.analysis import Analysis, analyze
from blockstudio.blocks import Kind
from blockstudio.blocks.helpers import HELPERS
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.attributes import Attribute, condition_of, entries_of, in_line, ordered_dict, value_of
from blockstudio.compiler.calls import IDENTITY
from blockstudio.compiler.class_plans import Argument, ClassPlan
from blockstudio.compiler.classes import ClassPlanner, planned
from blockstudio.compiler.forward import Forward, Line, variables_of
from blockstudio.compiler.net import TRAINING
from blockstudio.compiler.printer import WIDTH, lay_out, text_of
from blockstudio.compiler.schedule import in_order, steps_of
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.text import join, say, say_many

ANNOTATIONS: dict[Kind, str] = {
    "int": "int", "float": "float", "bool": "bool", "choice": "str", "text": "str", "pair": "int | tuple[int, int]",
    "padding": "int | str | tuple[int, ...]", "shape": "tuple[int, ...]",
}  # fmt: skip
LONGEST_CHAIN = 12
"""A module of more blocks than this in a row has a forward pass of its own."""
INDENT = 4


def source(diagram: Diagram) -> str:
    """The network as Python source that needs nothing but torch.

    Raises `StudioError` ``compile.problems`` while the diagram has errors, ``compile.name`` for a block whose name
    no item of a container can have.
    """
    return source_and_class(diagram)[0]


def source_and_class(diagram: Diagram) -> tuple[str, str]:
    """`source`, and the name of the network's class in it."""
    # Nearly all that is made here stays to the end: looking for garbage meanwhile takes a quarter of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _source_and_class(diagram)
    finally:
        if collects:
            gc.enable()


def _source_and_class(diagram: Diagram) -> tuple[str, str]:
    analysis = analyze(diagram)
    errors = [problem.text for problem in analysis.problems if problem.severity == "error"]
    if errors:
        told: list[str] = errors[:5]
        if len(errors) > 5:
            told.append(say("(and {count} more)", count=len(errors) - 5))
        raise StudioError(
            "compile.problems",
            say_many(
                "it has an error: {errors}",
                "it has {count} errors: {errors}",
                len(errors),
                errors=join(told),
            ),
            where=diagram.name,
            hint=say("Put that right first."),
        )
    planner = planned(diagram)
    result_name = _result_name(planner)
    taken = planner.names | {result_name}
    classes = {plan: _Class(diagram, planner, plan, taken, result_name).text() for plan in planner.classes}
    result = _result_class(result_name, planner)
    helped = {unit.helper for plan in classes for unit in plan.units.values()}
    bodies = [HELPERS[name].rstrip("\n").split("\n") for name in HELPERS if name in helped]
    if result:
        bodies.append(result)
    bodies += classes.values()
    text = "\n\n\n".join("\n".join(body) for body in bodies)
    lines = [*_heading(diagram, analysis, planner), "", *_imports(text), "", "", text, ""]
    return "\n".join(lines), planner.main.name


def _heading(diagram: Diagram, analysis: Analysis, planner: ClassPlanner) -> list[str]:
    """The module's docstring: what it is, what goes in and out, what it costs."""
    site = planner.sites.main
    ins = ", ".join(f"(N, {', '.join(map(str, shape))})" for shape in site.inputs.values())
    outs = ", ".join(f"(N, {', '.join(map(str, shape))})" for shape in site.outputs.values())
    lines = [f"{diagram.name}.", ""]
    paper = diagram.about.get("paper")
    if paper:
        lines += [f"{paper}.", ""]
    parameters = f"{analysis.parameters:,} parameters"
    if analysis.parameters_with_auxiliary != analysis.parameters:
        parameters += f" ({analysis.parameters_with_auxiliary:,} with auxiliary outputs)"
    lines.append(f"{ins} -> {outs}: {parameters}, {analysis.macs:,} multiply-accumulates per image.")
    return naming.docstring("\n".join(lines), 0, WIDTH)


_IMPORTED = re.compile(
    # Texts and comments are passed over: what they say is no code.
    r'"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|#[^\n]*"
    r"|(?<![\w.])(OrderedDict|NamedTuple|Tensor|torch|F)(?!\w|=)",
    re.DOTALL,
)
"""What the emitted code may import, where it is used: a syntax tree of the whole text costs ten times as much."""


def _imports(text: str) -> list[str]:
    used = {found[1] for found in _IMPORTED.finditer(text) if found[1]}
    lines = []
    if "OrderedDict" in used:
        lines.append("from collections import OrderedDict")
    if "NamedTuple" in used:
        lines.append("from typing import NamedTuple")
    if lines:
        lines.append("")
    if "torch" in used:
        lines.append("import torch")
    if "F" in used:
        lines.append("import torch.nn.functional as F")
    lines.append("from torch import Tensor, nn" if "Tensor" in used else "from torch import nn")
    return lines


def _result_name(planner: ClassPlanner) -> str:
    taken = {plan.name for plan in planner.classes}
    return naming.free(f"{planner.main.name}Outputs", taken) if planner.main.net.auxiliary else ""


def _result_fields(planner: ClassPlanner) -> list[str]:
    net = planner.main.net
    outputs = ["logits"] if len(net.outputs) == 1 else [name for name, _ in net.outputs]
    fields: list[str] = []
    for name in [*outputs, *(name for name, _ in net.auxiliary)]:
        short = name.removesuffix("_output").strip("_") or "output"
        fields.append(naming.variable(short, {*fields, "count", "index"}).lstrip("_"))
    return fields


def _result_class(name: str, planner: ClassPlanner) -> list[str]:
    if not name:
        return []
    return [
        f"class {name}(NamedTuple):",
        '    """What the network gives in training mode: logits and the auxiliary logits."""',
        "",
        *(f"    {field}: Tensor" for field in _result_fields(planner)),
    ]


class _Class:
    """The text of one class."""

    def __init__(self, diagram: Diagram, planner: ClassPlanner, plan: ClassPlan, taken: set[str], result: str) -> None:
        self.diagram = diagram
        self.planner = planner
        self.plan = plan
        self.net = plan.net
        self.definition = diagram.definition(plan.scope)
        self.entries = entries_of(plan, list(self.definition.graph))
        self.renamed: dict[str, Tree] = {item.key: algebra.name(item.name) for item in plan.arguments}
        self.taken = taken
        """What modules and classes are called: no variable may be."""
        self.result = result if plan.scope == MAIN else ""
        self.flags: dict[str, str] = {}
        self._printed: dict[int, str] = {}
        """The text of constructors, by the identity of their trees, which the plan keeps."""

    def text(self) -> list[str]:
        about = [self.definition.description]
        if self.plan.scope == MAIN and self.planner.kept:
            values = " and ".join(f"{key}={value}" for key, value in self.planner.kept.items())
            about.append(f"Written for {values}; export it again for another value.")
        description = naming.docstring("\n\n".join(filter(None, about)), INDENT, WIDTH)
        chain = self._as_chain()
        base = "nn.Sequential" if chain is not None else "nn.Module"
        head = [f"class {self.plan.name}({base}):", *description]
        if description:
            head.append("")
        if chain is not None:
            return [*head, *self._signature("__init__", self._arguments(), "None"), *chain]
        forward = self._forward()
        lines = [*head, *self._constructor(), "", *forward]
        return lines if self.entries or self.flags else [*head, *forward]

    # The constructor

    def _arguments(self) -> list[str]:
        lines: list[str] = []
        for item in self.plan.arguments:
            if item.hoisted is not None:
                if "*" not in lines:
                    lines.append("*")
                several = any(isinstance(value, tuple) for value in item.hoisted.values())
                lines.append(f"{item.name}: {'tuple[int, ...]' if several else 'int'}")
            elif item.declared is None:
                lines.append(f"{item.name}: int")
            else:
                lines.append(f"{item.name}: {ANNOTATIONS[item.declared.kind]} = {self._default(item)}")
        return lines

    def _default(self, item: Argument) -> str:
        tree = item.default
        assert tree is not None
        return text_of(tree)

    def _signature(self, name: str, arguments: Sequence[str], returns: str) -> list[str]:
        together = ", ".join(["self", *arguments])
        line = f"    def {name}({together}) -> {returns}:"
        if len(line) <= WIDTH:
            return [line]
        body = ", ".join(["self", *arguments])
        if len(body) + 2 * INDENT <= WIDTH:
            return [f"    def {name}(", f"        {body}", f"    ) -> {returns}:"]
        return [f"    def {name}(", *(f"        {item}," for item in ["self", *arguments]), f"    ) -> {returns}:"]

    def _as_chain(self) -> list[str] | None:
        """The constructor's body if the class is nothing but a chain: then it needs no forward pass."""
        units = list(self.plan.units.values())
        net = self.net
        if not 1 <= len(self.entries) <= LONGEST_CHAIN or any(unit.init is None for unit in units):
            return None
        if len(net.inputs) != 1 or len(net.outputs) != 1 or net.auxiliary:
            return None
        if self.plan.scope == MAIN and any(unit.node.kind is None for unit in units):
            return None
        ordered = in_line(self.entries, net)
        if ordered is None:
            return None
        first, last = next(iter(ordered.values())).ends(), list(ordered.values())[-1].ends()
        if first is None or last is None or first[0][0] != net.inputs[0] or last[1] != net.outputs[0][1]:
            return None
        if len(net.readers[last[1]]) != 1 or any(not unit.node.live for unit in units):
            return None
        values = {part: self._named(self._conditional(entry)) for part, entry in ordered.items()}
        return self._super(values)

    def _super(self, values: Mapping[str, Tree]) -> list[str]:
        numbered = list(values) == [str(index) for index in range(len(values))]
        items = list(values.values()) if numbered else [ordered_dict(dict(values))]
        call = ast.Call(algebra.tree_of("super().__init__"), items, [])
        return lay_out(call, 2 * INDENT)

    def _named(self, tree: Tree) -> Tree:
        return algebra.substitute(tree, self.renamed) if self.renamed else tree

    def _conditional(self, entry: Attribute) -> Tree:
        if entry.unit is not None and entry.unit.init is not None and self.net.always(entry.unit.node):
            return entry.unit.init
        condition = condition_of(entry, self.net)
        return algebra.choose(condition, value_of(entry, self.net, condition), IDENTITY)

    def _constructor(self) -> list[str]:
        lines = [*self._signature("__init__", self._arguments(), "None"), "        super().__init__()"]
        for key, name in self.flags.items():
            lines += lay_out(self._named(self.net.switches[key]), 2 * INDENT, f"self.{name} = ")
        for part, entry in self.entries.items():
            lines += self._assign(part, entry)
        return lines

    def _assign(self, part: str, entry: Attribute) -> list[str]:
        tree = self._named(self._conditional(entry))
        unit = entry.unit
        if unit is not None and unit.init is tree and naming.is_plain(part):  # shared by all that are alike
            text = self._printed.get(id(tree))
            if text is None:
                text = self._printed[id(tree)] = text_of(tree)
            if len(line := f"        self.{part} = {text}") <= WIDTH:
                return [line]
        if not naming.is_plain(part):
            return lay_out(tree, 2 * INDENT, f'self.add_module("{part}", ', ")")
        before = f"self.{part} = "
        lines = lay_out(tree, 2 * INDENT, before)
        if isinstance(tree, ast.IfExp) and len(lines) > 1:
            return [
                *lay_out(tree.test, 2 * INDENT, "if ", ":"),
                *lay_out(tree.body, 3 * INDENT, before),
                "        else:",
                *lay_out(tree.orelse, 3 * INDENT, before),
            ]
        return lines

    # The forward pass

    def _flag(self, key: str, name: str) -> str:
        if key == TRAINING:
            return "self.training"
        if key not in self.flags:
            taken = {*self.entries, *self.flags.values()}
            self.flags[key] = naming.variable(f"use_{name}", taken)
        return f"self.{self.flags[key]}"

    def _forward(self) -> list[str]:
        net = self.net
        parameters = variables_of(net.inputs, self.taken)
        order = in_order(steps_of(self.plan, self.entries), net)
        returns = "Tensor" if len(net.outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(net.outputs))}]"
        if self.result:
            returns += f" | {self.result}"
        lines = self._signature("forward", [f"{name}: Tensor" for name in parameters], returns)
        for line in Forward(net, order, parameters, self.taken, self._flag, self.result).write():
            lines += _laid_out(line)
        return lines


_CALLS = re.compile(r"(?:[A-Za-z_][\w.]*\()*[A-Za-z_][\w.]*\)*")
"""Calls within calls, as most steps of a forward pass are."""


def _laid_out(line: Line) -> list[str]:
    indent = (2 + line.depth) * INDENT
    if not line.expression:
        return [" " * indent + line.before]
    whole = " " * indent + line.before + line.expression + line.after
    if len(whole) <= WIDTH and _CALLS.fullmatch(line.expression):
        return [whole]  # as `lay_out` would say it
    return lay_out(algebra.tree_of(line.expression), indent, line.before, line.after)
