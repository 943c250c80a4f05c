"""The Gradio app `lab` in a real browser: it needs no host but this one, which the page fixture checks."""

import re
from pathlib import Path

import pytest
from PIL import ImageColor
from playwright.sync_api import expect

from talkgen.style import load_style

pytestmark = pytest.mark.slow


def test_an_address_that_was_shared_shows_its_answer(page, site):
    """Text, model and settings of an address are taken, and answered live; what is turned anew is in the address."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}demos/lab/?tab=next_token&prompt=hey&model=tiny-lstm&temperature=0.5&top_k=3")
    live = page.locator("talkgen-live")
    expect(live.locator(".badge")).to_contain_text("live · tiny-lstm", timeout=60_000)
    expect(live.locator(".mirror")).to_contain_text("hey")
    expect(live.locator(".entropy")).to_contain_text("among 3 tokens")
    expect(live.locator(".bar.pruned")).to_have_count(5)
    page.get_by_label("Text").first.fill("you")
    page.get_by_role("button", name="Show").first.click()
    expect(live.locator(".mirror")).to_contain_text("you", timeout=30_000)
    assert "prompt=you&model=tiny-lstm" in page.url
    assert "temperature=0.5&top_k=3" in page.url
    assert errors == []


def test_it_opens_with_the_answer_to_its_example(page, site):
    """Nobody finds the first tab empty."""
    page.goto(f"{site}demos/lab/")
    live = page.locator("talkgen-live")
    expect(live.locator(".badge")).to_contain_text("live", timeout=60_000)
    expect(live.locator(".mirror")).to_contain_text("The name is bound")


def test_it_brings_its_fonts(page, site):
    """The deck's own, from the same server: no system need have them installed."""
    page.goto(f"{site}demos/lab/")
    expect(page.get_by_label("Text").first).to_be_visible(timeout=60_000)
    page.wait_for_function("[...document.fonts].some(face => face.family === 'Inter' && face.status === 'loaded')")


def test_a_model_is_trained_on_stage(page, site):
    """A new model is there at once; its curve and text grow, however busy the server is; stopped, both stay."""
    address = f"{site}demos/lab/?tab=training&prompt=hey&model=tiny"
    page.goto(f"{address}&steps=1000")
    training = page.locator("talkgen-training")
    status, caption = training.locator(".status"), training.locator(".caption")
    training.get_by_role("button", name="Train here").click()
    expect(training.locator(".badge")).to_contain_text("live · a new model, trained here", timeout=60_000)
    expect(caption).to_contain_text("at step 40", timeout=60_000)
    seen = status.inner_text()
    assert " of 1000, Esc stops it" in seen
    expect(status).not_to_have_text(seen)
    with page.expect_event("requestfailed"):
        page.route("**/api/health", lambda route: route.abort(), times=1)  # as of a server that has no time for it
    seen = status.inner_text()
    assert " of 1000, Esc stops it" in seen
    expect(status).not_to_have_text(seen)
    training.get_by_role("button", name="Stop").click()
    expect(status).to_have_text("stopped")
    expect(training.get_by_role("button", name="Stop")).to_be_hidden()
    page.wait_for_timeout(1_500)  # the server's news does not begin it anew
    expect(status).to_have_text("stopped")
    expect(caption).to_contain_text("at step")

    page.goto(f"{address}&steps=20")
    training.get_by_role("button", name="Train here").click()
    expect(status).to_contain_text("20 steps", timeout=60_000)
    expect(caption).to_have_text("It writes at step 20:")
    assert len(training.locator(".wrote").inner_text()) > len("hey")


@pytest.mark.parametrize("name", ["next_token", "sampling", "decoding"])
def test_an_element_fits_a_phone(page, site, name):
    """What it says and its buttons end before the page does; a tree may be wider, and is scrolled."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}demos/lab/?tab={name}&prompt=hey&model=tiny")
    element = page.locator("talkgen-live" if name == "next_token" else f"talkgen-{name}")
    expect(element.locator(".badge")).to_contain_text("live", timeout=60_000)
    wide = element.evaluate("""(element) => {
      const end = element.getBoundingClientRect().right;
      const parts = [...element.shadowRoot.querySelectorAll("button, p, dd, section")];
      return parts.filter((part) => part.getBoundingClientRect().right > end + 1).map((part) => part.outerHTML);
    }""")
    assert wide == []


def test_the_lab_is_used_with_a_keyboard_alone(page, site):
    """Tab goes from control to control and each shows it; a list of choices is there while its box has the focus.

    A choice is made with letters and Enter, and answered.
    """
    page.goto(f"{site}demos/lab/")
    expect(page.get_by_text(" an answer").first).to_be_visible(timeout=60_000)  # all that comes by itself has come
    page.get_by_label("Text").first.focus()
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    lists = page.locator(".options:visible")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(ring) == "solid"
    page.keyboard.press("Tab")
    expect(page.get_by_label("Model").first).to_be_focused()
    assert page.evaluate(ring) == "solid"
    expect(lists).to_have_count(1)
    page.keyboard.type("lstm")
    expect(lists.locator("li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Model").first).to_have_value(re.compile("lstm"))
    page.get_by_label("Model").first.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Beside it")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show").first).to_be_focused()
    expect(lists).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("talkgen-live .badge")).to_contain_text("live · tiny-lstm", timeout=60_000)


def test_the_lab_is_in_the_colours_of_its_scheme(page, site):
    """The chosen tab is in the dark theme's accent where the page is dark, and a model's name ends before the arrow."""
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site}demos/lab/?tab=training")
    accent = ImageColor.getrgb(load_style("night", Path()).colors.accent)
    expect(page.get_by_role("tab", name="Training")).to_have_css("color", f"rgb{accent}")
    expect(page.get_by_label("Model").locator("visible=true")).to_have_css("text-overflow", "ellipsis")
