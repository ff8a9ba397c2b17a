"""Makes files that mean harm: ONNX, `.pt2`, `.pt` and images that try to run something, to read what is not theirs, or
to take all memory, and damaged ones. Each is small on disk."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

KINDS = ("onnx", "pt2", "pt", "image")


class Runs:
    """Unpickled, it would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = str(target)

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, (f"open({self.target!r}, 'w').write('executed')",))


def hostile(kind: str, count: int, canary: Path) -> Iterator[tuple[str, bytes]]:
    """``count`` files of a kind, names and bytes; what runs would write ``canary``."""
    made = {"onnx": _onnx, "pt2": _pt2, "pt": _pt, "image": _image}[kind]
    drawn = random.Random(f"hostile {kind}")
    purposes = made(canary)
    for index in range(count):
        if index < len(purposes):
            name, data = purposes[index]
        else:
            name, data = purposes[index % len(purposes)]
            name, data = f"{name}_damaged{index}", _damaged(data, drawn)
        yield f"{index:03d}_{name}", data


def _damaged(data: bytes, drawn: random.Random) -> bytes:
    found = bytearray(data)
    if not found:
        return b"\x00"
    if drawn.random() < 0.3:
        return bytes(found[: drawn.randrange(len(found))])
    for _ in range(drawn.randrange(1, 40)):
        found[drawn.randrange(min(len(found), 4000))] = drawn.randrange(256)
    return bytes(found)


# ONNX


def _onnx(canary: Path) -> list[tuple[str, bytes]]:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    def model(
        nodes: list[Any], weights: list[Any], shape: tuple[Any, ...] = (1, 3, 8, 8), **more: Any
    ) -> bytes:  # fmt: skip
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, more.get("out", (1, 4, 8, 8)))],
            weights,
        )
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("evil.domain", 1)]
        return bytes(helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString())

    def conv(name: str = "w", **attributes: Any) -> Any:
        return helper.make_node("Conv", ["x", name], ["y"], **attributes)

    weight = numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w")
    found = [("plain", model([conv()], [weight]))]
    for place in ("../../../../etc/passwd", "/etc/passwd", "/dev/zero", "missing.bin"):
        outside = TensorProto(name="w", data_type=1, dims=[4, 3, 1, 1], data_location=TensorProto.EXTERNAL)
        for key, value in (("location", place), ("offset", "0"), ("length", "48")):
            outside.external_data.add(key=key, value=value)
        found.append(("external", model([conv()], [outside])))
    for dims in ([1 << 40, 3, 1, 1], [-4, 3, 1, 1], [1 << 62, 1 << 62], [0, 3, 1, 1]):
        found.append(("dims", model([conv()], [TensorProto(name="w", data_type=1, dims=dims, raw_data=b"\x00" * 48)])))
    for text in ("['', 'a'] + __import__('os').system('true')", "[" * 5000, "['" + "a." * 4000 + "', 'b', 'c']"):
        node = conv()
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=text)
        node.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value="['os', 'os.system', 'aten']")
        found.append(("scopes", model([node], [weight])))
    node = conv()
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value="['', 'sub', 'conv']")
    node.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value="['os.system', 'subprocess.Popen', 'aten']")
    found.append(("classes", model([node], [weight])))
    found.append(("domain", model([helper.make_node("PyOp", ["x"], ["y"], domain="evil.domain", code="1")], [])))
    found.append(("circle", model([helper.make_node("Add", ["y", "x"], ["y"])], [])))
    found.append(("nobody", model([helper.make_node("Add", ["ghost", "x"], ["y"])], [])))
    found.append(("large", model([conv(pads=[1 << 40] * 4)], [weight])))
    found.append(("kernel", model([conv(kernel_shape=[0, -1], strides=[0, 0])], [weight])))
    found.append(("image", model([conv()], [weight], (1, 3, 1 << 40, 1 << 40), out=(1, 4, 1 << 40, 1 << 40))))
    expand = helper.make_node("Expand", ["x", "n"], ["y"])
    size = numpy_helper.from_array(np.array([1, 3 << 20, 8 << 20, 8], np.int64), "n")
    found.append(("expand", model([expand], [size], out=(1, 3 << 20, 8 << 20, 8))))
    tile = [helper.make_node("Concat", [f"v{i}"] * 8, [f"v{i + 1}"], axis=1) for i in range(20)]
    tile[0].input[:] = ["x"] * 8
    tile[-1].output[:] = ["y"]
    found.append(("doubling", model(tile, [], out=(1, 3 * 8**20, 8, 8))))
    name = conv("w\x00\n'\"\\")
    found.append(("names", model([name], [numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w\x00\n'\"\\")])))
    found.append(("pickle", pickle.dumps(Runs(canary))))
    found.append(("empty", b""))
    found.append(("nested", b"\x3a\xff\xff\xff\x7f" * 200))
    return found


# .pt2


PROGRAM = Path(__file__).with_name("program.pt2")
"""A program of torch.export as version 2.14 writes it: it takes seconds to make anew. Convolution, ReLU, average,
flatten and a linear layer on (2, 3, 8, 8)."""


def rewritten(change: Callable[[dict[str, bytes]], None], packed: int = zipfile.ZIP_STORED) -> bytes:
    """The program with its entries changed."""
    with zipfile.ZipFile(io.BytesIO(PROGRAM.read_bytes())) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    change(entries)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as target:
        for name, data in entries.items():
            target.writestr(name, data)
    return stream.getvalue()


def _entry(entries: dict[str, bytes], ending: str) -> str:
    return next(name for name in entries if name.endswith(ending))


def _model(change: Callable[[Any], Any]) -> bytes:
    def rewrite(entries: dict[str, bytes]) -> None:
        name = _entry(entries, "models/model.json")
        program = json.loads(entries[name])
        entries[name] = json.dumps(change(program) or program).encode()

    return rewritten(rewrite)


def _weights(change: Callable[[Any], Any]) -> bytes:
    def rewrite(entries: dict[str, bytes]) -> None:
        name = _entry(entries, "model_weights_config.json")
        listed = json.loads(entries[name])
        entries[name] = json.dumps(change(listed) or listed).encode()

    return rewritten(rewrite)


def _pt2(canary: Path) -> list[tuple[str, bytes]]:
    trap = pickle.dumps(Runs(canary))

    def nodes(program: Any) -> list[Any]:
        found: list[Any] = program["graph_module"]["graph"]["nodes"]
        return found

    def target(name: str) -> bytes:
        return _model(lambda program: nodes(program)[0].__setitem__("target", name))

    def sizes(value: Any) -> bytes:
        def change(program: Any) -> None:
            for tensor in program["graph_module"]["graph"]["tensor_values"].values():
                tensor["sizes"][0] = value

        return _model(change)

    def meta(key: str, value: Any) -> bytes:
        return _weights(
            lambda listed: [item["tensor_meta"].__setitem__(key, value) for item in listed["config"].values()] and None
        )

    def item(key: str, value: Any) -> bytes:
        return _weights(lambda listed: [item.__setitem__(key, value) for item in listed["config"].values()] and None)

    def stack(text: str) -> bytes:
        def change(program: Any) -> None:
            for node in nodes(program):
                node["metadata"]["nn_module_stack"] = text

        return _model(change)

    def put(ending: str, data: bytes, packed: int = zipfile.ZIP_STORED) -> bytes:
        return rewritten(lambda entries: entries.__setitem__(_entry(entries, ending), data), packed)

    found = [("plain", PROGRAM.read_bytes())]
    found += [("sample", put("sample_inputs/model.pt", trap))]
    found += [("pickled", item("use_pickle", flag)) for flag in (True, "no", 1, None)]
    found += [("path", item("path_name", name)) for name in ("../../../etc/passwd", "/etc/passwd", "", 7, ["w"])]
    found += [
        ("target", target(name))
        for name in (
            "os.system", "torch.ops.aten.from_file.default", "torch.ops.aten.__class__.mro",
            "torch.ops.higher_order.cond",
            "torch.ops.aten.conv2d.__init__", "torch.load", "", "torch.ops.aten", "builtins.eval",
            "torch.ops.aten.set_.source_Tensor",
        )
    ]  # fmt: skip
    found += [
        ("guards", _model(lambda program: program.__setitem__("guards_code", [f"open({str(canary)!r}, 'w')"]))),
        ("symbol", sizes({"as_expr": {"expr_str": f"open({str(canary)!r}, 'w')", "hint": {"as_int": 2}}})),
        ("symbol", sizes({"as_expr": {"expr_str": "9**9**9", "hint": None}})),
    ]
    found += [("sizes", sizes({"as_int": value})) for value in (1 << 62, -1, 0, True, "2", 1e300)]
    found += [("dtype", meta("dtype", value)) for value in (99, "float", -1)]
    found += [("strides", meta("strides", [{"as_int": value}])) for value in (1 << 62, -1, 1 << 40)]
    found += [("offset", meta("storage_offset", {"as_int": value})) for value in (1 << 62, -8)]
    found += [
        ("stack", stack(text))
        for text in (
            "L__self__,,os.system;L__self__x,x,subprocess.Popen", "a,b,c;" * 3000, "L__self__,,X;L,__class__,Y",
            ";;;,,,",
            "L__self__,,X;" + ";".join(f"k,{'.'.join(['a'] * n)},Z" for n in range(1, 200)),
        )
    ]  # fmt: skip
    found += [
        ("deep", put("models/model.json", b"[" * 200_000)),
        ("deep", put("models/model.json", b'{"graph_module":' * 5000 + b"1" + b"}" * 5000)),
        ("bomb", put("models/model.json", b" " * (300 << 20), zipfile.ZIP_DEFLATED)),
        ("bomb", put("weights/weight_0", b"\0" * (64 << 20), zipfile.ZIP_DEFLATED)),
        ("list", put("models/model.json", b"[]")),
        ("nothing", put("models/model.json", b"{}")),
        ("nan", put("models/model.json", b'{"graph_module": NaN}')),
        ("text", put("models/model.json", b"\xff\xfe")),
        ("nodes", _model(lambda program: nodes(program).extend(nodes(program) * 12_000))),
        ("circle", _model(lambda program: nodes(program).reverse())),
        ("inputs", _model(lambda program: program["graph_module"]["signature"].__setitem__("input_specs", []))),
        ("outputs", _model(lambda program: program["graph_module"]["signature"].__setitem__("output_specs", [{}]))),
    ]
    old = io.BytesIO()
    with zipfile.ZipFile(old, "w") as archive:
        for name in ("serialized_exported_program.json", "serialized_state_dict.pt", "version"):
            archive.writestr(name, trap)
    found.append(("old", old.getvalue()))
    return found


# .pt


def _archive(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"archive/{name.replace('__', '.').replace('_s_', '/')}", data)
    return stream.getvalue()


def _pt(canary: Path) -> list[tuple[str, bytes]]:
    import torch

    trap = Runs(canary)

    def saved(value: Any, **how: Any) -> bytes:
        stream = io.BytesIO()
        torch.save(value, stream, **how)
        return stream.getvalue()

    good = {"conv.weight": torch.ones(2, 2)}
    found = [("plain", saved(good))]
    for how in ({}, {"_use_new_zipfile_serialization": False}):
        found += [
            ("trap", saved({**good, "x": trap}, **how)), ("trap", saved(trap, **how)), ("trap", saved([trap], **how)),
        ]  # fmt: skip
    for code in (
        b"cos\nsystem\n(S'true'\ntR.", b"cbuiltins\neval\n(S'1'\ntR.", b"ctorch\nload\n(S'/etc/x'\ntR.",
        b"cposix\nsystem\n(S'true'\ntR.", b"\x80\x04\x95" + b"\xff" * 7 + b"\x7f.", b"(" * 100_000 + b".",
        b"]" + b"2" * 50_000 + b".", b"\x80\x02\x8a\xff" + b"\xff" * 255 + b".",
        b"ctorch._utils\n_rebuild_tensor_v2\n.",
        b"c__main__\nX\n.", b"cblockstudio.api\ntrain\n)R.", b"\x80\x02(]q\x00h\x00a" * 4000 + b".", b"N.", b"}.",
        b"I" + b"9" * 9000 + b"\n.",
    ):  # fmt: skip
        found += [("code", code), ("code", _archive(data__pkl=code, version=b"3"))]
    found.append(("script", _archive(data__pkl=pickle.dumps(trap), constants__pkl=b"N.", code_s_x__py=b"import os")))
    meta = _archive(data__pkl=pickle.dumps({}), version=b"3", data_s_0=b"\0" * 10)
    found.append(("bare", meta))
    return found


# Images


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *extra: bytes, depth: int = 8, mode: int = 2, data: bytes | None = None) -> bytes:
    rows = zlib.compress(b"\0" * (min(width * height * 3 + height, 1 << 20)), 9) if data is None else data
    head = struct.pack(">IIBBBBB", width, height, depth, mode, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + b"".join(extra) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _image(canary: Path) -> list[tuple[str, bytes]]:
    from PIL import Image

    found = [("plain.png", _png(4, 4))]
    sides = [(1 << 31) - 1, 100_000, 60_000, 0]
    found += [("large.png", _png(side, side)) for side in sides]
    found.append(("text.png", _png(4, 4, _chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * (80 << 20), 9)))))
    found.append(("profile.png", _png(4, 4, _chunk(b"iCCP", b"p\0\0" + zlib.compress(b"\0" * (80 << 20), 9)))))
    found.append(("many.png", _png(4, 4, *[_chunk(b"tEXt", b"k\0v")] * 20_000)))
    found.append(("rows.png", _png(4, 4, data=zlib.compress(b"\7" * 100))))
    found.append(("depth.png", _png(4, 4, depth=99)))
    for text in (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        b"<svg><image href='file:///etc/passwd'/></svg>",
    ):
        found.append(("script.png", text))
    found.append(("pickle.png", pickle.dumps(Runs(canary))))
    for name, kind in (("a.gif", "GIF"), ("a.jpg", "JPEG"), ("a.bmp", "BMP"), ("a.webp", "WEBP"), ("a.tiff", "TIFF")):
        stream = io.BytesIO()
        Image.new("RGB", (9, 7), "red").save(stream, kind)
        found.append((name, stream.getvalue()))
        found.append((name, stream.getvalue()[: len(stream.getvalue()) // 2]))
    found.append(
        ("a.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 1 << 30, 1 << 30, 1, 24, 0, 0, 0, 0, 0, 0))
    )
    found.append(
        (
            "a.gif",
            b"GIF89a"
            + struct.pack("<HH", 65535, 65535)
            + b"\xf0\0\0"
            + b"\0" * 6
            + b","
            + struct.pack("<HHHH", 0, 0, 65535, 65535),
        )
    )
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 3)
    for tag, size in ((256, 1 << 30), (257, 1 << 30), (273, 8)):
        tiff += struct.pack("<HHII", tag, 4, 1, size)
    found.append(("a.tiff", tiff + struct.pack("<I", 8)))
    found.append(("empty.png", b""))
    return found
