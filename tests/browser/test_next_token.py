"""The next token's element beside its bars, without a server: dials, numbers, undo, rewinding and branching."""

import json
import math
import re

import pytest
from conftest import write_page
from live_element import LiveElement
from page_parts import PROMPT, element
from playwright.sync_api import expect

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.page import page_model
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record
from talkgen.render.elements import models_script

pytestmark = pytest.mark.slow
DIALS = {"temperature": [0.5, 1.0], "top_k": [None, 2]}


@pytest.fixture(scope="module")
def dialled(recording):
    return recording("tiny", dials=DIALS)


@pytest.fixture
def live(page, dialled, tmp_path) -> LiveElement:
    """The element with dials, opened from disk."""
    page.goto(write_page(tmp_path / "one.html", element("talkgen-live", "recording", dialled)).as_uri())
    return LiveElement(page)


def shares(answer) -> list[str]:
    """An answer's shares as they are drawn from, in the page's words."""
    drawn = [candidate.p_sampled for candidate in answer.candidates]
    return [words(p) for p in [*drawn, max(0.0, 1 - sum(drawn))]]


def words(p: float) -> str:
    if p < 0.001:
        return "<0.1%" if p > 5e-7 else "0%"
    return f"{100 * p:.0f}%" if p >= 0.0995 else f"{100 * p:.1f}%"


def test_the_dials_turn_to_what_was_recorded(page, live, engines):
    """The bars are what the engine draws from; what is pruned stays in sight, struck out; the entropy is said."""
    tiny = engines["tiny"]
    assert [share for _, share in live.bars()] == shares(tiny.next_token(PROMPT, bars=5))
    live.root.get_by_role("radio", name="2", exact=True).click()
    wanted = tiny.next_token(PROMPT, bars=5, sampling=Sampling(top_k=2))
    assert [share for _, share in live.bars()] == shares(wanted)
    assert live.root.locator(".pruned").count() == 3
    assert live.root.locator(".pruned .before").first.evaluate("bar => bar.offsetWidth") > 0
    said = f"entropy {wanted.entropy:.1f} bits → {wanted.entropy_sampled:.1f} among 2 tokens"
    expect(live.root.locator(".entropy")).to_have_text(said)
    live.root.get_by_role("radio", name="0.5").click()
    sharper = tiny.next_token(PROMPT, bars=5, sampling=Sampling(0.5, 2))
    assert [share for _, share in live.bars()] == shares(sharper)


def test_a_dial_turns_with_the_keyboard(page, live):
    """One tab stop, arrows choose, and no key reaches the deck."""
    live.root.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(live.root.get_by_role("radio", name="0.5")).to_be_focused()
    expect(live.root.get_by_role("radio", name="0.5")).to_have_attribute("aria-checked", "true")


def test_numbers_stand_below_the_tokens_when_they_are_asked_for(page, live, dialled):
    """The same boxes as elsewhere, each with its number; the bars' too."""
    assert not live.root.locator(".strip").is_visible()
    live.root.get_by_role("button", name="Tokens and their numbers").press("Enter")
    ids = [str(token["id"]) for token in dialled["answers"]["tiny"][PROMPT]["tokens"]]
    assert live.root.locator(".strip .id").all_inner_texts() == ids
    first = dialled["answers"]["tiny"][PROMPT]["candidates"][0]
    expect(live.root.locator(".bar .id").first).to_have_text(str(first["id"]))


def bits(p: float, less: float) -> float:
    return math.log2(max(p, 1e-6)) - math.log2(max(less, 1e-6))


def test_tokens_say_what_the_likeliest_owes_to_them(page, live, dialled):
    """A bar below each token, as long as the bits that are lost without it; the largest, and one's own, in words."""
    live.root.get_by_role("button", name="Tokens and their numbers").click()
    answer = dialled["answers"]["tiny"][PROMPT]
    first = answer["candidates"][0]
    debts = [bits(first["p"], less) for less in answer["left_out"]]
    bars = live.root.locator(".strip .owes i")
    scale = max(1, *map(abs, debts))
    shown = bars.evaluate_all("bars => bars.map(bar => Number(bar.style.getPropertyValue('--w')))")
    assert shown == pytest.approx([abs(debt) / scale for debt in debts], abs=1e-6)
    hinders = bars.evaluate_all("bars => bars.map(bar => bar.classList.contains('hinders'))")
    assert hinders == [debt < -0.05 for debt in debts]
    which = PROMPT[debts.index(max(debts))]
    says = f"owes {max(debts):.1f} bits to “{which}”" if max(debts) > 0.05 else "owes nothing to a single token"
    expect(live.root.locator(".debts")).to_contain_text(says)
    live.root.locator(".strip .chip").first.focus()
    expect(live.status).to_contain_text(f"without “{PROMPT[0]}”: ")
    expect(live.status).to_contain_text(f"{words(first['p'])} → {words(answer['left_out'][0])}")


def test_two_models_owe_beside_each_other(page, site, engines):
    """While the tokens are in sight the server is asked for it too: a bar a model below each token that is typed."""
    page.goto(f"{site}two.html")
    live = LiveElement(page)
    live.expect_badge(re.compile("^live"))
    live.root.get_by_role("button", name="Tokens and their numbers").click()
    live.box.fill("to be or")
    expect(live.root.locator(".strip .owes i")).to_have_count(2 * len("to be or"))
    first = engines["tiny-lstm"].next_token("to be or", leave_out=True)
    wanted = f"{words(first.candidates[0].p)} → {words(first.left_out[1])}"
    expect(live.root.locator(".strip .chip").nth(1)).to_have_attribute("aria-label", re.compile(re.escape(wanted)))
    live.root.get_by_role("button", name="Tokens and their numbers").click()
    with page.expect_request("**/api/next") as asked:
        live.box.fill("to be or n")
    assert "leave_out" not in asked.value.post_data_json


def test_a_text_is_rewound_and_branches(page, live):
    """A click on a token cuts the text after it; what was left behind can be taken up again."""
    live.root.locator('.bar:not([aria-disabled="true"])').first.click()
    grown = live.box.input_value()
    live.root.get_by_role("button", name="Tokens and their numbers").click()
    live.root.locator(".strip .chip").nth(1).click()
    expect(live.box).to_have_value(PROMPT[:2])
    expect(live.status).to_contain_text("2 tokens")
    assert "no recorded" not in live.status.inner_text()
    live.root.locator(".strip").get_by_role("button", name="back to").click()
    expect(live.box).to_have_value(grown)


def test_what_was_done_is_undone(page, live):
    """Buttons and Ctrl+Z, what was typed in one go as one step; redo too."""
    undo, redo = (live.root.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(undo).to_be_disabled()
    live.root.locator('.bar:not([aria-disabled="true"])').first.click()
    grown = live.box.input_value()
    live.box.focus()
    page.keyboard.press("End")
    page.keyboard.type("xyz")
    page.keyboard.press("Control+z")
    expect(live.box).to_have_value(grown)
    undo.click()
    expect(live.box).to_have_value(PROMPT)
    expect(undo).to_be_disabled()
    redo.click()
    redo.click()
    expect(live.box).to_have_value(f"{grown}xyz")


def test_the_page_answers_the_dials_too(page, tmp_path):
    """A model that lies in the page gives what the engine gives, also for a text that nobody recorded."""
    files = find_model("small", tmp_path)
    engine = Engine(load_model(files))
    made = record(Live(live="next_token", prompt="The", bars=5, dials=DIALS), [files], {"small": engine})
    script = f"<script>{models_script({'small': json.dumps(page_model(engine.loaded))})}</script>"
    page.goto(write_page(tmp_path / "alive.html", script, element("talkgen-live", "recording", made)).as_uri())
    live = LiveElement(page)
    live.expect_badge(f"in this page · {files.label}")
    live.box.fill("The statement is not")
    live.root.get_by_role("radio", name="2", exact=True).click()
    expect(live.root.locator(".entropy")).to_contain_text("among 2 tokens")
    expect(live.root.locator(".pruned")).to_have_count(3)
    wanted = engine.next_token("The statement is not", bars=5, sampling=Sampling(top_k=2))
    shown = [float(share.rstrip("%")) / 100 for _, share in live.bars()[:2]]
    assert shown == pytest.approx([candidate.p_sampled for candidate in wanted.candidates[:2]], abs=0.02)


def test_escape_leads_back_from_the_page_of_a_phone(page, live):
    """The key closes the page, and is none of the deck's, whose overview it would open."""
    page.evaluate("window.heard = []; document.addEventListener('keydown', event => heard.push(event.key))")
    live.root.evaluate("element => element.phone.open.click()")
    assert live.root.evaluate("element => element.matches(':popover-open')")
    page.keyboard.press("Escape")
    assert not live.root.evaluate("element => element.matches(':popover-open')")
    assert page.evaluate("heard") == []
