"""The sentence below the picture: which map lies over it, and what it says."""

from __future__ import annotations

from typing import Any

from blockstudio.gui.kit.text import tr


def map_sentence(kind: str, found: dict[str, Any], entry: dict[str, Any], name: str, block: str) -> str:
    """
    Args:
        kind: ``cam``, ``grad`` or ``occlusion``.
        found: What is known of the picture.
        entry: Of the class in front.
        name: Of that class.
        block: Whose Grad-CAM it is.
    """
    share, box = f"{entry['share']:.1%}", found["box"]
    if kind == "cam" and found["kind"] == "none":
        return tr("{name}, {share}. The network gives no feature maps, so there is no class map; occlusion works.",
                  name=name, share=share)  # fmt: skip
    if kind == "cam" and found["kind"] == "grad":
        return tr("{name}, {share}. The network does not end in a mean and one linear layer, so this is Grad-CAM "
                  "of {block}.", name=name, share=share, block=found["block"])  # fmt: skip
    if kind == "cam" and box is not None and entry["peak"] is not None:
        row, column = entry["peak"]
        if box[0] <= column < box[2] and box[1] <= row < box[3]:
            return tr("{name}, {share}. The map's peak lies inside the object.", name=name, share=share)
        return tr("{name}, {share}. The map's peak lies outside the object.", name=name, share=share)
    if kind == "occlusion":
        return tr("{name}, {share}: what is lost of it where a square covers the picture.", name=name, share=share)
    if kind == "grad":
        return tr("{name}, {share}: Grad-CAM of {block}.", name=name, share=share, block=block)
    return tr("{name}, {share}.", name=name, share=share)
