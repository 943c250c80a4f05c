"""What a Slidev project is given beside its slides, from texts that authors write."""

import pytest

from talkgen.render.slidev_project import imports_first


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
