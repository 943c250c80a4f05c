"""The translation demo in a real browser: it translates what is typed, shows where it looked, names what it lacks."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_a_typed_sentence_is_translated(page, site):
    """The French and the picture follow the typing; an unknown word is named; a new sentence comes with a click.

    On a phone the picture keeps a width at which its words can be read.
    """
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
    page.set_viewport_size({"width": 390, "height": 844})
    drawn = page.locator(".html-container svg").locator("visible=true").first
    page.wait_for_function("picture => picture.getBoundingClientRect().width >= 800", arg=drawn.element_handle())
