"""Lessons from strangers: what is wrong is told with file and line, and nothing is executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.graph.format import save
from blockstudio.graph.presets import load_preset
from blockstudio.lessons import Walk, load_lesson
from blockstudio.lessons.checking import check_lesson
from blockstudio.lessons.library import own_lessons
from blockstudio.lessons.prose import to_html
from blockstudio.lessons.reading import parse_lesson
from blockstudio.lessons.results import Given, results
from tests.support.pages import DOCS

HEAD = "---\ntitle: T\n---\n"
STEP = HEAD + "## One {#one}\n\n```studio\nopen resnet18\n```\n\n"
ASKED = STEP + "### How many? {#n}\n\n```answer number\nexpect: %s\n```\n"

BROKEN = [
    ("", "three hyphens"),
    ("---\ntitle: T\n", "does not end"),
    ("---\nautor: x\n---\n", "does not know"),
    (HEAD, "has no step"),
    (HEAD + "## One\n", "has no id"),
    (HEAD + "### Q {#q}\n", "before the first step"),
    (HEAD + "## A {#a}\n## B {#a}\n", "is taken"),
    (HEAD + "## A {#a}\n```studio\nopen x\n", "does not end"),
    (HEAD + "## A {#a}\n```studio\nimport os\n```\n", "no directive"),
    (STEP + "### Q {#q}\n", "has no answer"),
    (STEP + "### Q {#q}\n```answer essay\n```\n", "of the kind"),
    (STEP + "### Q {#q}\n```answer number\n```\n", "expect"),
    (STEP + "### Q {#q}\n```answer number\nexpect: 1\nmark: 2\n```\n", "does not know"),
    (STEP + "### Q {#q}\n```answer choice\nexpect: 'a'\n```\n", "needs two"),
    (STEP + "### Q {#q}\n```answer number\nexpect: 1\nnear x: 2\n```\n", "no hint"),
    (STEP + "### Q {#q}\n```answer number\nexpect: 1.5\ntolerance: lots\n```\n", "no tolerance"),
    (STEP + "### Q {#q}\n```answer number\nexpect: 1.5\ntolerance: nan%\n```\n", "no tolerance"),
    (HEAD + "## A {#a}\nx\0y", "zero bytes"),
    ("x" * 5000, "more than 4,000 characters"),
    (HEAD + "\n" * 6000, "more than 5,000 lines"),
    (HEAD + "".join(f"## A {{#a{n}}}\n" for n in range(70)), "at most 60 steps"),
    (STEP.replace("title: T", "title: T\nnumber: -3"), "whole number"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(StudioError, match=said) as caught:
        parse_lesson(text, "mine.md", "mine")
    assert caught.value.code == "lesson.format" and caught.value.where.startswith("mine.md:")


EXPRESSIONS = [
    ("__import__('os').system('true')", "uses Call"),
    ("open('x')", "calls open"),
    ("params.__class__", "Attribute"),
    ("(lambda: 1)()", "calls|Call"),
    ("[x for x in (1,)]", "ListComp"),
    ("9**9**9", "too large"),
    ("2**300 * 2**300", "too large"),
    ("1/0", "divides by"),
    ("params('conv9')", "no block 'conv9'"),
    ("params(of='no_such')", "no preset"),
    ("params(of='../x.json')", "no preset"),
    ("x", "means nothing"),
    ("1 +", "no expression"),
    ("1" + "+1" * 150, "parts"),
    ("'a' * 999999", "mixes"),
    ("(1, 2) * 9999999", "mixes"),
    ("comb(9999, 5)", "mixes"),
    ("sqrt(-1)", "mixes"),
    ("sum(3)", "mixes"),
    ("largest('beauty')", "mixes"),
    ("f'{1}'", "JoinedStr"),
    ("exp(9999)", "mixes"),
    ("params(1, 2, 3)", "mixes"),
    ("(-8) ** 0.5", "no finite"),
    ("shape('conv1')", "expected number"),
    ("'conv1'", "expected number"),
    ("1 == 1", "expected number"),
]


@pytest.mark.parametrize(("expression", "said"), EXPRESSIONS)
def test_expressions_are_closed_and_bounded(expression: str, said: str) -> None:
    walk = Walk(parse_lesson(ASKED % expression, "mine.md", "mine"))
    (step, question), = walk.lesson.questions  # fmt: skip
    with pytest.raises(StudioError, match=said) as caught:
        walk.expected(step, question)
    assert caught.value.where.startswith("mine.md:10")


@pytest.mark.parametrize(
    ("kind", "lines", "said"),
    [
        ("shape", "expect: 3", "expected shape"),
        ("shape", "expect: (1.5, 2, 2)", "expected shape"),
        ("block", "expect: 3", "expected block"),
        ("number", "expect: 3\naccept: 5", "LOW, HIGH"),
        ("number", "expect: 3\naccept: ('a', 'b')", "LOW, HIGH"),
    ],
)
def test_an_answer_of_another_kind_is_told(kind: str, lines: str, said: str) -> None:
    walk = Walk(parse_lesson(STEP + f"### Q {{#q}}\n```answer {kind}\n{lines}\n```\n", "mine.md", "mine"))
    (step, question), = walk.lesson.questions  # fmt: skip
    with pytest.raises(StudioError, match=said) as caught:
        walk.check(step, question, "4")
    assert caught.value.where.startswith("mine.md:10")


def test_diagrams_that_are_made_of_one_another_are_told_once() -> None:
    text = STEP.replace("resnet18", "a") + "```studio a\nopen b\n```\n```studio b\nopen a\n```\n"
    walk = Walk(parse_lesson(text, "mine.md", "mine"))
    with pytest.raises(StudioError, match="circle, through") as caught:
        walk.made(walk.lesson.steps[0])
    assert str(caught.value).count("mine.md") == 1


DIRECTIVES = [
    ("open no_such", "no preset"),
    ("open /etc/passwd", "no preset"),
    ("open resnet18 n", "NAME=VALUE"),
    ("open resnet18 n=3", "n"),
    ("set conv1 stride=0", "stride"),
    ("add x NoSuchType", "NoSuchType"),
    ("wire a b", "not complete"),
    ("cut conv1 -> fc", "not complete"),
    ("remove nothing", "nothing"),
    ("scope Nowhere", "Nowhere"),
    ("add", "not complete"),
    ("bypass nothing", "nothing"),
    ("set", "not complete"),
    ("open loop", "circle"),
]


@pytest.mark.parametrize(("line", "said"), DIRECTIVES)
def test_a_directive_that_cannot_be_done_is_told(line: str, said: str) -> None:
    text = STEP.replace("open resnet18\n", f"open resnet18\n{line}\n") + "```studio loop\nopen loop\n```\n"
    walk = Walk(parse_lesson(text, "mine.md", "mine"))
    with pytest.raises(StudioError, match=said) as caught:
        walk.made(walk.lesson.steps[0])
    assert caught.value.where.startswith("mine.md:")


def test_drawings_and_experiments_of_its_author_lie_beside_it(tmp_path: Path) -> None:
    """By their names alone, in the folder of the lesson; folders of the user's folder are courses."""
    course = tmp_path / "course"
    course.mkdir()
    save(load_preset("plain"), course / "mine.blocks.json")
    (course / "width.experiment.json").write_text('{"networks": ["plain"]}', encoding="utf-8")
    (course / "README.md").write_text("What to do.", encoding="utf-8")
    file = course / "lesson.md"
    text = STEP.replace("resnet18", "mine.blocks.json width=24\nexperiment width.experiment.json")
    question = "### Q {#q}\n```answer number\nexpect: params(of='mine.blocks.json')\n```\n"
    file.write_text(text + question, encoding="utf-8")
    assert own_lessons(tmp_path) == [file] and check_lesson(file) == []
    walk = Walk(load_lesson(file))
    (step,) = walk.lesson.steps
    made = walk.made(step)
    assert made is not None and made.diagram.parameters["width"].default == 24
    assert walk.expected(step, step.questions[0])[""] == walk.value(step, "params(of='plain')")
    for name in ("../mine.blocks.json", "/etc/mine.blocks.json", "..\\mine.blocks.json", "none.blocks.json"):
        for word in ("open", "experiment"):
            line = f"{word} {name}".replace(".blocks", ".experiment" if word == "experiment" else ".blocks")
            file.write_text(STEP.replace("open resnet18", f"open resnet18\n{line}"), encoding="utf-8")
            (problem, *_) = check_lesson(file)
            assert problem.where.startswith("lesson.md:"), problem


def test_the_page_of_documentation_is_a_lesson(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "lessons.md").read_text(encoding="utf-8")
    sample = text.split("```markdown\n")[1].split("\n```\n")[0]
    file = tmp_path / "first.md"
    file.write_text(sample, encoding="utf-8")
    assert check_lesson(file) == [] and own_lessons(tmp_path) == [file]
    assert main(["lesson", "check", str(file)]) == 0
    (tmp_path / "first.zh_CN.md").write_text("---\ntitle: 我的第一课\n---\n\n## 一层 {#layer}\n", encoding="utf-8")
    assert [each.code for each in check_lesson(file)] == ["lesson.translation"]
    assert load_lesson(file, "zh-CN").title == "我的第一课" and load_lesson(file, "en").title == "My first lesson"
    capsys.readouterr()
    file.write_text(sample.replace("params('conv')\nnear", "params('cnv')\nnear"), encoding="utf-8")
    assert main(["lesson", "check", str(file)]) == 1
    assert "first.md:" in capsys.readouterr().out
    assert main(["lesson", "show", str(tmp_path / "none.md")]) == 2
    with pytest.raises(StudioError, match="prose alone"):
        parse_lesson(sample, "x.md", "x", translation=True)


def test_results_hold_what_was_answered_and_no_markup_of_others() -> None:
    walk = Walk(load_lesson("01_convolution", "en"))
    page = results(walk, {
        "params": Given("14592", "right", 2, "<b>14400</b>"), "macs": Given("3", "wrong", 4),
        "shape": Given(shown=True), "totals": Given({"cifar": "966986", "imagenet": "7595176"}, "right", 1),
    }, "today")  # fmt: skip
    assert "2 of 9 questions right, 1 of them at the first try." in page and "&lt;b&gt;14400" in page
    assert "14592: right at try 2" in page and "3: not right, after 4 tries." in page and "192×16×16" in page
    assert "<script" not in page and "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert to_html("a **b** *c* `d<e` <script>\n\n- x\n- y\n\n```python\n1 < 2\n```") == (
        "<p>a <b>b</b> <i>c</i> <code>d&lt;e</code> &lt;script&gt;</p>\n<ul><li>x</li><li>y</li></ul>\n"
        "<pre>1 &lt; 2</pre>"
    )
    assert to_html("Text:\n1. a\n2. b\n   more\n\n#### H\n| k | v |\n| --- | --- |\n| 1 | `2` |") == (
        "<p>Text:</p>\n<ol><li>a</li><li>b more</li></ol>\n<h4>H</h4>\n"
        "<table><tr><td>k</td><td>v</td></tr><tr><td>1</td><td><code>2</code></td></tr></table>"
    )
    told = to_html('[x](https://a.b/c) [y](javascript:alert(1)) ![p](file:///etc/passwd) [z](https://a"onclick=")')
    assert told == '<p><a href="https://a.b/c">x</a> y) p z</p>'


def test_results_write_answers_without_marks_and_a_drawing_once() -> None:
    wrong = ["pool", "degradation"]
    page = results(Walk(load_lesson("12_ensemble", "zh-CN")), {"true": Given(["share"], "right", 2, wrong)})
    assert "去掉池化层会损害 ResNet; 它解释了" in page  # the mark between them is that of the program's language
    page = results(Walk(load_lesson("06_batch_normalisation", "en")), {"mend": Given("", "right", 2, "")})
    assert "The drawing: right at try 2." in page


def test_what_stands_before_the_steps_is_told_in_the_first() -> None:
    text = STEP.replace("## One", "Read *this* first: {1 + 1}.\n\n## One") + "Text.\n\n## Two {#two}\n\nMore.\n"
    walk = Walk(parse_lesson(text, "mine.md", "mine"))
    first, second = walk.lesson.steps
    assert walk.prose(first) == "Read *this* first: 2.\n\nText." and walk.prose(second) == "More."
    assert "Read <i>this</i> first: 2." in results(walk, {})
