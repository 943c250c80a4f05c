"""Expressions in outlines: where they are, what they use, and the outline with values."""

from pathlib import Path

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.expressions import evaluate, evaluate_inputs, find_expressions
from talkgen.outline.load import load_outline
from talkgen.outline.schema import Outline

TALK = """\
title: "{{ vars.topic }}!"
vars: {topic: Attention, n: 6, logo: dot.png, raw: "{{ not this }}"}
slides:
  - title: One
    notes: |
      First a line,
      then {{ model.label }} and {{ model.parameters | human }}.
    body:
      - "{{ vars.n }} *steps*"
      - bullets:
          - plain
          - "key {{ vars.n }}": ["inner {{ vars.n + 1 }}", {"deep {{ vars.n }}": [x]}]
      - table: {head: ["{{ vars.n }}"], rows: [["{{ figures.a.depth }}"]]}
      - figure: a
        params: {tokens: "{{ vars.n }}", label: "n is {{ vars.n }}", cells: ["{{ vars.topic }}"], same: "{x}"}
        caption: depth {{ figures.a.depth }}
      - columns:
          - - live: next_token
              prompt: "{{ vars.topic }} is"
          - - tokens: "{{ vars.topic }}"
      - code: "{{ code }}"
      - html: "{{ html }}"
      - mermaid: "{{ mermaid }}"
      - raw: {marp: "{{ raw }}"}
    class: "{{ class }}"
    directives: {x: "{{ directive }}"}
"""
VALUES = {
    "vars": {"topic": "Attention", "n": 6},
    "model": {"label": "Small", "parameters": 2_100_000},
    "figures": {"a": {"depth": 3}},
}


@pytest.fixture
def load(tmp_path):
    def write(text, **others):
        for name, content in others.items():
            (tmp_path / name.replace("__", ".")).write_text(content)
        (tmp_path / "outline.yaml").write_text(text)
        return load_outline(tmp_path / "outline.yaml")

    return write


def problems(function, *arguments):
    with pytest.raises(OutlineError) as caught:
        function(*arguments)
    return [(p.place.path.name, p.place.line, p.place.column, p.where, p.message) for p in caught.value.problems]


def test_texts_are_evaluated_and_source_is_not(load):
    """Every text gets its values; code, html, mermaid, raw, names, directives and vars stay as they are."""
    outline = evaluate(load(TALK), VALUES)
    slide = outline.slides[0]
    dump = [block.model_dump() for block in slide.body]

    assert outline.title == "Attention!"
    assert slide.notes == "First a line,\nthen Small and 2.1M.\n"
    assert dump[0]["markdown"] == "6 *steps*"
    assert dump[1]["bullets"] == ["plain", {"key 6": ["inner 7", {"deep 6": ["x"]}]}]
    assert dump[2]["table"] == {"head": ["6"], "rows": [["3"]], "align": []}
    assert dump[3]["params"] == {"tokens": 6, "label": "n is 6", "cells": ["Attention"], "same": "{x}"}
    assert dump[3]["caption"] == "depth 3"
    assert dump[4]["columns"][0][0]["prompt"] == "Attention is"
    assert [dump[5]["code"], dump[6]["html"], dump[7]["mermaid"]] == ["{{ code }}", "{{ html }}", "{{ mermaid }}"]
    assert (slide.class_, slide.directives) == ("{{ class }}", {"x": "{{ directive }}"})
    assert outline.vars["raw"] == "{{ not this }}"


def test_result_is_a_valid_outline_of_its_own(load):
    """The outline that was loaded is untouched, and the result validates as an outline."""
    source = load(TALK)
    before = source.outline.model_dump_json()
    outline = evaluate(source, VALUES)

    assert source.outline.model_dump_json() == before
    assert Outline.model_validate(outline.model_dump(by_alias=True)) == outline


def test_inputs_are_evaluated_before_the_figures(load):
    """What figures, live blocks and tokens are computed from needs no figures; the rest waits."""
    slide = evaluate_inputs(load(TALK), {"vars": VALUES["vars"]}).slides[0]

    assert slide.body[3].params["tokens"] == 6
    assert slide.body[3].caption == "depth {{ figures.a.depth }}"
    assert slide.body[4].columns[0][0].prompt == "Attention is"
    assert slide.body[4].columns[1][0].tokens == "Attention"
    assert slide.body[0].markdown == "{{ vars.n }} *steps*"


def chains_in(source) -> set[tuple]:
    """The names that the expressions of an outline use, with the steps into them."""
    return {chain for expression in find_expressions(source) for chain in expression.formula.chains}


def test_every_expression_is_found(load):
    """What a build has to bring: the names that the expressions use, however deep they stand."""
    source = load(TALK)

    assert chains_in(source) == {
        ("vars", "topic"),
        ("vars", "n"),
        ("model", "label"),
        ("model", "parameters"),
        ("figures", "a", "depth"),
    }
    assert len(find_expressions(source)) == 15


def test_expressions_can_be_turned_off(load):
    """A deck with `expressions: false` is not looked at, broken braces and all."""
    source = load("title: '{{ x'\nexpressions: false\nslides: [{title: '{{ y }}'}]")

    assert find_expressions(source) == []
    assert evaluate(source, {}) is source.outline


def test_every_undefined_name_is_told_with_its_line(load):
    """All that cannot be computed is told at once, at the line inside the text."""
    assert problems(evaluate, load(TALK), {**VALUES, "model": {"label": "x"}, "figures": {}}) == [
        ("outline.yaml", 7, 34, "slides[0].notes", "model has no 'parameters'"),
        ("outline.yaml", 13, 50, "slides[0].body[2].table.rows[0][0]", "figures has no 'a'"),
        ("outline.yaml", 16, 24, "slides[0].body[3].caption", "figures has no 'a'"),
    ]


def test_every_syntax_error_is_told_with_its_line(load):
    """Expressions that cannot be read are all found before anything is computed, in included files too."""
    text = """\
title: "{{ vars. }}"
slides:
  - title: "open {{ braces"
    body:
      - include: part.md
      - bullets: [{"{{ 1 + }}": [a]}]
      - tokens: "{{ figures.a.depth }}"
"""
    source = load(text, part__md="# Part\n\nsome text\nand {{ range(9) }}\n")

    assert problems(evaluate, source, VALUES) == problems(find_expressions, source)
    assert [(file, line, column) for file, line, column, *_ in problems(find_expressions, source)] == [
        ("outline.yaml", 1, 9), ("outline.yaml", 3, 18), ("outline.yaml", 6, 20), ("outline.yaml", 7, 18),
        ("part.md", 4, 5),
    ]  # fmt: skip


def test_file_named_by_an_expression_is_checked(load):
    """A picture whose name is computed must be there, too."""
    source = load("title: x\nvars: {logo: dot}\nslides:\n  - body:\n      - image: '{{ vars.logo }}.png'\n")

    assert problems(evaluate, source, {"vars": {"logo": "dot"}}) == [
        ("outline.yaml", 5, 9, "slides[0].body[0].image", "there is no file 'dot.png'")
    ]
    (source.folder / "dot.png").touch()
    assert evaluate(source, {"vars": {"logo": "dot"}}).slides[0].body[0].image == "dot.png"


def test_output_is_bounded(load):
    """Many expressions that each make a long text are stopped before they fill the memory."""
    body = "\n".join("      - '" + "{{ vars.long }}" * 40 + "'" for _ in range(20))
    source = load(f"title: x\nslides:\n  - body:\n{body}\n")
    found = problems(evaluate, source, {"vars": {"long": "x" * 50_000}})

    assert found[0][-1] == "the expressions make more than 5,000,000 characters"


@pytest.mark.parametrize("text", ["{{" * 200_000, "{{'" * 150_000, "{{ x }}" * 60_000, "{{ '}}' }}" * 40_000])
def test_long_texts_of_braces_end(load, text):
    """Reading takes time in proportion to the text; the test would not end otherwise."""
    folded = text.replace("'", "''")
    with pytest.raises(OutlineError):
        evaluate(load(f"title: x\nslides: [{{notes: '{folded}'}}]"), {})


def test_the_talk_that_ships_loads():
    """The repository's own talk is a valid outline and its expressions parse."""
    root = Path(__file__).parents[2]

    chains = chains_in(load_outline(root / "slides" / "attention" / "outline.yaml"))
    assert {chain[0] for chain in chains} <= {"vars", "model", "runs", "figures"}
