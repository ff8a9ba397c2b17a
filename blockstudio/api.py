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
from blockstudio.errors import StudioError, shown
from blockstudio.graph.diagram import Diagram, suggestion
from blockstudio.needs import explaining
from blockstudio.text import say

if TYPE_CHECKING:
    from torch import Tensor, nn

    from blockstudio.analysis.hints import Hint
    from blockstudio.analysis.refactorings import Refactoring
    from blockstudio.compiler import WeightsReport
    from blockstudio.compiler.weights import Head, Names
    from blockstudio.imports.proving import Report
    from blockstudio.runs import Run


@checked
def load(
    name_or_path: str | os.PathLike[str], /, *, parameters: Mapping[str, RawValue] | None = None, **given: RawValue
) -> Diagram:
    """Open a preset or a file.

    Args:
        name_or_path: A preset's name (``"resnet34"``) or a ``*.blocks.json`` file.
        parameters: Values of diagram parameters, for names that mean something else here.
        given: Values of diagram parameters: ``n=9``.

    Returns:
        The diagram.

    Raises:
        StudioError: ``preset.unknown``, ``file.*`` and ``format.*`` naming the place in the file, ``parameter.*`` for a
            parameter that the diagram has not or a value that it does not take.

    Example:
        >>> analyze(load("cifar_resnet", n=9)).depth
        56
    """
    from blockstudio.graph.presets import open_diagram

    return open_diagram(os.fspath(name_or_path), **{**(parameters or {}), **given})


@checked
def save(diagram: Diagram, path: str | os.PathLike[str]) -> None:
    """Write a diagram as JSON. The old file stays whole until the new one is complete on disk.

    Args:
        diagram: What to write.
        path: ``net.blocks.json``.

    Raises:
        StudioError: ``file.*`` where it cannot be written.

    Example:
        >>> save(d, folder / "net.blocks.json")
        >>> load(folder / "net.blocks.json").name
        'tiny'
    """
    from blockstudio.graph.format import save as write

    write(diagram, os.fspath(path))


@checked
def hints(diagram: Diagram, /, *, without: Sequence[str] = ()) -> tuple[Hint, ...]:
    """What works and might be better, as a lecturer would remark on it.

    Args:
        diagram: The network.
        without: Kinds of hints that are not wanted: ``"large_kernel"``, ``"dense_head"``.

    Returns:
        Hints in document order, each with two sentences, its block and its paper.

    Raises:
        StudioError: ``hints.kind`` for a kind that there is not.

    Example:
        >>> [hint.kind for hint in hints(load("alexnet"), without=["pool_first"])]
        ['large_kernel', 'dense_head']
    """
    from blockstudio.analysis import analyze
    from blockstudio.analysis.hints import KINDS
    from blockstudio.analysis.hints import hints as find

    wrong = next((kind for kind in without if kind not in KINDS), None)
    if wrong is not None:
        raise StudioError(
            "hints.kind",
            say("there are no hints of the kind '{kind}'.", kind=shown(wrong)),
            hint=suggestion(wrong, [*KINDS]),
        )
    return find(diagram, analyze(diagram), without)


@checked
def refactorings(diagram: Diagram, /, *blocks: str, scope: str = "", relu: bool = True) -> tuple[Refactoring, ...]:
    """Other ways to write a part of a network, each tried and counted; `blockstudio.analysis.apply_fix` does one.

    Args:
        diagram: The network.
        blocks: Names of one or more blocks; none: what can be done with the whole diagram.
        scope: The module in which they stand; the main graph by default.
        relu: Whether a ReLU comes between convolutions that take the place of one.

    Returns:
        What keeps the network's output as it is: kind, title, edits, and parameters, MACs and depth before and after.

    Raises:
        StudioError: ``diagram.block``, ``diagram.module``.

    Example:
        >>> found = refactorings(load("vgg16"), "classifier.0")
        >>> found[0].kind, found[0].whole.parameters, found[0].whole_after.parameters
        ('global_pool', 138357544, 15227688)
    """
    from blockstudio.analysis import Analyzer
    from blockstudio.analysis.refactorings import Bench, first_place, proposals

    for name in blocks:
        diagram.definition(scope).block(name)
    path, level = first_place(Analyzer(diagram), scope)
    return Bench(diagram).all_measured(proposals(diagram, scope, level, blocks, relu), path)


@checked
def source(diagram: Diagram) -> str:
    """The network as PyTorch source that needs only torch; see `compile`.

    Args:
        diagram: The network.

    Returns:
        A module's text, with one class for the network and one for each of its definitions.

    Raises:
        StudioError: ``compile.problems`` while the diagram has errors, ``compile.name`` for a block whose name no
            attribute can have.

    Example:
        >>> "class Tiny(nn.Sequential)" in source(d)
        True
    """
    from blockstudio.compiler import source as emit

    return emit(diagram)


@checked
def compile(diagram: Diagram) -> nn.Module:
    """The network as a ``torch.nn.Module``: exactly the text of `source`, executed.

    Args:
        diagram: The network.

    Returns:
        A module that takes ``(N, C, H, W)`` with the shape of the diagram's Input and gives logits ``(N,
        num_classes)``; in training mode a network with auxiliary outputs gives a named tuple ``(logits, ...)`` with
        one entry for each. State-dict keys are the diagram's block paths.

    Raises:
        StudioError: ``compile.*`` as for `source`, ``install.missing`` without torch.

    Example:
        >>> list(compile(d).state_dict())
        ['conv1.weight', 'conv1.bias']
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
    """Load weights into a module, all or nothing. No pickle is executed.

    Args:
        model: What `compile` gave.
        file_or_state_dict: A file of safetensors or of what ``torch.save`` writes, or tensors by key.
        strict: ``False`` loads what fits.
        names: How keys are translated: ``"auto"`` by the map beside the presets that fits best, ``"same"`` not at all,
            a mapping renames their first parts, a path is such a map's.
        head: ``"skip"`` leaves a classifier for another number of classes as it is.

    Returns:
        Which keys matched, and which did not.

    Raises:
        StudioError: ``weights.*`` naming what is missing, left over or of another shape; the model is then unchanged.
            ``install.missing`` without torch.

    Example:
        >>> model = compile(d)
        >>> load_weights(model, compile(d).state_dict()).matched
        ('conv1.weight', 'conv1.bias')
    """
    with explaining("bs.load_weights"):
        from blockstudio.compiler import load_weights as load_into

        return load_into(model, file_or_state_dict, strict=strict, names=names, head=head)


@checked
def from_module(
    module: nn.Module, input: Sequence[int] = (3, 224, 224), *, name: str = "", prove: bool = True
) -> tuple[Diagram, Report]:
    """Draw a network of your own or a library's.

    The module tree becomes definitions with parameters, equal siblings one definition, runs of them one block with a
    count; state-dict keys stay. The module is as it was afterwards.

    Args:
        module: The network.
        input: Shape of its images, ``(C, H, W)``.
        name: Title of the diagram; made from the class where none is given.
        prove: Compile the drawing, load the module's weights strictly, and compare both in evaluation and training,
            to the last bit.

    Returns:
        The diagram, and what was proven.

    Raises:
        StudioError: ``import.*`` where a diagram cannot say what the module does.

    Example:
        >>> drawn, proof = from_module(compile(d), (3, 8, 8))
        >>> proof.proven, analyze(drawn).parameters == analyze(d).parameters
        (True, True)
    """
    from blockstudio.imports import from_module as draw

    return draw(module, input, name=name, prove=prove)


@checked
def from_onnx(
    path: str | os.PathLike[str], *, input: Sequence[int] | None = None, prove: bool = True
) -> tuple[Diagram, Report]:
    """Draw the network of an ONNX file. The file is parsed, never executed; those that torch wrote give their modules
    back.

    Args:
        path: The file. Weights that it keeps in a file beside it are read from there.
        input: ``(C, H, W)`` of its images, where the file leaves them open.
        prove: Compile the drawing, load the file's weights, and compare it with the file, within 1e-5 of the largest
            output.

    Returns:
        The diagram, and what was proven.

    Raises:
        StudioError: ``import.*``: the file, or what a diagram cannot say.

    Example:
        >>> try:
        ...     from_onnx(folder / "absent.onnx")
        ... except bs.StudioError as error:
        ...     print(error.code)
        import.file
    """
    from blockstudio.imports import from_onnx as draw

    return draw(path, input=input, prove=prove)


@checked
def from_pt2(path: str | os.PathLike[str], *, prove: bool = True) -> tuple[Diagram, Report]:
    """Draw the network of a ``.pt2`` file that ``torch.export.save`` wrote. It is read as data: nothing in it is
    executed or unpickled; a file whose weights are pickled is refused.

    Args:
        path: The file.
        prove: Compile the drawing, load the file's weights, and compare it with the file's program to the last bit.

    Returns:
        The diagram, and what was proven.

    Raises:
        StudioError: ``import.*``: the file, or what a diagram cannot say.

    Example:
        >>> try:
        ...     from_pt2(folder / "absent.pt2")
        ... except bs.StudioError as error:
        ...     print(error.code)
        import.file
    """
    from blockstudio.imports import from_pt2 as draw

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
    """Draw a diagram for a paper. A process of its own draws, so that Qt stays out of this one.

    Args:
        diagram: The network.
        path: ``.svg``, ``.pdf`` or ``.png``.
        inside: Path of a module whose inside is drawn.
        blocks: Names of the blocks to draw; none: all.
        expand: Modules drawn open: a number of levels, ``"all"``, or paths or names.
        flat: Draw every block of every copy, without frames.
        columns: Columns that a long network is broken into.
        width: Of the figure, in millimetres.
        scale: Pixels of a PNG for one on the screen.
        bars: Cost shown as bars beside the blocks: ``"parameters"``, ``"macs"``...
        dark: Light on dark.
        force: Replace a file that is there.

    Returns:
        A few words on what was drawn.

    Raises:
        StudioError: ``cli.usage``, ``figure.*``, ``export.*``, ``file.*`` with what is wrong with path or options,
            ``install.missing`` without Qt.

    Example:
        >>> try:
        ...     figure(d, folder / "net.gif")
        ... except bs.StudioError as error:
        ...     print(error.code)
        cli.usage
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
    if any("\0" in option for option in options):  # no process can be given one
        raise StudioError("cli.usage", say("no block's name, path or cost holds a zero byte."))
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
    """Train in this process and return when it has ended.

    Args:
        diagram: The network; a copy of it is fitted to the images.
        data: ``"digits"``, ``"shapes"``, another set's name, or a folder with one subfolder a class.
        run: Directory of the run; a new one under ``./runs`` by default.
        recipe: Fields of the recipe: ``epochs=2``, ``batch_size=64``, ``lr=0.1``, ``device="cpu"``.

    Returns:
        The run: its log, checkpoints and results.

    Raises:
        StudioError: Everything that is wrong with data or recipe, before the first step; ``install.missing`` without
            torch.

    Example:
        >>> net = load("cifar_resnet", n=1, width=4)
        >>> run = train(net, run=folder / "run", steps=2, batch_size=8, device="cpu")
        >>> run.state().status
        'finished'
    """
    with explaining("bs.train"):
        from blockstudio.training import train as run_training

        return run_training(diagram, data=data, run=run, **recipe)
