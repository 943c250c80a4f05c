"""What Vue's expressions are worth without running them: the same as in JavaScript, or unknown."""

import json
import subprocess

import pytest

from talkgen.export.node import find_node
from talkgen.render.expressions import UnknownValueError, bound, evaluate

KNOWN = [
    "1 + 2 * 3 - 8 / 4 % 3", "-(2 - 5) * -1", "'a' + 1 + 2", "1 + 2 + 'a'", "`${1 + 2}px and ${'b'}`", "'it\\'s'",
    "[1, 'b', [true, null,],]", "({ a: 1, 'b-c': [2], })", "[{ x: 20, l: 's' }][0].l", "{ a: { b: 5 } }.a.b",
    "['a', 'bc'].length + 'de'.length", "1 < 2 ? 'yes' : 'no'", "0 ? 1 : '' ? 2 : 3", "null ?? 'x'", "0 ?? 'x'",
    "0 || 'x'", "1 && 'x'", "!0", "!!'a'", "3 >= 3 && 2 <= 1 || 4 != 5", "'a' === 'b'", "1 !== 2", ".5 + 1",
]  # fmt: skip


def test_values_are_those_of_javascript():
    """Each expression has the value that Node gives it."""
    program = f"console.log(JSON.stringify({json.dumps(KNOWN)}.map((each) => eval(`(${{each}})`))))"
    done = subprocess.run([str(find_node()), "-e", program], capture_output=True, text=True, check=True)
    values = [evaluate(each, 0) for each in KNOWN]
    assert values == json.loads(done.stdout)
    assert [isinstance(each, bool) for each in values] == [isinstance(each, bool) for each in json.loads(done.stdout)]


@pytest.mark.parametrize(
    "source",
    ["name", "a.b", "f(1)", "'a' * 3", "1 +", "(1", "[1", "", "1 2", "x => 1", "a = 1", "new Date", "/x/", "'a'.at(0)",
     "{ a }", "[1][5]", "1 / 0", "!" * 2_000 + "1", "(" * 2_000, "[" * 2_000],
)  # fmt: skip
def test_what_has_no_value_here_is_unknown(source):
    """What names something else, calls, or is no expression; however deep it is."""
    with pytest.raises(UnknownValueError):
        evaluate(source, 0)


def test_clicks_are_those_asked_for():
    """By all the names that Slidev has for them."""
    for name in ("$clicks", "$slidev.nav.clicks", "$nav.clicks"):
        assert [evaluate(f"{name} < 2 ? 'a' : 'b'", clicks) for clicks in (0, 2)] == ["a", "b"]


def test_names_get_their_values_where_they_are_names():
    """Not in texts, not as keys, not after a dot; in templates too."""
    names = {"x": 'it\'s "a"', "i": 1}
    source = "[x, 'x', { x: i }, { i: 2 }.i, `${i + 1}${x}`]"
    assert evaluate(bound(source, names).replace("&quot;", '"'), 0) == [names["x"], "x", {"x": 1}, 2, f"2{names['x']}"]
