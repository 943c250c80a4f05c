"""The translation demo in a real browser: it translates what is typed, shows where it looked, names what it lacks."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_a_typed_sentence_is_translated(page, site):
    """The French and the picture follow the typing; an unknown word is named; a new sentence comes with a click."""
    page.goto(f"{site}demos/translation/")
    english, french = page.get_by_label("English", exact=True), page.get_by_label("French", exact=True)
    english.fill("the black cat sleeps")
    expect(french).to_have_value("le chat noir dort", timeout=60_000)
    expect(page.get_by_role("img", name=re.compile("“noir” at “black”"))).to_be_visible()

    english.fill("the zebra sleeps")
    expect(page.get_by_text("and not “zebra”")).to_be_visible(timeout=30_000)
    expect(french).to_have_value("")

    page.get_by_role("button", name="Another sentence").click()
    expect(english).not_to_have_value("the zebra sleeps", timeout=30_000)
    expect(french).not_to_have_value("", timeout=30_000)
    expect(page.get_by_role("img", name=re.compile("Where each word looked most"))).to_be_visible()
