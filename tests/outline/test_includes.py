"""Blocks from other files."""

import pytest

from talkgen.errors import OutlineError
from talkgen.outline.load import load_outline


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files into a talk's folder and gives its outline."""
    monkeypatch.chdir(tmp_path)

    def files(body, **others):
        for name, content in others.items():
            (tmp_path / name.replace("__", ".")).write_text(content)
        (tmp_path / "outline.yaml").write_text(f"title: x\nslides:\n  - body:\n{body}")
        return tmp_path / "outline.yaml"

    return files


def test_blocks_take_the_place_of_the_include(write):
    """A list is spliced in, in columns too and through several files; Markdown is one block; places follow."""
    path = write(
        "      - first\n      - include: a.yaml\n"
        "      - columns:\n          - - include: b.md\n          - - x\n      - last\n",
        a__yaml="- figure: one\n- include: b.md\n- figure: two\n  height: 300\n",
        b__md="# Title\n\ntext\n",
    )
    source = load_outline(path)
    body = source.outline.slides[0].body

    assert [block.key for block in body] == ["markdown", "figure", "markdown", "figure", "columns", "markdown"]
    assert body[4].columns[0][0].markdown == "# Title\n\ntext\n"
    assert [file.name for file in source.files] == ["outline.yaml", "a.yaml", "b.md"]
    at = [
        source.place(("slides", 0, "body", *rest))
        for rest in [(0,), (1,), (2,), (3, "height"), (4, "columns", 0, 0), (5,)]
    ]
    assert [(place.path.name, place.line, place.column) for place in at] == [
        ("outline.yaml", 4, 9), ("a.yaml", 1, 3), ("b.md", 1, 1),
        ("a.yaml", 4, 3), ("b.md", 1, 1), ("outline.yaml", 9, 9),
    ]  # fmt: skip
    inside = source.document.place_in(("slides", 0, "body", 2, "markdown"), len("# Title\n\nte"))
    assert (inside.path.name, inside.line, inside.column) == ("b.md", 3, 3)


def test_names_in_included_files_are_relative_to_the_outline(write, tmp_path):
    """One rule for all files: a picture named in an included file lies beside the outline."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.yaml").write_text("- image: dot.png\n")
    path = write("      - include: parts/a.yaml\n", dot__png="")

    assert load_outline(path).outline.slides[0].body[0].image == "dot.png"


def test_link_out_of_the_project_is_refused(write, tmp_path_factory, tmp_path):
    """A symbolic link to a file elsewhere is outside the project, whatever its name."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("secret")
    (tmp_path / "slides").mkdir()
    (tmp_path / "link.md").symlink_to(secret)
    with pytest.raises(OutlineError, match=r"outline\.yaml:4:9: .*'link\.md' is outside the project"):
        load_outline(write("      - include: link.md\n"))


@pytest.mark.parametrize(
    ("body", "files", "message"),
    [
        ("      - include: a.yaml\n", {"a__yaml": "- include: a.yaml\n"}, "the file includes itself: a.yaml → a.yaml"),
        ("      - include: outline.yaml\n", {}, "the file includes itself: outline.yaml → outline.yaml"),
        (
            "      - include: p0.yaml\n",
            {f"p{n}__yaml": f"- include: p{n + 1}.yaml\n" for n in range(12)},
            "includes are nested more than 10 deep",
        ),
        (
            "      - include: p0.yaml\n",
            {f"p{n}__yaml": f"- include: p{n + 1}.yaml\n" * 30 for n in range(8)} | {"p8__yaml": "- x\n"},
            "more than 1,000 files are included",
        ),
        pytest.param(
            "      - include: a.yaml\n" * 9,
            {"a__yaml": "- x\n" * 30_000},
            "the outline and its includes hold more than 200,000 values",
            marks=pytest.mark.slow,
        ),
        ("      - include: a.md\n" * 20, {"a__md": "x" * 900_000}, "the includes are larger than 5,000,000 bytes"),
        ("      - include: a.md\n", {"a__md": "x" * 4_000_001}, "the file is larger than 4,000,000 bytes"),
        ("      - include: '\\0'\n", {}, "there is no file"),
        ("      - include: " + "a" * 5000 + ".md\n", {}, "there is no file"),
    ],
    ids=["itself", "outline", "deep", "wide", "many", "heavy", "large", "nul", "long name"],
)
def test_includes_that_do_not_end_are_refused(write, body, files, message):
    """Cycles, depth, breadth and size are bounded."""
    with pytest.raises(OutlineError) as caught:
        load_outline(write(body, **files))

    assert message in str(caught.value)
