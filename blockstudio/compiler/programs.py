"""A compiled network as a program that runs without Python: `torch.export` and ONNX."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from blockstudio.analysis import analyze
from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.compiler.about import NOTES, Trained, metadata
from blockstudio.compiler.rewriting import mistakable, sayable
from blockstudio.compiler.written import Weights, network_with
from blockstudio.errors import StudioError
from blockstudio.formats import Written
from blockstudio.graph.diagram import Diagram
from blockstudio.text import listed, say, say_many

if TYPE_CHECKING:
    from torch.export import ExportedProgram

BATCH = "batch"
LARGEST_ONNX = 2**31 - 1
"""Bytes of a protocol buffers message."""
NEEDS_TORCH = (2, 6)
"""The first torch whose ONNX exporter takes exported programs."""


def write_onnx(diagram: Diagram, weights: Weights | None) -> Written:
    """An ``.onnx`` file. Raises ``export.*``, ``weights.*``."""
    check_onnx()
    model, origin = network_with(diagram, weights)
    program = traced(diagram, _normalising(model, weights))
    return Written(onnx_bytes(diagram, program, weights), "ONNX", origin)


def write_program(diagram: Diagram, weights: Weights | None) -> Written:
    """A ``.pt2`` file. Raises ``export.*``, ``weights.*``."""
    model, origin = network_with(diagram, weights)
    program = traced(diagram, _normalising(model, weights))
    return Written(program_bytes(diagram, program, weights), "torch.export program", origin)


def _normalising(model: nn.Module, weights: Weights | None) -> nn.Module:
    """``model``, with the normalisation of its run inside if that is asked for: it then takes pixels from 0 to 1, and
    has the keys that it had. Raises `StudioError` ``export.normalise``."""
    if not isinstance(weights, Trained) or not weights.normalise:
        return model
    mean, std = (torch.tensor(weights.data.get(name, [])).view(-1, 1, 1) for name in ("mean", "std"))
    if not mean.numel() or mean.shape != std.shape:
        raise StudioError(
            "export.normalise",
            say("the run does not say how its images were normalised."),
            hint=say("Train it, or leave --normalise out."),
        )
    kind: Any = type(model)

    class Normalising(kind):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> Any:
            if x.ndim == 2:  # a network of vectors: all pixels of an image in one
                shape = (x.shape[0], mean.shape[0], x.shape[1] // mean.shape[0], 1)
                return super().forward(((x.reshape(shape) - self.image_mean) / self.image_std).flatten(1))
            return super().forward((x - self.image_mean) / self.image_std)

    model.register_buffer("image_mean", mean, persistent=False)
    model.register_buffer("image_std", std, persistent=False)
    model.__class__ = Normalising
    return model


def traced(diagram: Diagram, model: nn.Module) -> ExportedProgram:
    """The forward pass in eval mode, its batch dimension free. Raises ``export.failed``."""
    examples, shapes = _examples(diagram)
    with _explained("torch.export", model), torch.no_grad():
        program = torch.export.export(model.eval(), examples, dynamic_shapes=shapes)
    for node in program.graph.nodes:
        # It tells whoever gets the file how the folders of this machine are called.
        node.meta.pop("stack_trace", None)
        # Classes stand there with the diagram's name before theirs; a comma or bracket in it makes a file that torch
        # does not read again.
        modules = node.meta.get("nn_module_stack", {})
        node.meta["nn_module_stack"] = {key: (path, _class_name(kind)) for key, (path, kind) in modules.items()}
    return program


def _class_name(kind: object) -> str:
    name = f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else str(kind)
    return name.rpartition(">.")[2]


def program_bytes(diagram: Diagram, program: ExportedProgram, weights: Weights | None = None) -> bytes:
    """A ``.pt2`` file; `torch.export.load(file).module()` is the network in eval mode. Raises ``export.failed``."""
    buffer = io.BytesIO()
    with _explained("torch.export"):
        torch.export.save(program, buffer, extra_files={NOTES: json.dumps(metadata(diagram, weights))})
    return buffer.getvalue()


def onnx_bytes(diagram: Diagram, program: ExportedProgram, weights: Weights | None = None) -> bytes:
    """An ``.onnx`` file whose inputs and outputs have the names of the diagram's. Raises ``export.*``."""
    main = diagram.main
    with _explained("its ONNX exporter"):
        converted = torch.onnx.export(
            sayable(program),
            dynamo=True,
            verbose=False,
            input_names=main.of_type(INPUT),
            output_names=main.of_type(OUTPUT),
            dynamic_shapes=_examples(diagram)[1],
            optimize=not mistakable(program),
        )
        assert converted is not None
        file = converted.model_proto
        _name_nodes(file)
        _forget(file)
        for key, value in metadata(diagram, weights).items():
            file.metadata_props.add(key=key, value=value)
    if file.ByteSize() > LARGEST_ONNX:
        raise StudioError(
            "export.failed", say("the network is larger than the 2 GiB an ONNX file can hold."), where=diagram.name
        )
    data: bytes = file.SerializeToString()
    return data


def check_onnx() -> None:
    """Whether ONNX can be written here. Raises `StudioError` ``export.missing`` with what to install."""
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        raise StudioError(
            "export.missing",
            say_many(
                "ONNX export needs the package {missing}.",
                "ONNX export needs the packages {missing}.",
                len(missing),
                missing=listed(missing),
            ),
            hint=say("Install: python -m pip install {missing}", missing=" ".join(missing)),
        )
    version = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if version < NEEDS_TORCH:
        raise StudioError(
            "export.missing",
            say(
                "ONNX export needs torch {map} or later, this is {version}.",
                map=".".join(map(str, NEEDS_TORCH)),
                version=torch.__version__,
            ),
            hint=say("Install: python -m pip install --upgrade torch torchvision"),
        )


def _examples(diagram: Diagram) -> tuple[tuple[torch.Tensor, ...], tuple[dict[int, Any], ...]]:
    """An input ``(2, C, H, W)`` for each Input (one image would be taken for a constant), and which dimensions
    are free."""
    blocks = analyze(diagram).blocks
    shapes = [blocks[name].output_shape for name in diagram.main.of_type(INPUT)]
    batch = torch.export.Dim(BATCH)
    return tuple(torch.zeros(2, *(shape or ())) for shape in shapes), tuple({0: batch} for _ in shapes)


@contextmanager
def _explained(tool: str, model: nn.Module | None = None) -> Iterator[None]:
    """Silence of the exporters' own remarks; what they refuse as one sentence that names the block."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (RuntimeError, ValueError, TypeError, AssertionError) as reason:
        first = next(iter(str(reason).strip().splitlines()), type(reason).__name__)
        text = say("torch refuses it ({tool}): {first}", tool=tool, first=first[:200])
        raise StudioError("export.failed", text, where=block_at(reason, model)) from reason


def block_at(error: BaseException, model: nn.Module | None) -> str:
    """The path of the block that an exporter was at when ``error`` came up: of the innermost module of ``model`` that
    was being run, or of the node that was being written. Empty if neither was."""
    names = {id(module): name for name, module in model.named_modules()} if model is not None else {}
    found = ""
    reason: BaseException | None = error
    while reason is not None:
        trace = reason.__traceback__
        while trace is not None:
            here = trace.tb_frame.f_locals
            stack = here["node"].meta.get("nn_module_stack") if isinstance(here.get("node"), torch.fx.Node) else None
            path = list(stack.values())[-1][0] if stack else names.get(id(here.get("self")), "")
            found = str(path) or found
            trace = trace.tb_next
        reason = reason.__cause__ or reason.__context__
    return found


def _name_nodes(file: Any) -> None:
    """Name each node after the block it does the work of: ``layer1.0.conv1/Conv``."""
    weights = {tensor.name for tensor in file.graph.initializer}
    taken: set[str] = set()
    for node in file.graph.node:
        block = next((name.removesuffix(".weight") for name in node.input if name in weights and "." in name), None)
        if block is None:
            scopes = next((item.value for item in node.metadata_props if item.key.endswith("name_scopes")), "[]")
            # The innermost module: the list ends in the node itself.
            block = "".join(ast.literal_eval(scopes)[-2:-1])
        name = plain = f"{block}/{node.op_type}" if block else node.op_type
        count = 1
        while name in taken:
            count += 1
            name = f"{plain}_{count}"
        taken.add(name)
        node.name = name


def _forget(file: Any) -> None:
    """Drop the exporter's notes to itself, which are longer than the network."""
    graph = file.graph
    for item in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
