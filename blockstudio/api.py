"""The functions behind ``import blockstudio as bs``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blockstudio.answers import JSON, read_answer
from blockstudio.blocks import RawValue
from blockstudio.checked import checked
from blockstudio.graph.diagram import Diagram
from blockstudio.needs import explaining

if TYPE_CHECKING:
    from torch import Tensor, nn

    from blockstudio.compiler import WeightsReport
    from blockstudio.compiler.weights import Head, Names
    from blockstudio.imports.proving import Report
    from blockstudio.runs import Run


@checked
def load(
    name_or_path: str | os.PathLike[str], /, *, parameters: Mapping[str, RawValue] | None = None, **given: RawValue
) -> Diagram:
    """A preset by name (``"resnet34"``) or a ``*.blocks.json`` file, with diagram parameters set:
    ``load("cifar_resnet", n=9)`` or ``load("cifar_resnet", parameters={"n": 9})``.

    Raises `StudioError`: ``preset.unknown``, ``file.*`` and ``format.*`` naming the place in the file,
    ``parameter.*`` for a parameter the diagram has not or a value it does not take.
    """
    from blockstudio.graph.presets import open_diagram

    return open_diagram(os.fspath(name_or_path), **{**(parameters or {}), **given})


@checked
def save(diagram: Diagram, path: str | os.PathLike[str]) -> None:
    """Write ``diagram`` to ``path`` as JSON. The old file stays whole until the new one is complete on disk.

    Raises `StudioError` ``file.*`` where it cannot be written.
    """
    from blockstudio.graph.format import save as write

    write(diagram, os.fspath(path))


@checked
def source(diagram: Diagram) -> str:
    """The network as PyTorch source that needs only torch; see `compile`.

    Raises `StudioError` ``compile.problems`` while the diagram has errors.
    """
    from blockstudio.compiler import source as emit

    return emit(diagram)


@checked
def compile(diagram: Diagram) -> nn.Module:
    """The network as a ``torch.nn.Module``: exactly the text of `source`, executed.

    Takes ``(N, C, H, W)`` with the shape of the diagram's Input, gives logits ``(N, num_classes)``; in training
    mode a network with auxiliary outputs gives a named tuple ``(logits, ...)`` with one entry for each.
    State-dict keys are the diagram's block paths. Raises `StudioError` ``compile.problems`` while the
    diagram has errors.
    """
    with explaining("bs.compile"):
        from blockstudio.compiler import compile as build

        return build(diagram)


@checked
def load_weights(
    model: nn.Module,
    file_or_state_dict: str | os.PathLike[str] | Mapping[str, Tensor],
    *,
    strict: bool = True,
    names: Names = "auto",
    head: Head = "load",
) -> WeightsReport:
    """Load a file of weights (safetensors or what torch.save writes; nothing is executed) or a state dict.

    Returns which keys matched. ``names`` translates the keys of other libraries (``"auto"``: by the maps beside the
    presets where that fits better), ``head="skip"`` leaves a classifier for another number of classes as it is,
    ``strict=False`` loads what fits. Raises `StudioError` ``weights.*`` that names what is missing, left over or of
    another shape; the model is then unchanged.
    """
    with explaining("bs.load_weights"):
        from blockstudio.compiler import load_weights as load_into

        return load_into(model, file_or_state_dict, strict=strict, names=names, head=head)


@checked
def from_module(
    module: nn.Module, input: Sequence[int] = (3, 224, 224), *, name: str = "", prove: bool = True
) -> tuple[Diagram, Report]:
    """Draw a network of your own or a library's for images of shape ``input`` ``(C, H, W)``.

    The module tree becomes definitions with parameters, equal siblings one definition, runs of them one block with a
    count; state-dict keys stay. The report says what was proven: with ``prove`` the drawing is compiled, loads the
    module's weights strictly and is compared with it in evaluation and training, to the last bit. The module is as it
    was afterwards. Raises `StudioError` ``import.*`` where a diagram cannot say what it does.
    """
    from blockstudio.imports import from_module as draw

    return draw(module, input, name=name, prove=prove)


@checked
def from_onnx(path: str | os.PathLike[str], *, prove: bool = True) -> tuple[Diagram, Report]:
    """Draw the network of an ONNX file. Files that torch wrote give their modules back.

    The file is parsed, never executed. With ``prove`` the drawing is compiled, loads the file's weights and is compared
    with it, within 1e-5 of the largest output. Raises `StudioError` ``import.*``.
    """
    from blockstudio.imports import from_onnx as draw

    return draw(path, prove=prove)


@checked
def figure(
    diagram: Diagram,
    path: str | os.PathLike[str],
    *,
    inside: str = "",
    blocks: Sequence[str] = (),
    expand: int | str | Sequence[str] = 0,
    flat: bool = False,
    columns: int = 1,
    width: float | None = None,
    scale: float | None = None,
    bars: str = "",
    dark: bool = False,
    force: bool = False,
) -> str:
    """Draw ``diagram`` for a paper into a ``.svg``, ``.pdf`` or ``.png`` file; returns a few words on it.

    The options are those of ``blockstudio export``: ``expand`` is a number of levels, ``"all"``, or paths or names of
    modules, ``width`` in millimetres, ``scale`` pixels of a PNG for one on the screen. A process of its own draws, so
    that Qt stays out of this one. Raises `StudioError` ``figure.*``, ``export.*``, ``file.*`` with what is wrong with
    path or options.
    """
    options = [f"--output={os.fspath(path)}", f"--columns={columns}"]
    for name, value in (("inside", inside), ("bars", bars), ("scale", scale)):
        if value:
            options.append(f"--{name}={value}")
    if width is not None:
        options.append(f"--width={width:f}mm")
    options += [f"--{name}" for name, wanted in (("flat", flat), ("dark", dark), ("force", force)) if wanted]
    levels = [str(expand)] if isinstance(expand, int | str) else [*expand]
    for name, words in (("blocks", [*blocks]), ("expand", levels if expand else [])):
        if words:
            options += [f"--{name}", *words]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "network.blocks.json")
        save(diagram, file)
        done = subprocess.run(
            [sys.executable, "-m", "blockstudio", "export", file, *options, JSON],
            capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"}, check=False,
        )  # fmt: skip
    answer = read_answer(done.returncode, done.stdout, done.stderr, "drawing")
    if answer.error is not None:
        raise answer.error
    return str(answer.value["written"])


@checked
def train(diagram: Diagram, data: str = "digits", run: str | os.PathLike[str] | None = None, **recipe: Any) -> Run:
    """Train in this process and return the run when it has ended.

    ``data`` is ``"digits"``, ``"shapes"``, a torchvision set's name or a folder; ``run`` the run's directory (a new
    one under ``./runs`` by default); everything else are fields of the recipe (``epochs=2``,
    ``batch_size=64``, ``device="cpu"``). Raises `StudioError` with everything that is wrong with data or
    recipe before the first step.
    """
    with explaining("bs.train"):
        from blockstudio.training import train as run_training

        return run_training(diagram, data=data, run=run, **recipe)
