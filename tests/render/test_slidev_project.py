"""What a Slidev project is given beside its slides, from texts that authors write."""

import os
from pathlib import Path

import pytest

from talkgen.render.native_slidev import render_native_slidev
from talkgen.render.slidev_project import imports_first
from tests.render.decks import make_deck


def test_what_a_style_sheet_takes_in_comes_first_where_it_is_read():
    fonts = '@import url("https://host/css2?family=A:wght@400;700");'
    css = f'a {{}}\n{fonts}\n/* @import "b"; */ b {{}}\n@import "c" screen;\n'
    first, second, *rest = imports_first(css).splitlines()
    assert first == fonts
    assert second == '@import "c" screen;'
    assert "\n".join(rest).split() == ["a", "{}", "/*", "@import", '"b";', "*/", "b", "{}"]


@pytest.mark.parametrize("begun", ["/*", "@import url(", '@import "', '@import "a" ', "@import 'a' {", "@import  "])
def test_a_style_sheet_that_never_ends_is_gone_through_once_and_stays(begun):
    css = begun * 100_000  # a hundred thousand looks to its end would take minutes
    assert imports_first(css) == css


def test_folders_outside_the_talks_are_not_gone_through(tmp_path, monkeypatch):
    """A theme `/` is no whole file system, `..` not all talks, and a link is not what it leads to."""
    folder = tmp_path / "talk"
    for name, text in {"talk/look/package.json": "{}", "layouts/a.vue": "a"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (folder / "layouts").symlink_to(tmp_path / "layouts")
    gone_through, walk = [], os.walk
    monkeypatch.setattr(os, "walk", lambda place: (gone_through.append(Path(place)), walk(place))[1])
    themes = {"theme": {"slidev": "/"}, "frontmatter": {"addons": ["..", "./look"]}}
    files = render_native_slidev(make_deck([{"title": "One"}], folder, native="slidev", **themes)).files
    assert "look/package.json" in files
    assert all(place.resolve().is_relative_to(folder) for place in gone_through)
