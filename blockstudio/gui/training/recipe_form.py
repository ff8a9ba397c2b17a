"""The recipe of the next run as a form, generated from the recipe's own fields: essentials first, the rest on
demand."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.gui.commands.registry import Commands
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.fields import ChoiceField, Form, ValueField
from blockstudio.gui.kit.parts import bytes_text, duration_text, heading, quiet
from blockstudio.gui.kit.text import plain, tr
from blockstudio.gui.kit.weights_field import WeightsField
from blockstudio.gui.training.named_recipes import NamedRecipes, fill_menu
from blockstudio.gui.training.next_run import NextRunPlanner, absent_acts
from blockstudio.gui.training.recipe_values import field_value_text
from blockstudio.gui.training.run_control import RunControl
from blockstudio.runs.devices import absent_devices
from blockstudio.runs.forecast import Forecast
from blockstudio.runs.recipe import FIELDS, Field, get_field, read_value
from blockstudio.text import Text, say

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (say("Data"), ("data", "data.shapes")),
    (say("Start"), ("start",)),
    (say("Budget"), ("", "stopping")),
    (say("Optimiser"), ("optimizer",)),
    (say("Schedule"), ("schedule",)),
    (say("Augmentation"), ("augmentation",)),
    (say("Checkpoints"), ("checkpoints",)),
    (say("Watching"), ("watch",)),
)
"""Columns of the form with the groups of fields in them."""
ESSENTIAL = {
    "data.source", "data.input_size", "data.validation", "start.weights", "start.freeze",
    "epochs", "steps", "batch_size", "seed",
    "optimizer.name", "optimizer.lr", "optimizer.momentum", "optimizer.weight_decay",
    "schedule.name", "schedule.warmup", "augmentation.pad_crop", "augmentation.flip", "augmentation.mixup",
}  # fmt: skip
HIDDEN = {"version"}
LONGEST = 30
"""Letters of a recipe's name that are shown."""
LONGEST_PROBLEM = 48
"""Of what is in the way, in the head: the foot has the whole sentence."""
_EMPTY = {"epochs": "–", "steps": "–"}
"""What an empty field says where nothing is chosen because the other one of a pair is."""


class RecipeForm(QScrollArea):
    """Columns of fields. A change is taken over at once if it is legal."""

    def __init__(
        self, commands: Commands[Desk], trainer: RunControl, planner: NextRunPlanner, recipes: NamedRecipes
    ) -> None:
        super().__init__()
        self._recipes = recipes
        self._commands, self._trainer, self._planner = commands, trainer, planner
        self.setAccessibleName(tr("Recipe"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(14, 4, 12, 8)
        self.tools = QWidget()
        """Stands beside the tabs."""
        self.more = QPushButton(tr("All settings"))
        self.more.setProperty("role", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more)
        self.forecast = quiet("", wrap=False)
        self.forecast.setAccessibleName(tr("What it will take"))
        self.measure = commands.link(tr("Measure and choose…"), "recipe.measure")
        self.named = Chip(tr("Recipe of the next run"), lambda menu: fill_menu(commands, menu))
        head = QHBoxLayout(self.tools)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(14)
        for widget in (self.forecast, self.more, self.measure, self.named):
            head.addWidget(widget)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(20)
        column.addLayout(self._columns)
        self.summary = quiet()
        self.summary.setAccessibleName(tr("What will be trained"))
        self.source = quiet("", wrap=False)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.source)
        self.download = commands.link("", "run.download")
        self.choose = commands.link(tr("Choose folder…"), "run.set_folder")
        for button in (self.download, self.choose):
            button.hide()
            foot.addWidget(button)
        column.addSpacing(4)
        column.addLayout(foot)
        column.addStretch(1)
        self.setWidget(holder)
        self.fields: dict[str, ValueField | ChoiceField | WeightsField] = {}
        self._columns_of: list[tuple[QWidget, Form, list[Field]]] = []
        for title, groups in GROUPS:
            self._add_column(title, [field for field in FIELDS.values() if field.group in groups])
        trainer.recipe_changed.connect(self.refresh)
        planner.changed.connect(self._show_plan)
        recipes.changed.connect(self._show_name)
        self._show_name()
        self.refresh()

    def _show_name(self) -> None:
        """Which recipe it is, where it is from, and what its fields cannot say."""
        about = self._recipes.about.said()
        title = self._recipes.title
        self.named.set_text(title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…")
        self.source.setText(about.source)
        notes = plain("\n".join(f"• {note}" for note in about.notes))
        self.source.setToolTip(notes)
        self.named.setToolTip(notes or tr("Recipe of the next run"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._planner.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._planner.watch(False)

    def _show_plan(self) -> None:
        """Values that will be chosen stand in the empty fields; what is fitted, or in the way, stands below."""
        plan = self._planner.plan
        for path, widget in self.fields.items():
            if FIELDS[path].optional and isinstance(widget, ValueField):
                value = get_field(plan.recipe, path) if plan is not None and plan.recipe is not None else None
                widget.setPlaceholderText(
                    field_value_text(value) if value is not None else _EMPTY.get(path, tr("chosen"))
                )
        problems = plan.problems if plan is not None else ()
        lines = problems or (plan.notes if plan is not None else ())
        self.summary.setText("\n".join(tr(line) if isinstance(line, Text) else line for line in lines[:4]))
        self._show_forecast(plan.forecast if plan is not None else None, problems[0] if problems else "")
        acts = dict.fromkeys(("run.download", "run.set_folder"), "")
        if plan is not None and plan.absent:
            acts |= {id: title for title, id in absent_acts(plan.absent)}
        for button, title in zip((self.download, self.choose), acts.values(), strict=True):
            button.setText(title)
            button.setVisible(bool(title))
        self.summary.setProperty("role", "problem" if problems else "secondary")
        self.summary.style().unpolish(self.summary)
        self.summary.style().polish(self.summary)

    def _show_forecast(self, forecast: Forecast | None, problem: str) -> None:
        """Memory and time of the run that would be started, what they are made of as a tip; or what is in the way: the
        foot may be out of view."""
        self.forecast.setVisible(forecast is not None or bool(problem))
        self.forecast.setProperty("role", "problem" if problem else "secondary")
        self.forecast.style().polish(self.forecast)
        if forecast is None:
            self.forecast.setText(problem if len(problem) <= LONGEST_PROBLEM else f"{problem[: LONGEST_PROBLEM - 1]}…")
            self.forecast.setToolTip(plain(problem))
            return
        memory, time = forecast.memory, forecast.time
        size = bytes_text(memory.total)
        if time is None:
            self.forecast.setText(tr("takes about {size}", size=size))
        else:
            self.forecast.setText(tr("takes about {size}, {time}", size=size, time=duration_text(time.seconds)))
        parts = (
            (tr("the program itself"), memory.process),
            (tr("weights"), memory.weights),
            (tr("gradients"), memory.gradients),
            (tr("optimiser"), memory.optimizer),
            (tr("averaged weights"), memory.averages),
            (tr("activations of a step"), memory.activations),
            (tr("images"), memory.images),
        )
        lines = [f"{name}: {bytes_text(each)}" for name, each in parts if each]
        known = tr("The time is by the run {run} on this machine.", run=time.by) if time is not None else tr(
            "The time is known once something was trained on this machine.")  # fmt: skip
        self.forecast.setToolTip("\n".join([*lines, known]))

    def _on_more(self, everything: bool) -> None:
        self.more.setText(tr("Fewer settings") if everything else tr("All settings"))
        self.refresh()

    def _add_column(self, title: str, fields: list[Field]) -> None:
        pane = QWidget()
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(heading(tr(title)))
        # As narrow as labels and fields allow: six columns fit into a window of 1100 pixels.
        form = Form(labels=0)
        form.setMaximumWidth(320)
        column.addWidget(form)
        column.addStretch(1)
        self._columns.addWidget(pane, 1)
        self._columns_of.append((pane, form, [field for field in fields if field.path not in HIDDEN]))

    def _add_field(self, form: Form, field: Field, place: int) -> None:
        def check(text: str) -> str:
            read_value(field.path, _raw(field, text))
            return ""

        widget: ValueField | ChoiceField | WeightsField
        if field.path == "start.weights":
            widget = WeightsField()
            self._commands.bind(widget.name, "file.weights")
        elif field.kind == "bool":
            widget = ChoiceField([*([tr("chosen")] if field.optional else []), values.OFF, values.ON])
        elif field.kind == "choice":
            widget = ChoiceField(list(field.choices))
            if field.path == "device":
                widget.grey_out({name: tr(why) for name, why in absent_devices().items()})
        else:
            widget = ValueField(check)
            if field.optional or field.kind == "channels":
                widget.setPlaceholderText(tr("chosen"))
            elif field.kind == "paths":
                widget.setPlaceholderText(tr("nothing"))
        widget.committed.connect(lambda text: self._trainer.set_fields({field.path: _raw(field, text)}))
        form.add(field.path, tr(field.title), widget, tr(field.help), place)
        self.fields[field.path] = widget

    def _matters(self, field: Field) -> bool:
        """Whether a field means something beside the other choices of the recipe."""
        recipe = self._trainer.recipe
        if field.path.startswith("data.shapes."):
            return recipe.data.source == "shapes"
        if field.path == "start.partial":
            return bool(recipe.start.weights)
        if field.group == "stopping" and field.path != "stopping.patience":
            return bool(recipe.stopping.patience)
        return not field.when or get_field(recipe, f"{field.group}.name") in field.when

    def refresh(self, _: object = None) -> None:
        """Show the recipe. A field is made when it is to be seen for the first time."""
        recipe, everything = self._trainer.recipe, self.more.isChecked()
        for pane, form, fields in self._columns_of:
            for place, field in enumerate(fields):
                essential = field.path in ESSENTIAL or field.path.startswith("data.shapes.")
                essential |= field.path == "start.partial" and recipe.start.partial
                shown = self._matters(field) and (everything or essential)
                if shown and field.path not in self.fields:
                    self._add_field(form, field, place)
                if field.path in self.fields:
                    text = field_value_text(get_field(recipe, field.path))
                    open_choice = field.kind == "bool" and field.optional and not text
                    self.fields[field.path].set_value(tr("chosen") if open_choice else text)
                    form.show_row(field.path, shown)
            pane.setVisible(everything or any(field.path in ESSENTIAL for field in fields))


def _raw(field: Field, text: str) -> object:
    if field.kind == "bool":
        return None if field.optional and text not in (values.ON, values.OFF) else text == values.ON
    return text
