"""The Gradio app `lab` in a real browser: it needs no host but this one, which the page fixture checks."""

import pytest
from playwright.sync_api import expect

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
