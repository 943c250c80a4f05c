"""Each element's own ways on a page without a server: what its recording answers to clicks and keys."""

import pytest
import torch
from barriers import barriers
from page_parts import element
from playwright.sync_api import expect
from tiny_models import save_model

from talkgen.elements.registry import check_dials, check_params, tag
from talkgen.lm.answer.engine import Engine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.config import ModelConfig
from talkgen.outline.blocks import Live
from talkgen.pipeline.recordings import record_element
from talkgen.render.elements import elements_script
from talkgen.style import load_style

pytestmark = pytest.mark.slow
PROMPT = "The name is bound"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Two shipped models, each its files and an engine, by name."""
    found = [find_model(name, tmp_path_factory.mktemp("project")) for name in ("small", "translator")]
    return {files.name: (files, Engine(load_model(files))) for files in found}


@pytest.fixture
def show(page, shipped, tmp_path):
    """A function that opens a page with an element; returns the element, and its recording."""

    def open_page(name, dials=None, prompt=PROMPT, model="small", **params):
        checked = check_params(name, params)
        settings = {"params": checked.model_dump(mode="json"), "dials": check_dials(name, checked, dials)}
        files, engine = shipped[model]
        made = record_element(Live(live=name, prompt=prompt, **settings), [files], {model: engine})
        script = f'<script type="module">{elements_script()}</script>'
        (tmp_path / "one.html").write_text(
            f"<!doctype html><meta charset=utf-8>{element(tag(name), 'recording', made)}{script}", encoding="utf-8"
        )
        page.goto((tmp_path / "one.html").as_uri())
        found = page.locator(tag(name))
        expect(found.locator(".badge")).to_contain_text(f"recorded · {files.label}")
        return found, made

    return open_page


@pytest.mark.parametrize("theme", ["night", "nmt"])
@pytest.mark.parametrize("name", ["kv_cache", "logit_attribution", "neurons", "qkv", "sampling", "tokenizer"])
def test_axe_core_finds_nothing_serious(page, show, name, theme, tmp_path):
    """Of contrasts in the theme's colours, also of another text's answer; a table has rows, what has a name a role."""
    found, _ = show(name)
    style = load_style(theme, tmp_path)
    page.add_style_tag(content=f":root {{ color-scheme: {style.scheme}; {style.css_variables()} }}")
    page.add_style_tag(content="body { background: var(--tg-background); font-family: var(--tg-font-body) }")
    assert barriers(page) == []
    found.locator("textarea").fill("Something else")
    expect(found.locator(".body")).to_have_attribute("data-state", "stale")
    assert barriers(page) == []


def shares(found) -> list[str]:
    """The numbers beside the bars."""
    return found.locator(".bar .share").all_inner_texts()


def test_attention_switches_a_head_off(page, show):
    """O switches the head with the focus off: the bars move to what was recorded; All on puts them back."""
    found, made = show("attention", layer=1, head=1)
    before = shares(found)
    found.locator(".head").first.focus()
    page.keyboard.press("ArrowRight")
    expect(found.locator(".caption").nth(1)).to_contain_text("Layer 1, head 2")
    page.keyboard.press("o")
    expect(found.locator('.head[data-off][data-layer="1"][data-head="2"]')).to_have_count(1)
    wanted = next(each for each in made["answers"]["small"] if each["params"] == {"off": ["1.2"]})["answer"]["bars"]
    first = wanted[0]["p"]
    assert shares(found)[0] == (f"{100 * first:.0f}%" if first >= 0.0995 else f"{100 * first:.1f}%")
    assert shares(found) != before
    found.get_by_role("button", name="All on").click()
    assert shares(found) == before


def test_attention_shows_the_rollout_and_says_where_a_token_looks(page, show):
    """R shows the rollout; a row with the focus is said in words."""
    found, _ = show("attention", layer=1, head=1)
    found.locator(".head").first.focus()
    page.keyboard.press("r")
    page.keyboard.press("Tab")
    expect(found.locator(".caption").nth(1)).to_contain_text("Rollout")
    found.locator(".row:not(.rests)").last.focus()
    expect(found.locator(".status")).to_contain_text("looks at “The” ")


def test_attention_says_what_the_next_token_rests_on(page, show):
    """The row below the map is reached by an arrow key, and said with the token that rests on the others."""
    found, made = show("attention")
    answer = made["answers"]["small"][0]["answer"]
    shares = sorted(answer["rests"], reverse=True)
    found.locator(".row:not(.rests)").last.focus()
    page.keyboard.press("ArrowDown")
    expect(found.locator(".rests")).to_be_focused()
    most = max(answer["bars"], key=lambda bar: bar["p"])["text"].replace(" ", "·")
    expect(found.locator(".status")).to_contain_text(f"“{most}” rests on “")
    expect(found.locator(".status")).to_contain_text(f"” {100 * shares[0]:.0f}%, “")


def test_attention_has_no_recorded_answer_for_another_text(page, show):
    """What was not recorded is said, and the old picture stays, dimmed."""
    found, _ = show("attention")
    found.locator("textarea").fill("Something else")
    expect(found.locator(".status")).to_have_text("no recorded answer for this text")
    expect(found.locator(".body")).to_have_attribute("data-state", "stale")


def test_attention_of_many_layers_can_be_read(page, show, shipped, tmp_path):
    """A wide picture of heads leaves the large map its room: its words are large, and nothing lies on another."""
    torch.manual_seed(7)
    save_model(tmp_path, "deep", ModelConfig(257, n_layer=13, n_embd=16, n_head=2, block_size=64))
    files = find_model("deep", tmp_path)
    shipped["deep"] = (files, Engine(load_model(files)))
    found, _ = show("attention", prompt="be brief", model="deep", layer=1, head=1)
    scale = found.locator(".map .name").first.evaluate("text => text.getScreenCTM().d")
    assert 22 * scale >= 18
    boxes = [found.locator(part).bounding_box() for part in (".heads", ".bars", ".map", ".tools")]
    heads, bars, table, tools = boxes
    assert heads["y"] + heads["height"] <= min(bars["y"], tools["y"])
    assert max(box["x"] + box["width"] for box in (heads, bars, tools)) <= table["x"]
    assert tools["x"] + tools["width"] <= bars["x"]
    assert max(box["y"] + box["height"] for box in boxes) <= 600


def test_the_tokenizer_cuts_with_fewer_merges(page, show):
    """The dial's values are recorded: without merges a token is a byte; arrow keys turn the dial."""
    found, made = show("tokenizer")
    whole = len(made["answers"]["small"][0]["answer"]["tokens"])
    expect(found.locator(".chip")).to_have_count(whole)
    found.get_by_role("radio", name="all").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(found.locator(".chip")).to_have_count(len(PROMPT))
    expect(found.get_by_role("radio", name="0", exact=True)).to_be_focused()


def test_sampling_draws_again_with_a_recorded_seed(page, show):
    """Without a server Draw again goes round the recorded seeds."""
    found, made = show("sampling", tokens=5, texts=2)
    texts = found.locator(".drawn").all_inner_texts()
    found.get_by_role("button", name="Draw again").click()
    second = next(each["answer"] for each in made["answers"]["small"] if each["params"] == {"seed": 2})
    shown = ["".join(token["text"] for token in text["tokens"]) for text in second["texts"]]
    assert found.locator(".drawn").evaluate_all("boxes => boxes.map(box => box.textContent)") == shown
    assert found.locator(".drawn").all_inner_texts() != texts


def test_the_tree_grows_step_by_step(page, show):
    """Arrow keys on the tree go back and forth; what comes later is not in sight."""
    found, made = show("decoding", tokens=4)
    steps = made["answers"]["small"][0]["answer"]["steps"]
    seen = found.locator(".tree g:not([data-later])")
    expect(seen).to_have_count(sum(map(len, steps)))
    found.locator(".tree").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(seen).to_have_count(len(steps[0]))
    expect(found.locator(".status")).to_contain_text("step 1 of 4")
    page.keyboard.press("ArrowRight")
    expect(seen).to_have_count(len(steps[0]) + len(steps[1]))


def test_the_lens_says_what_a_layer_guesses(page, show):
    """The cell with the focus is said; arrow keys move it."""
    found, made = show("logit_lens")
    layers = made["answers"]["small"][0]["answer"]["layers"]
    found.locator(".cell").first.focus()
    expect(found.locator(".status")).to_contain_text(f"after layer {layers[-1]['layer']}: ")
    page.keyboard.press("ArrowDown")
    expect(found.locator(".status")).to_contain_text(f"after layer {layers[-2]['layer']}: ")


def test_the_steps_of_a_head_go_back_and_forth(page, show):
    """The arrow keys choose a step, from the first to the last and no further: one radio button is checked."""
    found, made = show("qkv")
    answer, steps = made["answers"]["small"][0]["answer"], found.get_by_role("radiogroup", name="Step")
    steps.get_by_role("radio").last.focus()
    page.keyboard.press("ArrowRight")
    expect(steps.get_by_role("radio", checked=True)).to_have_text("7. weights · V")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(steps.get_by_role("radio", checked=True)).to_be_focused()
    expect(steps.get_by_role("radio", checked=True)).to_have_text("3. scores QKᵀ")
    shown = [float(text.replace("−", "-")) for text in found.locator(".numbers b").all_inner_texts()]
    assert shown == pytest.approx([score for row in answer["scores"] for score in row], abs=0.006)


def test_a_score_is_made_number_by_number(page, show):
    """Keys choose a query and a key: the sum, its scale and its share are theirs; each number tells its product."""
    found, made = show("qkv", step=2)
    answer = made["answers"]["small"][0]["answer"]
    found.get_by_role("radiogroup", name="Query").get_by_role("radio", checked=True).focus()
    page.keyboard.press("ArrowLeft")
    keys = found.get_by_role("radiogroup", name="Key").get_by_role("radio")
    keys.nth(1).click()
    score = answer["scores"][2][1]
    scaled, share = score / answer["width"] ** 0.5, 100 * answer["weights"][2][1]
    told = f"sum {score:.2f} ÷ √32 = {scaled:.2f} → softmax among 3: {share:.0f}%".replace("-", "−")
    expect(found.locator(".sum")).to_have_text(told)
    expect(found.locator(".status")).to_have_text(f"“·is” takes {share:.0f}% of what it gets from “·name”")
    found.locator(".vectors .column").first.focus()
    page.keyboard.press("ArrowRight")
    q, k = answer["q"][2][1], answer["k"][1][1]
    number = f"number 2: {q:.2f} × {k:.2f} = {q * k:.2f}".replace("-", "−")
    expect(found.locator(".status")).to_have_text(number)
    keys.last.click()
    expect(found.locator(".sum")).to_contain_text("it comes later: −∞, 0%")


def test_a_logit_less_another_is_what_decides_between_them(page, show):
    """Arrow keys choose which token is taken off and go from layer to layer, each of which tells what it adds."""
    found, made = show("logit_attribution", answers=3)
    first, second, _ = made["answers"]["small"][0]["answer"]["candidates"]
    expect(found.locator(".status")).to_contain_text(f"+{first['logit']:.2f} · most by ")
    found.get_by_role("radio", name="nothing").focus()
    page.keyboard.press("ArrowRight")
    less = found.get_by_role("radiogroup", name="Token that is taken off")
    expect(less.get_by_role("radio", checked=True)).to_be_focused()
    expect(less.get_by_role("radio").nth(1)).to_be_disabled()  # the chosen one less itself is nothing
    expect(found.locator(".status")).to_contain_text(f"+{first['logit'] - second['logit']:.2f} · most by ")
    found.locator(".column").first.focus()
    page.keyboard.press("ArrowRight")
    added = f"{first['attention'][0] - second['attention'][0]:+.2f}".replace("-", "−")
    expect(found.locator(".status")).to_contain_text(f"the attention of layer 1 {added}, the MLP of layer 1 ")


def test_neurons_of_another_token_are_chosen_by_keys(page, show):
    """The arrow keys choose the token whose most active neurons are shown; each cell tells what is in it."""
    found, made = show("neurons")
    answer = made["answers"]["small"][0]["answer"]
    expect(found.locator(".status")).to_contain_text(f"“·bound”: number {answer['most'][3][0]['neuron']}, ")
    found.get_by_role("radio", name="·bound").focus()
    page.keyboard.press("ArrowLeft")
    expect(found.get_by_role("radio", name="·is")).to_be_focused()
    first = answer["most"][2][0]
    expect(found.locator(".number").first).to_have_text(str(first["neuron"]))
    told = f"{first['active'][2]:+.2f}".replace("-", "−")
    expect(found.locator(".status")).to_contain_text(f"most active at “·is”: number {first['neuron']}, {told}")
    cells = found.get_by_role("gridcell")
    cells.first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    word = first["writes"][0]
    shown = word["text"].replace(" ", "·")
    expect(found.locator(".status")).to_contain_text(f"adds to the logit of “{shown}” {word['add']:+.2f}")
    page.keyboard.press("ArrowDown")
    expect(found.locator(".status")).to_contain_text(f"neuron {answer['most'][2][1]['neuron']} adds to the logit of ")


def test_neurons_need_no_scrolling_on_a_phone(page, show):
    """Of a text as long as can be tokens and numbers wrap alike: each number below another has its token's place."""
    page.set_viewport_size({"width": 390, "height": 844})
    found, made = show("neurons", prompt="The name is bound to the value of")
    tokens = len(made["answers"]["small"][0]["answer"]["tokens"])
    lefts = "all => all.map(one => one.getBoundingClientRect().left)"
    named = found.locator(".choose .button").evaluate_all(lefts)
    assert len(set(named)) < tokens
    assert found.locator(".row").first.locator(".active").evaluate_all(lefts) == named
    wide = "parts => parts.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
    assert found.locator(".neurons, .row, .writes, .active").evaluate_all(wide) == []


def test_a_translation_says_that_an_order_was_never_learned(page, show):
    """Words in an order that the model never saw are named above what it made of them; of others nothing is said."""
    found, _ = show("translate", model="translator", prompt="the cat black sleeps")
    expect(found.locator(".strange")).to_have_text("chance: it never saw words in this order: “the cat black”")
    found, _ = show("translate", model="translator", prompt="the black cat sleeps")
    expect(found.locator(".strange")).to_have_text("")
