"""What lessons quote of an experiment is what its page in ``docs/experiments`` has, and the step links to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.lessons import load_lesson

PAGES = Path(__file__).parents[2] / "docs" / "experiments"
# Lesson, question, experiment, scale, and what is quoted by what the page has.
QUOTED = [
    ("02_global_pooling", "which", "gap_against_dense", 100, {"3.4": "0.03425", "9.2": "0.09212"}),
    ("02_global_pooling", "which", "gap_against_dense", 1, {"0.338": "0.3376", "0.383": "0.3829"}),
    ("02_global_pooling", "bigger", "image_sizes", 100, {"88.4": "0.8843", "43.9": "0.4393", "33.8": "0.338"}),
    ("08_inception_v3", "confidence", "label_smoothing", 1, {"0.94": "0.9437", "0.84": "0.8392"}),
    ("08_inception_v3", "confidence", "label_smoothing", 100, {"89.0": "0.8897"}),
    (
        "10_degradation", "larger", "gradient_at_the_start", 1,
        {"0.34": "0.3365", "2.1": "2.11", "590": "592", "1.7·10⁶": "1,669,000"},
    ),
    (
        "10_degradation", "factor", "gradient_at_the_start", 1,
        {"0.41": "0.4076", "1.6": "1.558", "4.2": "4.208", "9.6": "9.599"},
    ),
    (
        "10_degradation", "order", "plain_against_residual", 1,
        {"1.4": "1.399", "0.021": "0.021", "0.0005": "0.0005095", "0.001": "0.0009643"},
    ),
    ("12_ensemble", "worst", "lesions", 100, {"98.3": "0.9831", "50": "0.4967"}),
    ("12_ensemble", "falls", "lesions", 100, {"94.2": "0.9421", "78.6": "0.7857", "57.8": "0.5782", "20.9": "0.2085"}),
]  # fmt: skip


@pytest.mark.parametrize(("lesson", "question", "experiment", "scale", "figures"), QUOTED)
def test_quoted_figures(lesson: str, question: str, experiment: str, scale: int, figures: dict[str, str]) -> None:
    page = (PAGES / f"{experiment}.md").read_text(encoding="utf-8")
    for language in ("en", "zh-CN"):
        read = load_lesson(lesson, language)
        explain = next(asked.explain for _, asked in read.questions if asked.id == question)
        for quoted, raw in figures.items():
            assert quoted in explain, (language, quoted)
            assert f" {raw} ± " in page or f"| {raw} |" in page, raw
            value = float(quoted.replace("·10⁶", "e6"))
            # 590 stands for two digits, the others for all of theirs.
            digits = len(quoted.partition("·")[0].partition(".")[2])
            half = 5 if quoted == "590" else 0.5 * 10**-digits * (1e6 if "⁶" in quoted else 1)
            assert abs(value - float(raw.replace(",", "")) * scale) <= half * 1.001, (quoted, raw)


def test_lessons_link_to_the_experiments_they_quote() -> None:
    for lesson, _, experiment, *_ in QUOTED:
        steps = load_lesson(lesson, "en").steps
        assert experiment in {name for step in steps for name in step.words("experiment")}, (lesson, experiment)
