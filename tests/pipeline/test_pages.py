"""Which slides of an outline are pages of a deck."""

from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.talk import Talk

OUTLINE = """\
native: slidev
slides:
  - title: A
  - {hide: true, title: B}
  - {frontmatter: {src: ./pages/none.md}}
  - {folder: parts, frontmatter: {src: there.md}}
  - title: C
"""


def pages(folder, text):
    """Those of Marp's deck and of Slidev's."""
    (folder / "outline.yaml").write_text(text, encoding="utf-8")
    draft = make_plan(Talk(folder / "outline.yaml")).draft
    return draft.pages("marp"), draft.pages("slidev")


def test_slidev_shows_no_slide_whose_file_is_missing(tmp_path, own_cache):
    """A hidden one is in no deck; Marp's has one whose file of slides is missing, and Slidev's has not."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "there.md").write_text("# There\n", encoding="utf-8")
    assert pages(tmp_path, OUTLINE) == ((0, 2, 3, 4), (0, 3, 4))
    assert pages(tmp_path, OUTLINE) == ((0, 2, 3, 4), (0, 3, 4))  # as it was kept
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "none.md").write_text("# Come\n", encoding="utf-8")
    assert pages(tmp_path, OUTLINE) == ((0, 2, 3, 4), (0, 2, 3, 4))  # what was kept holds no more
    (tmp_path / "parts" / "there.md").unlink()
    assert pages(tmp_path, OUTLINE) == ((0, 2, 3, 4), (0, 2, 4))
    (tmp_path / "parts" / "there.md").write_text("# There\n", encoding="utf-8")
    (tmp_path / "pages" / "none.md").unlink()
    assert pages(tmp_path, f"frontmatter: {{src: none.md}}\n{OUTLINE}") == ((0, 2, 3, 4), (3, 4))
