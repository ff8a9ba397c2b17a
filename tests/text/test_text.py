"""Sentences keep what they were made of and are rendered where they are shown."""

from __future__ import annotations

import copy
import io
import json
import pickle

import msgspec
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from blockstudio import text
from blockstudio.errors import StudioError
from blockstudio.text import PSEUDO, Text, from_data, join, plain, render, say, say_many, to_data

ENGLISH = {
    "one": say("there is no block '{name}'.", name="conv{1}"),
    "braces": say("a {gap} that stays"),
    "many": say_many("{count} row", "{count:,} rows", 4000),
    "nested": say("{first}, and {second}", first=say_many("{count} row", "{count} rows", 1), second="data"),
}
SHOWN = {
    "one": "there is no block 'conv{1}'.",
    "braces": "a {gap} that stays",
    "many": "4,000 rows",
    "nested": "1 row, and data",
}


@pytest.fixture(autouse=True)
def english():
    yield
    text.use_language(text.ENGLISH)


@pytest.fixture
def swapped(tmp_path, monkeypatch):
    """A language with three plural forms in which the gaps stand in another order."""
    catalogue = Catalog(locale="cs")
    catalogue.add("{count} row", None)
    catalogue.add(("{count} row", "{count:,} rows"), ("{count} řádek", "{count} řádky", "{count:,} řádků"))
    catalogue.add(("{count} row", "{count} rows"), ("{count} řádek", "{count} řádky", "{count} řádků"))
    catalogue.add("{first}, and {second}", "{second} a {first}")
    file = tmp_path / "cs" / "LC_MESSAGES" / "blockstudio.mo"
    file.parent.mkdir(parents=True)
    out = io.BytesIO()
    write_mo(out, catalogue)
    file.write_bytes(out.getvalue())
    monkeypatch.setattr(text, "FOLDER", tmp_path)
    text._language.cache_clear()
    yield
    text._language.cache_clear()


@pytest.mark.parametrize("name", ENGLISH)
def test_a_text_reads_as_english_and_survives_travel(name: str) -> None:
    made = ENGLISH[name]
    assert made == SHOWN[name] and render(made) == SHOWN[name]
    for travelled in (
        pickle.loads(pickle.dumps(made)), copy.deepcopy(made),  # noqa: S301
        from_data(json.loads(json.dumps(to_data(made)))),
    ):  # fmt: skip
        assert isinstance(travelled, Text) and travelled == made
        assert (travelled.template, travelled.plural, travelled.number) == (made.template, made.plural, made.number)
        assert travelled.values == made.values
    assert msgspec.json.decode(msgspec.json.encode({"message": made}, enc_hook=plain)) == {"message": SHOWN[name]}


def test_a_language_has_its_own_order_and_plurals(swapped) -> None:
    assert text.languages() == ("en", "cs")
    text.use_language("cs")
    assert render(ENGLISH["many"]) == "4,000 řádků"
    assert [render(say_many("{count} row", "{count} rows", n)) for n in (1, 3, 5)] == ["1 řádek", "3 řádky", "5 řádků"]
    assert render(ENGLISH["nested"]) == "data a 1 řádek"
    assert render("data") == "data" and render(ENGLISH["one"]) == SHOWN["one"], "what is not translated stays English"


def test_the_language_of_the_system_is_taken_if_it_is_there(swapped, monkeypatch) -> None:
    for name, wanted in (("cs_CZ.UTF-8", "cs"), ("fr_FR.UTF-8", "en"), ("C", "en"), ("cs", "cs")):
        monkeypatch.setenv("LC_ALL", name)
        text.use_language("system")
        assert text.language() == wanted


def test_an_error_is_told_in_the_readers_language() -> None:
    error = StudioError("x", say("there is no '{name}'.", name="conv1"), where="net", hint=say("Add it."))
    assert str(error) == "net: there is no 'conv1'. Add it."
    text.use_language(PSEUDO)
    assert str(error) == "net: ⟦théré îs ñô 'conv1'.⟧ ⟦Àdd ît.⟧"
    assert error.message == "there is no 'conv1'.", "what is stored and compared stays English"


def test_marks_of_an_error_are_those_of_its_language() -> None:
    text.use_language("zh-CN")
    error = StudioError("x", say("there is no block '{name}'.", name="conv1"), where="net")
    assert str(error) == render(error.text) and str(error).startswith("net：")
    hinted = StudioError("x", error.message, hint=say("Wire at least two outputs into it."))
    assert str(hinted) == render(hinted.text) == render(error.message) + render(hinted.hint), "no gap after a full stop"


def test_joined_sentences_are_rendered_one_by_one() -> None:
    text.use_language(PSEUDO)
    assert render(join([say("Add it."), "", "conv1"])) == "⟦Àdd ît.⟧ conv1"


@given(
    st.text(max_size=20), st.text(max_size=20) | st.integers() | st.floats(allow_nan=False),
    st.sampled_from(("a", "b_2")),
)  # fmt: skip
def test_values_are_never_taken_for_templates(words: str, value: object, name: str) -> None:
    template = words.replace("{", "{{").replace("}", "}}") + "{" + name + "}"
    made = say(template, **{name: value})
    assert made == words + str(value)
    assert from_data(json.loads(json.dumps(to_data(made)))) == made
    for code in (text.ENGLISH, PSEUDO):
        assert str(value) in text.Language(code).render(made)


@pytest.mark.parametrize(
    "data",
    [
        None, 3, "plain", [], {"template": "{x.__class__}", "values": {"x": 1}}, 
        {"template": "{x:>99999999}", "values": {"x": 1}},
        {"template": "{missing}", "values": {"x": 1}}, {"values": {}}, {"template": "a", "values": 3},
    ],
)  # fmt: skip
def test_foreign_data_is_words_and_never_a_template(data: object) -> None:
    assert from_data(data) == (data if isinstance(data, str) else str(data))
