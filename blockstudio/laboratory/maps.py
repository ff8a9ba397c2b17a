"""Where a network looks: class activation maps, Grad-CAM, occlusion.

Zhou et al., *Learning Deep Features for Discriminative Localization* (arXiv 1512.04150); Selvaraju et al., *Grad-CAM*
(arXiv 1610.02391); Zeiler and Fergus, *Visualizing and Understanding Convolutional Networks* (arXiv 1311.2901),
section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.graph.expand import Port
from blockstudio.laboratory.places import place_of, shape_at
from blockstudio.laboratory.subject import Subject
from blockstudio.text import Text, say

SAME = 1e-3
"""Difference up to which two scores are the same, relative to the largest."""
PROBES = 64
"""Channels of the last maps that are asked at a time."""


@dataclass(frozen=True)
class Activation:
    """A class activation map of one picture."""

    map: Tensor
    """``(H, W)``; its mean plus `bias` is `logit`."""
    bias: float
    logit: float
    weights: Tensor
    """``(K,)``, what each feature map counts for this class."""
    means: Tensor
    """``(K,)``, the mean of each feature map: Σ weights · means + bias is the logit."""


class ActivationMaps:
    """Class activation maps of a network that ends in a mean over its last feature maps and at most one linear layer.

    Behind the last maps f the scores are then S_c = Σ_k w_k^c · mean(f_k) + b_c, so the map M_c = Σ_k w_k^c f_k tells
    what each place brings (the paper's equations 1 and 2; it leaves the 1/(H·W) of the mean and the bias out).

    Args:
        subject: Who is asked. Raises `StudioError` ``lab.cam`` if the network ends otherwise.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.place = last_map(subject)
        units = subject.trunk.units
        self._tapped = subject.tapped(self.place)
        shape = subject.trunk.analysis.blocks[self.place.path].output_shapes[self.place.port]
        blocks = [name for unit in units for name in unit.blocks]
        head = subject.stretch(blocks[blocks.index(self.place.path) + 1 :], self.place, units[-1].result)
        self.weights, self.bias = _linear(head, shape, subject)

    def of(self, image: Tensor, label: int) -> Activation:
        """The map of one class.

        Args:
            image: ``(1, C, H, W)``, normalised.
            label: The class.
        """
        with torch.inference_mode():
            logits, maps = self._tapped(image)
        weights = self.weights[label]
        found = (weights.view(-1, 1, 1) * maps[0]).sum(0)
        return Activation(found, float(self.bias[label]), float(logits[0, label]), weights, maps[0].mean((1, 2)))


def last_map(subject: Subject) -> Port:
    """The last feature maps behind which no weights but one linear layer stand. Raises `StudioError` ``lab.cam``."""
    trunk = subject.trunk
    inside = {name for unit in trunk.units for name in unit.blocks}
    port, layers = trunk.units[-1].result, 0
    while port.path in inside:  # The picture itself is no feature map.
        shape = trunk.analysis.blocks[port.path].output_shapes[port.port]
        if len(shape) == 3 and shape[1] * shape[2] > 1:
            if layers <= 1:
                return port
            break
        before = trunk.wires[port.path]
        if len(before) != 1:
            break
        kind = CATALOGUE.get(trunk.flat.main.block(port.path).type)
        layers += kind is not None and kind.weighted
        port = Port(before[0].source, before[0].source_port)
    maps = [shape for name in inside for shape in trunk.analysis.blocks[name].output_shapes.values() if len(shape) == 3]
    if not any(shape[1] * shape[2] > 1 for shape in maps):
        text = (
            say("gives feature maps of one place alone, so there is nothing to lay over a picture.") if maps else
            say("gives no feature maps anywhere, so there is nothing to lay over a picture.")
        )  # fmt: skip
        raise StudioError("lab.cam", text, where=subject.diagram.name, hint=say("Ask for the occlusion map."))
    raise _refused(subject, say("more than one layer follows its last feature maps."))


def _refused(subject: Subject, why: Text) -> StudioError:
    return StudioError(
        "lab.cam",
        say("has no class activation map: {why}", why=why),
        where=subject.diagram.name,
        hint=say("Grad-CAM works for any network."),
    )


def _linear(head: nn.Module, shape: tuple[int, ...], subject: Subject) -> tuple[Tensor, Tensor]:
    """Weights ``(classes, K)`` and bias ``(classes,)`` of a head that is a mean over each map and a linear layer. That
    it is one is tried, not read: what it makes of even maps must foretell what it makes of drawn ones."""
    channels, height, width = shape
    columns = list[Tensor]()
    with torch.inference_mode():
        bias = head(torch.zeros(1, *shape, device=subject.device)).flatten(1)[0]
        every = torch.eye(channels, device=subject.device)
        for start in range(0, channels, PROBES):
            chunk = every[start : start + PROBES]
            columns.append(head(chunk[:, :, None, None].expand(-1, -1, height, width).contiguous()).flatten(1) - bias)
        weights = torch.cat(columns).T
        drawn = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0)).to(subject.device)
        scores = head(drawn).flatten(1)
    told = drawn.mean((2, 3)) @ weights.T + bias
    if float((scores - told).abs().max()) > SAME * max(float(scores.abs().max()), float(weights.abs().max())):
        raise _refused(
            subject, say("what follows its last feature maps is more than their means and one linear layer.")
        )
    return weights, bias


def grad_cam(subject: Subject, block: str, image: Tensor, label: int) -> Tensor:
    """Grad-CAM: the feature maps of a block, each weighted by the mean gradient of the class's score, summed, negative
    parts cut off (the paper's equations 1 and 2).

    Args:
        subject: Who is asked.
        block: Path of the block, or of a module that has one output.
        image: ``(1, C, H, W)``, normalised.
        label: The class.

    Returns:
        ``(H, W)`` of the block's maps, at least 0.

    Raises:
        StudioError: ``lab.block`` for a block that gives no maps, or of one place, or does not lead to the scores.
    """
    place = place_of(subject, block, maps=True)
    _, height, width = shape_at(subject, place)
    if height * width == 1:
        text = say("gives feature maps of one place alone, so there is nothing to lay over a picture.")
        raise StudioError("lab.block", text, where=block)
    tapped = subject.tapped(place)
    # With a gradient from the image on, also where the block itself has no weights in front.
    with torch.enable_grad():
        logits, maps = tapped(image.detach().clone().requires_grad_())
        (slopes,) = torch.autograd.grad(logits[0, label], maps, allow_unused=True)
    if slopes is None:
        raise StudioError("lab.block", say("does not lead to the scores."), where=block)
    return F.relu((slopes.mean((2, 3), keepdim=True) * maps).sum(1))[0].detach()


def occlusion(
    subject: Subject,
    image: Tensor,
    label: int,
    patch: int,
    stride: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
    batch: int = 64,
) -> Tensor:
    """How much of the class's share is lost where a square of the mean colour lies on the picture.

    Args:
        subject: Who is asked.
        image: ``(1, C, H, W)``, normalised.
        label: The class.
        patch: Side of the square in pixels.
        stride: Pixels from one place to the next.
        progress: Called after each batch with places done and all.
        go_on: Asked before each batch; ``False`` ends with `StudioError` ``lab.cancelled``.
        batch: Places at a time.

    Returns:
        ``(rows, columns)``: the share of the class without the square minus that with it, by the square's place.

    Raises:
        StudioError: ``lab.occlusion`` for a square that is larger than the picture, or a network of flat vectors.
    """
    if image.ndim != 4:
        raise StudioError("lab.occlusion", say("takes vectors, in which there are no places."), where=_name(subject))
    height, width = image.shape[2:]
    if not 1 <= patch <= min(height, width) or stride < 1:
        text = say("a square of {patch} pixels does not fit into {height}×{width}.", patch=patch, height=height,
                   width=width)  # fmt: skip
        raise StudioError("lab.occlusion", text, where=_name(subject))
    tops = _places(height, patch, stride)
    lefts = _places(width, patch, stride)
    places = [(top, left) for top in tops for left in lefts]
    network, shares = subject.tapped(), list[float]()
    with torch.inference_mode():
        whole = float(network(image)[0].softmax(1)[0, label])
        for start in range(0, len(places), batch):
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            some = places[start : start + batch]
            covered = image.repeat(len(some), 1, 1, 1)
            for number, (top, left) in enumerate(some):
                covered[number, :, top : top + patch, left : left + patch] = 0  # the training images' mean
            shares += network(covered)[0].softmax(1)[:, label].tolist()
            progress(len(shares), len(places))
    return whole - torch.tensor(shares).view(len(tops), len(lefts))


def _places(size: int, patch: int, stride: int) -> list[int]:
    """Where the square begins; the last touches the far edge."""
    found = list(range(0, size - patch + 1, stride))
    return found if found[-1] == size - patch else [*found, size - patch]


def _name(subject: Subject) -> str:
    return subject.diagram.name


def over_picture(found: Tensor, size: tuple[int, int]) -> Tensor:
    """A map ``(H, W)`` enlarged to a picture's size (bilinear) and brought to 0 … 1 from its least to its largest
    value; all zero if it is flat."""
    large = F.interpolate(found[None, None].float(), size=size, mode="bilinear", align_corners=False)[0, 0]
    low, high = float(large.min()), float(large.max())
    return (large - low) / (high - low) if high > low else torch.zeros_like(large)


def box_of(found: Tensor, share: float = 0.2) -> tuple[int, int, int, int]:
    """The box ``(left, top, right, bottom)``, right and bottom outside, around the largest connected part of what is
    above ``share`` of a map's maximum (the paper's section 3.2)."""
    above = (found > share * float(found.max())).tolist()
    height, width = len(above), len(above[0])
    best: list[tuple[int, int]] = []
    for top in range(height):
        for left in range(width):
            if not above[top][left]:
                continue
            above[top][left] = False
            part, waiting = [(top, left)], [(top, left)]
            while waiting:
                y, x = waiting.pop()
                for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if 0 <= v < height and 0 <= u < width and above[v][u]:
                        above[v][u] = False
                        part.append((v, u))
                        waiting.append((v, u))
            best = part if len(part) > len(best) else best
    if not best:
        return 0, 0, 0, 0
    rows, columns = [y for y, _ in best], [x for _, x in best]
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1
