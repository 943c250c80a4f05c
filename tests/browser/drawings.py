"""What each live element draws of an answer, compared with that answer: its marks, its curves and its words."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

JSON = dict[str, Any]
MARKS = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥"})
PAINTED = "({ width, height }, pen) => pen.getImageData(0, 0, width, height).data.some((value) => value > 0)"


def texts(element: Locator, selector: str) -> list[str]:
    """The texts of all that is there, also of what is scrolled out of sight."""
    return element.locator(selector).evaluate_all("all => all.map((one) => one.textContent)")


def curves(element: Locator, *points: int) -> None:
    """The chart's lines, each with its points inside the drawing."""
    drawn = element.locator(".series").evaluate_all("all => all.map((one) => one.getAttribute('d'))")
    assert [len(line[1:].split("L")) for line in drawn] == list(points)
    assert all("NaN" not in line for line in drawn)


def draws_bars(element: Locator, answers: list[JSON]) -> None:
    """A bar a candidate, as long as it is likely."""
    for panel, answer in zip(element.locator(".panel").all(), answers, strict=True):
        names = [candidate["text"].translate(MARKS) for candidate in answer["candidates"]]
        numbers = [str(candidate["id"]) for candidate in answer["candidates"]]
        assert texts(panel, ".bar:not(.other) .label") == list(map(str.__add__, numbers, names))
        widths = panel.locator(".fill").evaluate_all("all => all.map((fill) => parseFloat(fill.style.width))")
        wanted = [100 * candidate["p"] for candidate in answer["candidates"]]
        assert max(abs(a - b) for a, b in zip(widths[:-1], wanted, strict=True)) < 0.01


def draws_attention(element: Locator, answers: list[JSON]) -> None:
    """A painted map a head, a row a token, what the next one rests on, and its bars."""
    [answer] = answers
    n = len(answer["tokens"])
    painted = element.locator(".head canvas").evaluate_all(
        f"all => all.map((canvas) => ({PAINTED})(canvas, canvas.getContext('2d')))"
    )
    assert painted == [True] * (answer["layers"] * answer["heads"])
    assert element.locator(".map .row:not(.rests) .weight").count() == n * (n + 1) // 2
    assert texts(element, ".map .name") == [*(token.translate(MARKS) for token in answer["tokens"]), "rests on"]
    shares = element.locator(".rests .weight").evaluate_all(
        "all => all.map((one) => +one.getAttribute('fill-opacity'))"
    )
    assert shares == pytest.approx(answer["rests"], abs=6e-4)
    assert texts(element, ".bar:not(.other) .label") == [bar["text"].translate(MARKS) for bar in answer["bars"]]


def draws_decoding(element: Locator, answers: list[JSON]) -> None:
    """A chip a beginning, a line from each to the one before, and both texts."""
    steps = answers[0]["steps"]
    count = sum(map(len, steps))
    assert element.locator(".tree g").count() == count
    assert element.locator(".tree path").count() == count - len(steps[0])
    found = texts(element, ".found dd:not(.p)")
    assert len(found) == 2
    assert found[1].strip("“”").replace("·", " ").replace("⏎", "\n").split() == answers[0]["beam_text"].split()


def draws_kv_cache(element: Locator, answers: list[JSON]) -> None:
    """Two curves, a point a token, the text that was written, and a sum that gives a token's bytes."""
    [answer] = answers
    curves(element, len(answer["again"]), len(answer["cached"]))
    [product] = texts(element, ".memory .small")
    assert math.prod(map(int, re.findall(r"\d+", product.partition("=")[0]))) == answer["bytes"]
    assert texts(element, ".written span:not(.mark)") == [token.translate(MARKS) for token in answer["tokens"]]


def draws_logit_attribution(element: Locator, answers: list[JSON]) -> None:
    """A column a layer and one of what comes in; the last tells the logit."""
    [answer] = answers
    first = answer["candidates"][0]
    columns = element.locator(".column")
    assert columns.count() == 1 + len(first["mlp"])
    assert columns.last.get_attribute("aria-label").endswith(f"so far +{first['logit']:.2f}")


def draws_logit_lens(element: Locator, answers: list[JSON]) -> None:
    """A row a layer, the last on top; a cell a token."""
    layers = answers[0]["layers"]
    wanted = [guess["text"].translate(MARKS) for layer in reversed(layers) for guess in layer["guesses"]]
    assert texts(element, ".cell") == wanted


def draws_neurons(element: Locator, answers: list[JSON]) -> None:
    """A row a neuron of the last token: how active it is at each one, and what it writes."""
    [answer] = answers
    neurons = answer["most"][-1]
    assert texts(element, ".number") == [str(neuron["neuron"]) for neuron in neurons]
    shown = [float(text.replace("−", "-")) for text in texts(element, ".active")]
    assert shown == pytest.approx([value for neuron in neurons for value in neuron["active"]], abs=0.051)
    words = [word["text"].translate(MARKS) for neuron in neurons for word in neuron["writes"]]
    assert [text.rsplit(" ", 1)[0] for text in texts(element, ".writes > span")] == words


def draws_qkv(element: Locator, answers: list[JSON]) -> None:
    """Four matrices in colours, and the weights as numbers; the product of the last query and its favourite key."""
    [answer] = answers
    n = len(answer["tokens"])
    assert element.locator(".strip").count() == 4 * n
    assert element.locator(".strip i").count() == 4 * n * answer["width"]
    shown = texts(element, ".numbers b")
    wanted = [f"{w:.2f}" if j <= i else "−∞" for i, row in enumerate(answer["weights"]) for j, w in enumerate(row)]
    assert shown == wanted
    weights, scores = answer["weights"][-1], answer["scores"][-1]
    favourite = weights.index(max(weights))
    assert element.locator(".vectors .column").count() == answer["width"]
    score = f"{scores[favourite]:.2f}".replace("-", "−")
    share = f"{math.floor(100 * weights[favourite] + 0.5)}%"
    assert texts(element, ".sum b")[::2] == [score, share]


def draws_race(element: Locator, answers: list[JSON]) -> None:
    """Two charts, a point a length."""
    curves(element, *2 * [len(answer["laps"]) for answer in answers])


def draws_sampling(element: Locator, answers: list[JSON]) -> None:
    """The continuations, token by token."""
    wanted = ["".join(token["text"] for token in text["tokens"]) for text in answers[0]["texts"]]
    assert texts(element, ".drawn") == wanted


def draws_tokenizer(element: Locator, answers: list[JSON]) -> None:
    """A chip a token with its number."""
    assert texts(element, ".chip .token") == [token["text"].translate(MARKS) for token in answers[0]["tokens"]]
    assert texts(element, ".chip .id") == [str(token["id"]) for token in answers[0]["tokens"]]


def draws_training(element: Locator, answers: list[JSON]) -> None:
    """The curve of the loss, and what the last checkpoint wrote."""
    [answer] = answers
    curves(element, len(answer["curve"]))
    assert element.locator(".wrote").evaluate("wrote => wrote.lastChild.textContent") == answer["samples"][-1]["text"]


def draws_translate(element: Locator, answers: list[JSON]) -> None:
    """The translation, and a line from each of its words to each of the sentence's."""
    [answer] = answers
    assert texts(element, ".french") == [answer["text"]]
    assert element.locator(".alignment path").count() == len(answer["source"]) * len(answer["target"])


DRAWS: dict[str, Callable[[Locator, list[JSON]], None]] = {
    "attention": draws_attention,
    "decoding": draws_decoding,
    "kv_cache": draws_kv_cache,
    "logit_attribution": draws_logit_attribution,
    "logit_lens": draws_logit_lens,
    "neurons": draws_neurons,
    "next_token": draws_bars,
    "qkv": draws_qkv,
    "race": draws_race,
    "rnn_vs_attention": draws_bars,
    "sampling": draws_sampling,
    "tokenizer": draws_tokenizer,
    "training": draws_training,
    "translate": draws_translate,
}


def recorded_answers(recording: JSON) -> list[JSON]:
    """What a recording answers to its prompt as the slide is opened, one answer a model."""
    found = []
    for model in recording["models"]:
        answers = recording["answers"][model["name"]]
        found.append(answers[0]["answer"] if isinstance(answers, list) else answers[recording["prompt"]])
    return found


def expect_badge(element: Locator, word: str, seconds: float = 15) -> None:
    """Waits until every badge of the element begins with `word`."""
    for badge in element.locator(".badge").all():
        expect(badge).to_contain_text(f"{word} · ", timeout=1000 * seconds)
