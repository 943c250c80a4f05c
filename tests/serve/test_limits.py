"""Limits: what a question may be, and how often it may be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from talkgen.serve.limits import CLIENTS_REMEMBERED, PROMPT_CHARACTERS, Question, RateLimit


class Clock:
    """A clock that goes when told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """The time it was told."""
        return self.now


@given(st.text(max_size=200))
def test_any_text_is_a_prompt(text):
    """Whatever is made of whole characters can be asked, control characters and markup included."""
    assert Question(prompt=text).prompt == text


def test_the_longest_prompt():
    """A prompt may have 8,000 characters, and not one more."""
    assert Question(prompt="x" * PROMPT_CHARACTERS)
    with pytest.raises(ValidationError, match="8,001 characters is too long: 8,000 is the limit"):
        Question(prompt="x" * (PROMPT_CHARACTERS + 1))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"])
def test_half_a_surrogate_pair_is_refused(text):
    """An unpaired surrogate cannot be sent on as text."""
    with pytest.raises(ValidationError, match="surrogate"):
        Question(prompt=text)


@pytest.mark.parametrize(
    "wrong", [{"bars": 0}, {"bars": 21}, {"temperature": 0}, {"top_k": 0}, {"top_p": 1.5}, {"colour": "red"}]
)
def test_settings_out_of_range_are_refused(wrong):
    """Numbers have a range, and unknown settings are errors."""
    with pytest.raises(ValidationError):
        Question(prompt="x", **wrong)


def test_rate_limit_lets_a_burst_through_and_then_a_steady_rate():
    """Three at once, then one each half second."""
    clock = Clock()
    limit = RateLimit(rate=2, burst=3, clock=clock)
    assert [limit.wait_for("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now = 0.5
    assert [limit.wait_for("a"), limit.wait_for("a")] == [0, 0.5]


def test_a_refused_client_does_not_wait_longer_for_asking_again():
    """Asking too early costs nothing."""
    clock = Clock()
    limit = RateLimit(rate=1, burst=1, clock=clock)
    limit.wait_for("a")
    for _ in range(100):
        assert limit.wait_for("a") == 1
    clock.now = 1
    assert limit.wait_for("a") == 0


def test_clients_do_not_share_a_bucket():
    """One client's flood is not another's."""
    limit = RateLimit(rate=1, burst=1, clock=Clock())
    assert [limit.wait_for("a"), limit.wait_for("b"), limit.wait_for("a")] == [0, 0, 1]


def test_rate_limit_forgets_the_oldest_clients():
    """Memory is bounded: who was not seen for thousands of clients starts afresh."""
    limit = RateLimit(rate=1, burst=1, clock=Clock())
    limit.wait_for("first")
    for i in range(CLIENTS_REMEMBERED):
        limit.wait_for(str(i))
    assert limit.wait_for("first") == 0
