"""The figure of a round of votes: shares and losses as counted by hand, and what it says before there are any."""

from types import SimpleNamespace

import pytest

from talkgen.figures import votes
from talkgen.pipeline.inputs import votes_file
from talkgen.pipeline.used import find_used

from .conftest import VOTES


def compute(rounds, **params):
    return votes.compute(votes.Params(**params), SimpleNamespace(votes=lambda name: rounds))


def test_shares_and_losses():
    """Ten of sixteen are 62.5 %; a quarter of the room is two bits, half of the model one."""
    one = compute([VOTES])["round"]
    shares = {row["text"]: row["share"] for row in one["rows"]}
    assert shares == {" be": 0.25, " <i>&amp;": 0.625, " see": 0.125, " a$b$": 0}
    assert (one["model bits"], one["room bits"]) == (1.0, 2.0)
    assert [row["text"] for row in one["rows"]][:2] == [" be", " a$b$"]


def test_nobody_had_it():
    """A room without a single right guess has no finite loss, and is told so."""
    one = compute([{**VOTES, "votes": [{"text": " see", "votes": 16}]}])
    assert one["round"]["room bits"] is None
    assert "nobody had it" in votes.describe(one)


@pytest.mark.parametrize(("number", "prompt"), [(1, "one"), (2, "two"), (-1, "two"), (-2, "one"), (3, None), (0, None)])
def test_a_round_is_chosen(number, prompt):
    """The first is 1, the last -1; another is no round."""
    found = compute([VOTES | {"prompt": "one"}, VOTES | {"prompt": "two"}], round=number)["round"]
    assert (found and found["prompt"]) == prompt


def test_before_the_talk():
    """A talk that was not given yet has the figure, which says so."""
    assert votes.describe(compute([])) == "The room has not been asked yet."


def test_new_votes_make_it_stale(tmp_path):
    """The results are in the figure's key, of a talk by itself as of one among others."""
    mark = votes.Params.model_fields["votes"].metadata[0]
    for name in ("", "mine"):
        file = votes_file(name, tmp_path)
        before = find_used(mark, name, None, tmp_path).parts
        file.parent.mkdir(parents=True)
        file.write_text('{"rounds": []}')
        assert find_used(mark, name, None, tmp_path).parts != before
