"""What training begins with: *Load weights…*, what is frozen, and both in the inspector."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION, Document
from blockstudio.gui.weights.inspector_section import FreezeLine, StartSummary
from blockstudio.gui.weights.loading import WeightsLoader, is_weights
from blockstudio.text import say


def _any_block(desk: Desk) -> bool:
    return bool(len(desk.session.diagram.graph))


def _can_freeze(desk: Desk) -> bool:
    return bool(desk.session.selection) and not desk.session.path.startswith(DEFINITION)


def _toggle(desk: Desk, path: str | None = None) -> None:
    """Freeze a block, or what is selected; or train it again."""
    desk.session.initial_weights.toggle(path) if path else desk.session.initial_weights.toggle_selection()


def _freeze_body(desk: Desk, of: tuple[Document, tuple[str, ...]] | None = None) -> None:
    """Freeze all but the classifier, or but the given layers of a document that is still open."""
    document, spared = of or (desk.session.document, ())
    if document in desk.documents.list:
        desk.documents.turn_to(document)
        desk.session.initial_weights.freeze_body(spared)


def _no_weights(desk: Desk, document: Document | None = None) -> None:
    document = document or desk.session.document
    if document in desk.documents.list:
        desk.documents.turn_to(document)
        desk.session.initial_weights.change(weights="", partial=False)


def install(desk: Desk) -> WeightsLoader:
    """Put starting weights and freezing on the desk."""
    loader = WeightsLoader(desk)
    desk.add_commands(
        Command("file.weights", say("Load weights…"), lambda d: loader.ask(), "File", 130, enabled=_any_block,
                keywords="pretrained transfer checkpoint safetensors pth start"),
        Command("file.published_weights", say("Load published weights…"), lambda d: loader.ask_published(), "File", 132,
                enabled=_any_block, keywords="pretrained torchvision timm imagenet download"),
        Command("edit.freeze", say("Freeze in training, or not"), _toggle, "Edit", 320, enabled=_can_freeze,
                keywords="frozen transfer unfreeze train", on_drawing=True),
        Command("start.freeze_block", say("Freeze a block, or not"), _toggle, value=True),
        Command("start.freeze_up_to", say("Freeze a block and all before it"),
                lambda d, path: d.session.initial_weights.freeze_up_to(path), value=True),
        Command("start.freeze_body", say("Freeze all but the classifier"), _freeze_body, enabled=_any_block,
                keywords="transfer training"),
        Command("start.unfreeze", say("Unfreeze all"), lambda d: d.session.initial_weights.change(freeze=()),
                enabled=lambda d: bool(d.session.initial_weights.value.freeze), keywords="training thaw"),
        Command("start.no_weights", say("Take the starting weights off"), _no_weights,
                enabled=lambda d: bool(d.session.document.start.weights), keywords="pretrained random"),
    )  # fmt: skip
    desk.add_section("block", lambda name: FreezeLine(desk, name), 100)
    desk.add_section("network", lambda _: StartSummary(desk), 100)
    desk.add_opener(is_weights, loader.look)
    desk.on_close(loader.stop)
    return loader
