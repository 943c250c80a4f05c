"""The Gradio app in a real browser: it answers, and needs no host but this one (which the page fixture checks)."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_the_demo_answers_typed_text(page, site):
    """Typing changes the distribution and the tokens with their ids."""
    page.goto(f"{site}demos/next_token/")
    page.get_by_label("Prompt").fill("hey")
    tokens = page.get_by_text(re.compile(r"^104$"))
    expect(tokens.first).to_be_visible(timeout=30_000)  # the byte of h is its id
    expect(page.get_by_text("%").first).to_be_visible()
    assert [url for url in page.asked if "/demos/next_token/" in url]
