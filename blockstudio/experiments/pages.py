"""An experiment as a page of Markdown with its figure: what was asked, what came out, by which command."""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.experiments.results import Row, table_of
from blockstudio.experiments.trials import ENDED
from blockstudio.experiments.verdicts import said, verdicts
from blockstudio.text import Text, join, render, say, say_many


def translated(text: str) -> str:
    """A text of the experiment's file in the reader's language."""
    return render(Text(text))


def state_of(plan: ExperimentPlan, rows: Sequence[Row]) -> Text:
    """How far it is: ``12 of 18 trials``, and whether what is expected came out."""
    total = sum(len(row.outcomes) for row in rows)
    ended = sum(outcome.status in ENDED for row in rows for outcome in row.outcomes.values())
    if ended < total:
        return (
            say_many("{ended} of {count} trial", "{ended} of {count} trials", total, ended=ended)
            if ended
            else say("not begun")
        )
    found = verdicts(plan, rows)
    if not found:
        return say("done")
    failed = sum(verdict.came != "yes" for verdict in found)
    if failed:
        return say("{failed} of {all} orderings did not come out", failed=failed, all=len(found))
    return say("came out as expected")


def time_of(minutes: float | None) -> Text:
    """``about 5 minutes``; what is planned, on two idle cores."""
    if minutes is None:
        return Text("")
    if minutes == 0:
        return say("at once")
    if minutes < 1:
        return say("under a minute")
    if minutes < 100:
        return say_many("about {count} minute", "about {count:,} minutes", round(minutes))
    return say_many("about {count} hour", "about {count:,} hours", round(minutes / 60))


def page_of(name: str, plan: ExperimentPlan, rows: Sequence[Row], figure: str = "", data: str = "") -> str:
    """The page.

    Args:
        name: Of the experiment.
        plan: Of it.
        rows: Of `rows_of`.
        figure: Name of the figure's file beside it; empty: none.
        data: Name of the file with every trial; empty: none.
    """
    experiment, course = plan.experiment, plan.experiment.course
    lines = [f"# {translated(course.title) if course else name}", "", translated(experiment.question), ""]
    if course is not None:
        asked = course.prediction
        lines += [render(say("**Predict first:** {question}", question=Text(asked.question))), ""]
        lines += [f"- {translated(choice)}" for choice in asked.choices]
        lines += ["", render(say("**Where to look:**")), ""] if course.look else []
        lines += [f"- {translated(look.say)} `{look.network}`: {', '.join(f'`{each}`' for each in look.blocks)}"
                  for look in course.look]  # fmt: skip
        lines += [""]
    lines += ["## " + render(say("What came out")), ""]
    ended = sum(outcome.status in ENDED for row in rows for outcome in row.outcomes.values())
    total = sum(len(row.outcomes) for row in rows)
    if not ended:
        lines += [render(say("Not run here yet.")), ""]
    else:
        if ended < total:
            lines += [
                render(
                    say_many(
                        "{ended} of {count} trial was run here.",
                        "{ended} of {count} trials were run here.",
                        total,
                        ended=ended,
                    )
                ),
                "",
            ]
        if figure:
            lines += [f"![{translated(experiment.question)}]({figure})", ""]
        table = table_of(plan, rows)
        lines += [table.markdown().rstrip(), ""]
        lines += [render(say("Every trial: {file}", file=f"[{data}]({data})")), ""] if data else []
        lines += _orderings(plan, rows)
    if course is not None:
        if course.prediction.because:
            chosen = translated(course.prediction.choices[course.prediction.right])
            lines += [render(say("**Of the predictions**, “{choice}”.", choice=chosen))
                      + " " + translated(course.prediction.because), ""]  # fmt: skip
        lines += [render(say("**Published:** {text} ({source})", text=Text(course.published.say),
                             source=course.published.source)), ""]  # fmt: skip
        if course.note:
            lines += [render(say("**At this scale:** {note}", note=Text(course.note))), ""]
    lines += ["## " + render(say("How")), "", f"    blockstudio experiment run {name} --small", ""]
    lines += [_how(plan, rows), ""]
    return "\n".join(lines)


def _orderings(plan: ExperimentPlan, rows: Sequence[Row]) -> list[str]:
    found = verdicts(plan, rows)
    if not found:
        return []
    return [
        *(f"- {said(verdict)} {translated(verdict.expectation.say)} ({render(verdict.sentence)})" for verdict in found),
        "",
    ]


def _how(plan: ExperimentPlan, rows: Sequence[Row]) -> str:
    experiment = plan.experiment
    if not experiment.trained:
        return render(say("Counted on the drawings; nothing is trained."))
    outcomes = [each for row in rows for each in row.outcomes.values() if each.seconds]
    seconds = [each.seconds for each in outcomes if each.seconds]
    parts: list[str] = [
        say("Seeds: {seeds}.", seeds=", ".join(map(str, experiment.seeds))),
        say("Data: {data}.", data=", ".join(dict.fromkeys(
            plan.recipe_of(variant, 0).data.source for variant in plan.variants))),
    ]  # fmt: skip
    if experiment.minutes is not None:
        planned = say("Planned for two idle cores: {time}.", time=time_of(experiment.minutes))
        parts.append(planned)
    if seconds:
        machines = "; ".join(dict.fromkeys(render(each.machine) for each in outcomes if each.machine))
        took = say_many(
            "Its {count} run trained for {minutes} minutes; machine: {machine}.",
            "Its {count} runs trained for {minutes} minutes, all added up; machine: {machine}.",
            len(seconds), minutes=f"{sum(seconds) / 60:.1f}", machine=machines or "–",
        )  # fmt: skip
        parts.append(took)
    return render(join(parts))
