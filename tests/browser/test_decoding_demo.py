"""The decoding demo in a real browser: greedy beside beam search, and the tree of what the beam looked at."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def tree(page, beginnings: int):
    return page.get_by_role("img", name=re.compile(f"^{beginnings} beginnings looked at in 6 steps"))


def test_the_tree_follows_the_width(page, site, engines):
    """Both texts are the engine's; a beam of one looks at two beginnings a step and finds the greedy text."""
    page.goto(f"{site}demos/decoding/")
    greedy = page.get_by_label("Greedy: the likeliest token each time")
    beam = page.get_by_label("Beam: the likeliest text it finds")
    page.get_by_label("Prompt").fill("hey")
    text, best = engines["tiny"].beams("hey", width=3, max_tokens=6, length_penalty=0)[0]
    expect(tree(page, 36)).to_be_visible(timeout=30_000)
    assert beam.input_value().startswith(text)
    assert len(best.ids) == 6

    page.get_by_label("number input for Width of the beam").fill("1")
    page.get_by_label("number input for Width of the beam").press("Tab")
    page.get_by_label("Prompt").fill("hey you")
    expect(tree(page, 12)).to_be_visible(timeout=30_000)
    assert beam.input_value() == greedy.input_value()
