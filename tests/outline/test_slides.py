"""Slides that stand for others: those of another outline, and one for each item of a list."""

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.expressions import evaluate
from talkgen.outline.load import load_outline
from talkgen.render.deck import Deck
from talkgen.render.marp import render_marp
from talkgen.render.slidev import render_slidev
from talkgen.style import load_style

OTHER = """\
title: Other
vars: {n: 7, own: theirs}
slides:
  - title: First
  - title: "Second: {{ vars.n }}, {{ vars.own }}"
    id: second
    body:
      - image: dot.png
      - include: part.md
  - {title: Third, vars: {n: 8}, body: ["{{ vars.n }}"]}
"""
MAIN = "title: Main\nvars: {n: 1, names: [a, b]}\nslides:\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the main outline beside another talk in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slides").mkdir()
    other = tmp_path / "slides" / "other"
    other.mkdir()
    (other / "outline.yaml").write_text(OTHER, encoding="utf-8")
    (other / "dot.png").write_bytes(b"theirs")
    (other / "part.md").write_text("*theirs* {{ vars.n }}", encoding="utf-8")
    main = tmp_path / "slides" / "main"
    main.mkdir()
    (main / "dot.png").write_bytes(b"ours")

    def outline(slides, head=MAIN):
        (main / "outline.yaml").write_text(head + slides, encoding="utf-8")
        return main / "outline.yaml"

    return outline


def titles(source):
    """What the slides are called, their values put in."""
    return [slide.title for slide in evaluate(source, {"vars": source.outline.vars}).slides]


@pytest.mark.parametrize(
    ("which", "wanted"),
    [
        ("", ["First", "Second: 7, theirs", "Third"]),
        ("#2", ["Second: 7, theirs"]),
        ("#2-3", ["Second: 7, theirs", "Third"]),
        ("#3,1-2", ["Third", "First", "Second: 7, theirs"]),
        ("#second", ["Second: 7, theirs"]),
    ],
)
def test_slides_of_another_outline(which, wanted, write):
    """All of them, some by their numbers, one by its id; they keep their talk's values, and the main one its own."""
    source = load_outline(write(f"  - include: ../other/outline.yaml{which}\n  - title: 'Mine: {{{{ vars.n }}}}'\n"))

    assert titles(source) == [*wanted, "Mine: 1"]
    assert {file.parent.name for file in source.files} == {"main", "other"}


def test_a_slide_keeps_its_files_and_its_places(write):
    """A picture and an included part are those beside their own outline; a mistake is told where it stands there."""
    path = write("  - include: ../other/outline.yaml#2\n  - body: [{image: dot.png}]\n")
    source = load_outline(path)
    place = source.place(("slides", 0, "body", 0))
    outline = evaluate(source, {"vars": source.outline.vars})
    deck = Deck(outline, source.folder, {}, load_style("night", source.folder))

    assert (place.path.parent.name, place.line) == ("other", 8)
    assert outline.slides[0].body[1].markdown == "*theirs* 7"
    for render, ours in ((render_marp, "images/"), (render_slidev, "public/images/")):
        files = render(deck).files
        contents = [file.read_bytes() for name, file in files.items() if name.startswith(ours)]
        assert sorted(contents) == [b"ours", b"theirs"]


def test_a_slide_for_each_item(write):
    """Its texts call the item `item`, wherever they stand; data may be mappings, and may come from `vars`."""
    slides = """\
  - repeat: [{name: RNN, steps: 6}, {name: attention, steps: 1}]
    title: "{{ item.name }}"
    body: [{bullets: ["{{ item.steps + vars.n }} steps"]}]
  - repeat: "{{ vars.names }}"
    title: "Name {{ item }}"
"""
    source = load_outline(write(slides))
    outline = evaluate(source, {"vars": source.outline.vars})

    assert [slide.title for slide in outline.slides] == ["RNN", "attention", "Name a", "Name b"]
    assert [slide.body[0].bullets for slide in outline.slides[:2]] == [["7 steps"], ["2 steps"]]


def test_a_slide_is_repeated_over_what_is_given(write):
    """A value that the command line gives goes before the outline's own."""
    main = write('  - {title: "{{ item }}", repeat: "{{ vars.names }}"}\n')
    titles = [slide.title for slide in evaluate(load_outline(main, {"names": ["x", "y", "z"]}), {"vars": {}}).slides]
    assert titles == ["x", "y", "z"]
    assert len(load_outline(main).outline.slides) == 2


def test_mistakes_are_told_at_their_places(write, tmp_path):
    """What cannot be included or repeated, each with its line; what is wrong elsewhere, with its line there."""
    other = tmp_path / "slides" / "other"
    (other / "wrong.yaml").write_text("title: x\nslides:\n  - titel: y\n", encoding="utf-8")
    (other / "loop.yaml").write_text("title: x\nslides: [{include: loop.yaml}]\n", encoding="utf-8")
    slides = """\
  - include: ../other/outlin.yaml
  - include: ../other/outline.yaml#9
  - include: ../other/outline.yaml#secnd
  - {include: ../other/outline.yaml, title: no}
  - include: ../other/part.md
  - repeat: 3
  - repeat: "{{ vars.nams }}"
  - include: ../other/wrong.yaml
  - include: ../other/loop.yaml
  - title: "{{ item }}"
"""
    with pytest.raises(OutlineError) as caught:
        load_outline(write(slides))
    found = [(p.place.path.name, p.place.line, p.message) for p in caught.value.problems]

    assert sorted(found) == [
        ("loop.yaml", 2, "the outline includes itself: loop.yaml"),
        ("outline.yaml", 4, "there is no file '../other/outlin.yaml'"),
        ("outline.yaml", 5, "there are no slides 9 in it"),
        ("outline.yaml", 6, "no slide in it has the id 'secnd'"),
        ("outline.yaml", 7, "an include has no other keys"),
        ("outline.yaml", 8, "only the slides of an outline can be included here"),
        ("outline.yaml", 9, "a slide is repeated over a list"),
        ("outline.yaml", 10, "vars has no 'nams'"),
        ("wrong.yaml", 3, "unknown key 'titel'"),
    ]


def test_slides_without_end_are_refused(write):
    """A list of very many items, or outlines that include one another many times over, stop at a bound."""
    with pytest.raises(OutlineError, match="more than 2,000 slides"):
        load_outline(write(f"  - repeat: [{', '.join('x' * 1 for _ in range(3000))}]\n"))


def test_the_id_of_a_repeated_slide_is_that_of_its_first(write):
    """A link leads there; elsewhere it stands for all of them."""
    source = load_outline(write("  - {title: 'For {{ item }}', id: each, repeat: [a, b]}\n  - {title: End}\n"))
    assert [slide.id for slide in source.outline.slides] == ["each", None, None]
    third = source.path.parent / "third.yaml"
    third.write_text("title: Third\nslides:\n  - include: outline.yaml#each\n", encoding="utf-8")
    assert titles(load_outline(third)) == ["For a", "For b"]
