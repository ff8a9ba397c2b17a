"""The bytes of an ONNX file: parsed, its weights from the file beside it where they are kept apart, its shapes worked
out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

from blockstudio.errors import StudioError, file_errors
from blockstudio.imports.onnx_constants import constants_as_tensors, worked_out
from blockstudio.text import say

MAX_BYTES = 4 << 30
MAX_NODES = 50_000
SMALL = 16
"""Numbers of a tensor up to which they are shapes, bounds and factors, not weights."""


@file_errors()
def read(path: Path, shape: Sequence[int] | None = None) -> tuple[Any, Any]:
    """The file as ``onnx`` parses it, and one with its shapes worked out, for one image of ``shape`` ``(C, H, W)`` if
    given.

    Raises `StudioError` ``import.file``, ``import.missing``, ``import.inputs``, ``import.quantised``.
    """
    try:
        import onnx
    except ImportError:
        raise StudioError(
            "import.missing", say("{library} is not installed.", library="onnx"),
            hint=say("Install it: python -m pip install {library}", library="onnx"),
        ) from None  # fmt: skip
    if not path.is_file():
        raise StudioError("import.file", say("there is no such file."), where=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise StudioError("import.file", say("it is larger than 4 GiB."), where=path.name)
    try:
        file = onnx.load(str(path), load_external_data=False)
        outside = _outside(file, path)
        if outside:
            onnx.external_data_helper.load_external_data_for_model(file, str(path.parent))
        if len(file.graph.node) > MAX_NODES:
            raise StudioError(
                "import.file", say("it has more than {most:,} operators.", most=MAX_NODES), where=path.name
            )
        _refuse_quantised(file.graph, path.name)
        _sort(file.graph)
        known = onnx.ModelProto()
        known.CopyFrom(file)
        constants_as_tensors(known.graph)
        _fix(known.graph, None if shape is None else tuple(shape), path.name)
        known = worked_out(known)
    except StudioError:
        raise
    except Exception as reason:
        raise StudioError("import.file", say("it is no ONNX file, or a damaged one."), where=path.name) from reason
    return file, known


def _refuse_quantised(graph: Any, name: str) -> None:
    """Raises `StudioError` ``import.quantised`` for a network of whole numbers."""
    found = next((node.op_type for node in graph.node if _QUANTISED.match(node.op_type)), None)
    if found is not None:
        raise StudioError(
            "import.quantised",
            say("it is quantised ({operator}): it computes with whole numbers, a diagram does not.", operator=found),
            where=name, hint=say("Import the network that it was quantised from."),
        )  # fmt: skip


_QUANTISED = re.compile(r"Q(Linear|Gemm|Attention)|(Dynamic)?QuantizeLinear|DequantizeLinear|\w*Integer|MatMulNBits")


def _sort(graph: Any) -> None:
    """Put operators behind those whose results they read, as the format wants it and some programs do not write it."""
    places = {name: place for place, node in enumerate(graph.node) for name in node.output if name}
    readers: dict[int, list[int]] = {}
    waiting: list[int] = []
    for place, node in enumerate(graph.node):
        before = {places[name] for name in node.input if name in places}
        waiting.append(len(before))
        for other in before:
            readers.setdefault(other, []).append(place)
    if all(places.get(name, -1) < place for place, node in enumerate(graph.node) for name in node.input):
        return
    ready = [place for place, count in enumerate(waiting) if not count]
    order = []
    heapify(ready)
    while ready:
        order.append(place := heappop(ready))
        for reader in readers.get(place, ()):
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, reader)
    if len(order) < len(graph.node):
        return  # A circle, which is told where it is met.
    nodes = [type(graph.node[place]).FromString(graph.node[place].SerializeToString()) for place in order]
    del graph.node[:]
    graph.node.extend(nodes)


def _outside(file: Any, path: Path) -> list[Path]:
    """The files beside it that hold its weights. Raises `StudioError` ``import.file`` for one that is elsewhere, not
    there or too large."""
    from onnx.external_data_helper import uses_external_data

    names = {
        entry.value
        for tensor in file.graph.initializer
        if uses_external_data(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    found = []
    for name in sorted(names):
        target = path.parent / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise StudioError("import.file", say("its weights are in another folder."), where=path.name)
        if not target.is_file():
            raise StudioError(
                "import.file", say("its weights are in the file {name}, which is not beside it.", name=name[:100]),
                where=path.name, hint=say("Put both files into one folder."),
            )  # fmt: skip
        if target.stat().st_size > MAX_BYTES:
            raise StudioError("import.file", say("it is larger than 4 GiB."), where=target.name)
        found.append(target)
    return found


def feed_of(graph: Any, name: str) -> Any:
    """The one input of a graph. Raises `StudioError` ``import.inputs``."""
    own = {tensor.name for tensor in graph.initializer}
    feeds = [item for item in graph.input if item.name not in own]
    if not feeds:
        raise StudioError("import.inputs", say("it has no input."), where=name)
    if len(feeds) != 1:
        names = ", ".join(item.name[:40] for item in feeds[:6])
        message = say("it has {count} inputs ({names}), not one.", count=len(feeds), names=names)
        raise StudioError("import.inputs", message, where=name)
    return feeds[0]


def _fix(graph: Any, shape: tuple[int, ...] | None, name: str) -> None:
    """Write the size of the images and the count of one where the file leaves them open. Raises `StudioError`
    ``import.inputs`` where the file says another size."""
    feed = feed_of(graph, name)
    sides = feed.type.tensor_type.shape.dim
    if shape is not None:
        turned = len(sides) == 4 and any(
            node.op_type == "Transpose"
            and feed.name in node.input
            and any(item.name == "perm" and list(item.ints) == [0, 3, 1, 2] for item in node.attribute)
            for node in graph.node
        )
        wanted = (*shape[1:], shape[0]) if turned else shape
        if len(sides) != len(wanted) + 1 or any(
            side.dim_value > 0 and side.dim_value != size for side, size in zip(sides[1:], wanted, strict=False)
        ):
            raise StudioError(
                "import.inputs",
                say("its images are {found}, not {wanted}.", found=sizes(feed), wanted="×".join(map(str, wanted))),
                where=name,
            )
        for side, size in zip(sides[1:], wanted, strict=True):
            side.Clear()
            side.dim_value = size
    if sides and sides[0].dim_value <= 0:
        sides[0].Clear()
        sides[0].dim_value = 1
    # Shapes that were worked out for open sizes are worked out anew.
    open_names = {item.name for item in graph.value_info if any(each.dim_value <= 0 for each in _sides(item))}
    if open_names:
        kept = [item for item in graph.value_info if item.name not in open_names]
        copies = [type(item).FromString(item.SerializeToString()) for item in kept]
        del graph.value_info[:]
        graph.value_info.extend(copies)
    for item in graph.output:
        if any(each.dim_value <= 0 for each in _sides(item)):
            item.type.tensor_type.ClearField("shape")


def _sides(item: Any) -> Any:
    return item.type.tensor_type.shape.dim


def sizes(item: Any) -> str:
    """The shape that a file says of an image, open sides by their names: ``3×height×width``."""
    return "×".join(
        str(side.dim_value) if side.dim_value > 0 else side.dim_param[:20] or "?"
        for side in item.type.tensor_type.shape.dim[1:]
    )
