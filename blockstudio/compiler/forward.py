"""The text of a forward pass: who is called what, and which calls share a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from blockstudio.blocks.sources import joined
from blockstudio.compiler import algebra, naming
from blockstudio.compiler.net import ALWAYS, TRAINING, Guard, Net, Port
from blockstudio.compiler.printer import WIDTH
from blockstudio.compiler.schedule import Step

TRUNK = "x"
SIDE = "out"
MAX_NESTED = 3
"""Calls of a branch that may stand within each other on a line."""
MAX_JOINED = 4
"""The same in long forward passes, where calls without weights join the line of the call before them."""
LONG = 60
"""Steps from which on a forward pass is long."""
NEVER_AGAIN = 1 << 60
MOST_OPERANDS = 64
"""A statement joins so many inputs."""


class Line(NamedTuple):
    """``before`` + expression + ``after`` at a depth of indentation; without an expression, ``before`` as it is."""

    depth: int
    before: str
    expression: str = ""
    after: str = ""


@dataclass(slots=True)
class Chain:
    """Steps that pass one value on from each to the next."""

    steps: list[Step]
    wanted: str = ""
    """What its variable is to be called; empty: the trunk's."""
    inline: bool = False
    """It stands inside the call that reads it."""
    residual: bool = False
    """A shortcut is added to what comes out."""


@dataclass
class Forward:
    """The body of ``forward``, worked out by `write`."""

    net: Net
    order: list[Step]
    parameters: list[str]
    """Variables of the inputs."""
    taken: set[str]
    """Names that no variable may have."""
    flag: Callable[[str, str], str]
    """The source of a switch, given the block that it is first asked for."""
    result: str = ""
    """The named tuple's class, if there are auxiliary outputs."""
    lines: list[Line] = field(default_factory=list)

    def write(self) -> list[Line]:
        net = self.net
        self.variables: dict[Port, str] = {}
        self.mains: dict[str, Port] = {}
        """The main operand of each sum and product that was asked for."""
        self.busy: dict[str, int] = {}
        """Variables, and the last step that reads what is in them."""
        self.readers: dict[Port, list[Step]] = {}
        self.last: dict[Port, int] = {}
        for index, step in enumerate(self.order):
            for source in step.sources:
                self.readers.setdefault(source, []).append(step)
                self.last[source] = index
        kept = [port for _, port in (*net.outputs, *net.auxiliary)]
        self.last |= dict.fromkeys(kept, NEVER_AGAIN)
        self.kept = set(kept)
        for name, variable in zip(net.inputs, self.parameters, strict=True):
            self._hold(variable, (name, "out"))
        self.place = {step.name: index for index, step in enumerate(self.order)}
        self.chains = self._chains()
        self.chain_of = {port: chain for chain in self.chains for step in chain.steps for port in step.outs}
        self.position = {step.name: index for chain in self.chains for index, step in enumerate(chain.steps)}
        self._name_chains()
        self._guard: Guard = ALWAYS
        index = 0
        while index < len(self.order):
            index = self._step(index)
        self._return()
        return self.lines

    # Chains

    def _follows(self, step: Step, after: Step) -> bool:
        """Whether ``after`` does nothing but go on from ``step``."""
        return (
            len(step.outs) == 1
            and len(after.sources) == 1
            and after.sources == step.outs
            and self.readers[step.outs[0]] == [after]
            and step.outs[0] not in self.kept
            and step.guard == after.guard
            and not after.fork
        )

    def _chains(self) -> list[Chain]:
        chains: list[Chain] = []
        ending: dict[Port, Chain] = {}
        for step in self.order:
            chain = ending.get(step.sources[0]) if step.sources else None
            if chain is not None and self._follows(chain.steps[-1], step):
                chain.steps.append(step)
            else:
                chain = Chain([step])
                chains.append(chain)
            ending |= dict.fromkeys(step.outs, chain)
        return chains

    def _name_chains(self) -> None:
        auxiliary = {port for _, port in self.net.auxiliary}
        for chain in self.chains:
            end = chain.steps[-1]
            if len(end.outs) != 1:
                continue
            readers = self.readers.get(end.outs[0], [])
            if end.outs[0] in auxiliary:
                chain.wanted = _label(chain)
            elif len(readers) == 1 and len(readers[0].sources) > 1 and end.outs[0] not in self.kept:
                reader = readers[0]
                gates = reader.merge == "product" and chain.steps[0].sources[0] in reader.sources
                if reader.merge not in ("sum", "product"):
                    chain.wanted = _label(chain)
                elif gates or not self._is_main(reader, chain):
                    chain.wanted = "gate" if gates else _label(chain)
                    chain.inline = self._may_be_inline(reader, chain)
                else:
                    chain.residual = reader.merge == "sum"

    def _main_operand(self, reader: Step) -> Port:
        """The operand of a sum or product on which most is done."""

        def length(port: Port) -> int:
            chain = self.chain_of.get(port)
            return len(chain.steps) if chain and self.readers[port] == [reader] and port not in self.kept else 0

        if reader.name not in self.mains:
            self.mains[reader.name] = max(reader.sources, key=length)
        return self.mains[reader.name]

    def _is_main(self, reader: Step, chain: Chain) -> bool:
        return self._main_operand(reader) in chain.steps[-1].outs

    def _may_be_inline(self, reader: Step, chain: Chain) -> bool:
        """Whether the calls of a chain can stand in the sum that reads them: nothing else happens in between."""
        first, end = self.place[chain.steps[0].name], self.place[reader.name]
        together = end - first == len(chain.steps) <= 2 and self.order[first:end] == chain.steps
        calls = all(len(step.sources) == 1 and not step.fork for step in chain.steps)
        alike = all(step.guard == reader.guard for step in chain.steps)
        return together and calls and alike

    # Variables

    def _hold(self, variable: str, port: Port) -> None:
        """From here on ``variable`` has the value of ``port``."""
        self.variables[port] = variable
        self.busy[variable] = self.last.get(port, -1)

    def _is_free(self, variable: str, index: int) -> bool:
        """Whether nobody reads after step ``index`` what is in ``variable`` before it."""
        return self.busy.get(variable, -1) <= index

    def _fresh(self, wanted: str, index: int, but: set[str] | None = None) -> str:
        """A variable of its own."""
        name = naming.variable(wanted, self.taken)
        while not self._is_free(name, index) or name in {*self.parameters, TRUNK, SIDE, *(but or ())}:
            name += "_"
        return name

    def _variable(self, chain: Chain, step: Step, index: int) -> str:
        """A variable for what ``step`` gives, or for what a line that begins with it and ends at ``index`` gives."""
        if chain.wanted:
            return self._fresh(chain.wanted, index)
        dying = [self.variables[s] for s in step.sources if s in self.variables][:1]
        for option in (TRUNK, *dying, SIDE) if len(step.sources) == 1 else (TRUNK, SIDE, *dying):
            if option not in self.taken and self._is_free(option, index):
                return option
        return self._fresh("residual" if chain.residual else _label(chain), index)

    # Statements

    def _step(self, index: int) -> int:
        """Write step ``index`` and what shares its line; the index after them."""
        step = self.order[index]
        chain = self.chain_of[step.outs[0]]
        if chain.inline:
            return index + 1
        if len(step.outs) > 1:
            self._several(step, index)
            return index + 1
        if step.fork:
            self._fork(step, chain, index)
            return index + 1
        self._open(step.guard, step.name)
        if self._in_place(step, index):
            return index + 1
        if _is_long(step):
            variable = self._variable(chain, step, index)
            self._put_merged(variable, step, self._operands(step), index)
            self._hold(variable, step.outs[0])
            return index + 1
        count = self._joined(chain, index)
        text = step.text(self._operands(step))
        for further in self.order[index + 1 : index + count]:
            text = further.text([text])
        last = index + count - 1
        variable = self._variable(chain, step, last)
        self._put(f"{variable} = ", text)
        self._hold(variable, self.order[last].outs[0])
        return index + count

    def _joined(self, chain: Chain, index: int) -> int:
        """How many steps from ``index`` on are written within each other."""
        start = self.position[self.order[index].name]
        rest = chain.steps[start : start + MAX_JOINED]
        together = 1
        while together < len(rest) and self.place[rest[together].name] == index + together:
            together += 1
        if chain.wanted and start == 0 and together == len(chain.steps) <= MAX_NESTED:
            text = self.order[index].text(self._operands(self.order[index]))
            for further in rest[1:]:
                text = further.text([text])
            if len(chain.wanted) + len(text) + 12 <= WIDTH:
                return together
        if len(self.order) < LONG:
            return 1
        count = 1
        while count < together and not rest[count].weighted:
            count += 1
        return count

    def _operands(self, step: Step) -> list[str]:
        return [self._operand(source) for source in step.sources]

    def _operand(self, source: Port) -> str:
        chain = self.chain_of.get(source)
        if chain is None or not chain.inline or source in self.variables:
            return self.variables[source]
        text = self._operands(chain.steps[0])[0]
        for step in chain.steps:
            text = step.text([text])
        return text

    def _in_place(self, step: Step, index: int) -> bool:
        """``out += shortcut``, if nobody else has or needs what is in ``out``."""
        if step.merge != "sum" or len(step.sources) != 2 or step.sources[0] == step.sources[1]:
            return False
        operand = step.sources[0]
        if not step.own or operand not in self.variables:
            return False
        variable = self.variables[operand]
        self._put(f"{variable} += ", self._operand(step.sources[1]))
        self._hold(variable, step.outs[0])
        return True

    def _read(self, step: Step) -> set[str]:
        """Variables that a step reads, by itself or through the calls inside it."""
        found: set[str] = set()
        for source in step.sources:
            if source in self.variables:
                found.add(self.variables[source])
            else:
                found |= self._read(self.chain_of[source].steps[0])
        return found

    def _fork(self, step: Step, chain: Chain, index: int) -> None:
        """A step that may be off: its first source then stands for what it gives."""
        given = self._operands(step)
        first = self.variables.get(step.sources[0], "")
        if first and self._is_free(first, index):
            variable = first
        else:
            # Set before the branch, which reads its operands afterwards: so it is none of them.
            variable = self._fresh(chain.wanted or _label(chain), index, self._read(step))
            self._open(step.live, step.name)
            self._put(f"{variable} = ", given[0])
        self._open(step.guard, step.name)
        if step.merge == "sum" and step.own and variable == first and len(given) == 2:
            self._put(f"{variable} += ", given[1])
        else:
            self._put_merged(variable, step, given, index)
        self._hold(variable, step.outs[0])

    def _put_merged(self, variable: str, step: Step, given: list[str], index: int) -> None:
        """A step as a statement; where very many are joined, as several: each is nested in the one before."""
        if not _is_long(step):
            self._put(f"{variable} = ", step.text(given))
            return
        read = self._read(step)
        total = self._fresh(step.merge or "joined", index, {*read, variable}) if variable in read else variable
        for start in range(0, len(given), MOST_OPERANDS):
            part = given[start : start + MOST_OPERANDS]
            self._put(f"{total} = ", joined(step.joins, [total, *part] if start else part))
        if total != variable:
            self._put(f"{variable} = ", total)

    def _several(self, step: Step, index: int) -> None:
        """A step with several outputs."""
        given = self._operands(step)
        names: list[str] = []
        busy = {*given}
        for port in step.outs:
            if port not in self.last:
                names.append("_")
                continue
            name = self._fresh(port[1], index, busy)
            if name != port[1]:
                name = self._fresh(f"{port[0]}_{port[1]}", index, busy)
            busy.add(name)
            names.append(name)
        if step.fork:
            self._open(step.live, step.name)
            for name in names:
                if name != "_":
                    self._put(f"{name} = ", given[0])
        self._open(step.guard, step.name)
        self._put(f"{', '.join(names)} = ", step.text(given))
        for name, port in zip(names, step.outs, strict=True):
            if name != "_":
                self._hold(name, port)

    # Branches

    def _open(self, guard: Guard, name: str) -> None:
        """Further lines are for when ``guard`` holds."""
        if guard == self._guard:
            return
        before, self._guard = self._guard, guard
        if guard == ALWAYS:
            return
        if self.lines and self.lines[-1].depth and self._opposite(before, guard):
            self.lines.append(Line(0, "else:"))
            return
        terms = [" and ".join(self.flag(key, name) for key in sorted(term)) for term in sorted(guard, key=sorted)]
        if len(terms) > 1:
            terms = [f"({term})" if " and " in term else term for term in terms]
        self.lines.append(Line(0, "if ", " or ".join(terms), ":"))

    def _opposite(self, one: Guard, other: Guard) -> bool:
        """Whether exactly one of two guards holds, by one condition."""
        keys = [next(iter(term)) for guard in (one, other) for term in guard if len(guard) == len(term) == 1]
        if len(keys) != 2 or TRAINING in keys:
            return False
        first, second = (self.net.switches[key] for key in keys)
        return algebra.same(algebra.negate(first), second)

    def _put(self, before: str, expression: str) -> None:
        self.lines.append(Line(0 if self._guard == ALWAYS else 1, before, expression))

    def _return(self) -> None:
        self._guard = ALWAYS
        values = [self.variables[port] for _, port in self.net.outputs]
        if self.result:
            extra = [self.variables[port] for _, port in self.net.auxiliary]
            self.lines.append(Line(0, "if ", "self.training", ":"))
            self.lines.append(Line(1, "return ", f"{self.result}({', '.join([*values, *extra])})"))
        if len(values) != 1:
            self.lines.append(Line(0, f"return {', '.join(values)}"))
            return
        last = self.lines[-1] if self.lines else None
        if last and not self.result and last.depth == 0 and last.before == f"{values[0]} = ":
            self.lines[-1] = Line(0, "return ", last.expression)
        else:
            self.lines.append(Line(0, "return ", values[0]))


def _is_long(step: Step) -> bool:
    return step.joins != "" and len(step.sources) > MOST_OPERANDS


def _label(chain: Chain) -> str:
    """What a branch is called: what the names of its blocks have in common, or else its last block with weights."""
    parts = [re.split(r"[._]", step.name) for step in chain.steps]
    common: list[str] = []
    for words in zip(*parts, strict=False):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    if len(parts) > 1 and len("".join(common)) >= 3:
        return _snake("_".join(common))
    weighted = [step.name for step in chain.steps if step.weighted]
    return _snake((weighted or [step.name for step in chain.steps])[-1])


def _snake(name: str) -> str:
    """``aux_logits`` for ``AuxLogits``: variables begin with a small letter."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() if name[0].isupper() else name


def variables_of(names: Sequence[str], taken: set[str]) -> list[str]:
    """Variables of a forward's inputs: ``x`` if there is one."""
    if len(names) == 1:
        return [TRUNK if TRUNK not in taken else naming.variable("input_", taken)]
    found: list[str] = []
    for name in names:
        found.append(naming.variable(name, taken, found))
    return found
