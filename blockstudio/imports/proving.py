"""Whether a drawing is the network that it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten

from blockstudio.analysis import analyze
from blockstudio.blocks import PORTS
from blockstudio.compiler import compile
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.imports.trace import BATCH, mode_of, number_of
from blockstudio.text import Text, join, say, say_many

SEED = 20


@dataclass(slots=True)
class Report:
    """What was proven of an imported network and what was not."""

    network: str
    blocks: int = 0
    """Blocks drawn, on all levels, ports left out."""
    definitions: int = 0
    keys: bool | None = None
    """The state dict's keys and shapes are the original's, and its weights load strictly."""
    parameters: bool | None = None
    macs: bool | None = None
    eval_bitwise: bool | None = None
    """In evaluation mode the outputs are the same to the last bit."""
    train_bitwise: bool | None = None
    """In training mode outputs and buffers are."""
    close: bool | None = None
    """Of an ONNX file: the outputs are the same but for 1e-5 of the largest."""
    foreign: list[str] = field(default_factory=list)
    """What became foreign blocks, by what it is and how often."""
    notes: list[str] = field(default_factory=list)
    """What was not proven, and why."""

    @property
    def proven(self) -> bool:
        """Whether everything was."""
        exact = self.macs and self.eval_bitwise and self.train_bitwise
        return bool(self.keys and self.parameters and (self.close or exact))

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self) | {"proven": self.proven}

    def lines(self) -> list[str]:
        """For people."""
        proofs = {
            say("state-dict keys equal, weights load strictly"): self.keys,
            say("parameters equal"): self.parameters,
            say("multiply-accumulates equal"): self.macs,
            say("outputs equal to the last bit in evaluation"): self.eval_bitwise,
            say("outputs and buffers equal to the last bit in training"): self.train_bitwise,
        }
        if self.close is not None and self.eval_bitwise is not None:
            del proofs[say("outputs and buffers equal to the last bit in training")]  # a program has no training mode
        elif self.close is not None:
            proofs = {say("weights load"): self.keys, say("outputs equal within 1e-5 of the largest"): self.close}
        words = {True: say("yes"), False: say("no"), None: say("not tried")}
        return [
            say_many(
                "{network}: {blocks} blocks, {count} definition", "{network}: {blocks} blocks, {count} definitions",
                self.definitions, network=self.network, blocks=self.blocks,
            ),
            *(say("  {what}: {answer}", what=what, answer=words[answer]) for what, answer in proofs.items()),
            *([foreign_line(self.foreign)] if self.foreign else []),
            *(join(["  ", note], "") for note in self.notes),
        ]  # fmt: skip


def count(diagram: Diagram) -> tuple[int, int]:
    """Blocks without ports on all levels, and definitions."""
    levels = [diagram.definition(scope) for scope in diagram.scopes()]
    return sum(block.type not in PORTS for level in levels for _, block in level.blocks()), len(diagram.modules)


def foreign_line(foreign: Sequence[str]) -> str:
    """What a report says of foreign blocks."""
    return say(
        "  foreign, drawn and counted but not compiled or compared: {what}",
        what=", ".join(foreign[:12]) + (", …" if len(foreign) > 12 else ""),
    )


def foreign_in(diagram: Diagram) -> list[str]:
    """What the foreign blocks of a diagram stand for, each definition counted once: ``torch.nn.Linear ×3``."""
    found: Counter[str] = Counter()
    for scope in diagram.scopes():
        for _, block in diagram.definition(scope).blocks():
            kind = diagram.kind(block.type)
            if kind is not None and kind.foreign:
                found[str(block.parameters.get("what", block.type))] += 1
    return [what if count == 1 else f"{what} ×{count}" for what, count in found.items()]


def keys_note(missing: Sequence[str], extra: Sequence[str]) -> Text:
    """Which keys are not in both; a few of them."""
    return say("keys: not in the drawing {missing}, only in the drawing {extra}",
               missing=str(list(missing[:5])), extra=str(list(extra[:5])))  # fmt: skip


def differing(mode: Text, error: float) -> Text:
    """By how much outputs differ."""
    return say("{mode}: outputs differ by up to {error:.3g} of the largest", mode=mode, error=error)


def _parameters(drawn: int, wanted: int) -> Text:
    return say("parameters: {drawn:,} in the drawing, {wanted:,} in the network", drawn=drawn, wanted=wanted)


def prove(report: Report, diagram: Diagram, module: nn.Module, shape: Sequence[int], macs: int) -> None:
    """Compile ``diagram``, load the original's weights into it and compare all that can be compared."""
    analysis = analyze(diagram)
    report.macs = analysis.macs == macs
    if not report.macs:
        report.notes.append(say("multiply-accumulates: {drawn:,} in the drawing, {macs:,} in the network",
                                drawn=analysis.macs, macs=macs))  # fmt: skip
    wanted = sum(parameter.numel() for parameter in module.parameters())
    if report.foreign:
        report.parameters = analysis.parameters_with_auxiliary == wanted
        if not report.parameters:
            drawn = analysis.parameters_with_auxiliary
            report.notes.append(_parameters(drawn, wanted))
        return
    try:
        copy = compile(diagram)
    except StudioError as error:
        report.notes.append(say("it does not compile: {reason}", reason=error.text))
        return
    found = sum(parameter.numel() for parameter in copy.parameters())
    report.parameters = found == wanted
    if not report.parameters:
        report.notes.append(_parameters(found, wanted))
    theirs, own = module.state_dict(), copy.state_dict()
    report.keys = theirs.keys() == own.keys() and all(own[key].shape == theirs[key].shape for key in own)
    if not report.keys:
        missing, extra = sorted(theirs.keys() - own.keys()), sorted(own.keys() - theirs.keys())
        report.notes.append(keys_note(missing, extra))
        if extra or any(own[key].shape != theirs[key].shape for key in own):
            return
        theirs = {key: theirs[key] for key in own}  # What is computed may not need what is missing.
    if any(tensor.is_meta for tensor in theirs.values()):
        report.notes.append(say("outputs: the network's weights have no values (they are on the meta device)."))
        return
    kind = number_of(module)
    copy.to(kind)
    copy.load_state_dict(theirs, strict=True)
    image = torch.randn(BATCH, *shape, generator=torch.Generator().manual_seed(SEED)).to(kind)
    report.eval_bitwise = _compare(report, say("evaluation mode"), module, copy, image, training=False)
    report.train_bitwise = _compare(report, say("training mode"), module, copy, image, training=True)


def _compare(report: Report, mode: Text, module: nn.Module, copy: nn.Module, image: Tensor, *, training: bool) -> bool:
    with as_it_was(module), torch.no_grad():
        first, second = _run(module, image, training), _run(copy, image, training)
        buffers = {name: tensor.clone() for name, tensor in module.named_buffers()}
    own = dict(copy.named_buffers())
    if len(first) != len(second) or any(one.shape != other.shape for one, other in zip(first, second, strict=False)):
        report.notes.append(say("{mode}: other outputs in the drawing than in the network", mode=mode))
        return False
    error = max(error_between(one, other) for one, other in zip(first, second, strict=True))
    moved = [name for name in own if name in buffers and error_between(own[name], buffers[name])]
    if error or moved:
        report.notes.append(
            say("{mode}: outputs and {count} buffers differ by up to {error:.3g} of the largest",
                mode=mode, count=len(moved), error=error)
            if moved else differing(mode, error)
        )  # fmt: skip
    return not error and not moved


def error_between(one: Tensor, other: Tensor) -> float:
    """By how much two tensors of one shape differ, as part of the largest value of the first."""
    if torch.equal(one, other) or not one.numel():
        return 0.0
    largest = max(float(one.abs().max()), 1e-30)
    gap = float((one.double() - other.double()).abs().max())
    return gap / largest if gap == gap else float("inf")


def _run(module: nn.Module, image: Tensor, training: bool) -> list[Tensor]:
    torch.manual_seed(SEED)
    with mode_of(module, training):
        result = module(image.clone())
    return [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, Tensor)]


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Afterwards the module's buffers and torch's random numbers are as before."""
    state = torch.get_rng_state()
    buffers = {name: tensor.clone() for name, tensor in module.named_buffers()}
    try:
        yield
    finally:
        torch.set_rng_state(state)
        with torch.no_grad():
            for name, tensor in module.named_buffers():
                tensor.copy_(buffers[name])
