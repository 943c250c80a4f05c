"""What waits for clicks, walked through and back again in both tools: the same parts in the same order."""

import pytest
from deck_slides import served

from talkgen.pipeline.build import Request, build

pytestmark = pytest.mark.slow

OUTLINE = """\
title: Reveals
model: small
slides:
  - title: Beside each other
    body:
      - P0 at once
      - columns:
          - - {markdown: P1 left, reveal: true}
            - {bullets: [P2 one, {P3 two: [P4 below]}], reveal: true}
          - - {quote: P5 right, reveal: true}
            - {figure: model_sizes, reveal: steps, height: 400}
      - {callout: P6 below, reveal: true}
  - title: One in another
    body:
      - columns:
          - - {markdown: P2 left, reveal: true}
            - P1 with the columns
          - - {bullets: [P3 one, P4 two], reveal: true}
        reveal: true
      - {table: {head: [a], rows: [[P5 below]]}, reveal: true}
  - title: Alive
    body:
      - {live: next_token, prompt: The statement, bars: 3}
      - {markdown: P1 after it, reveal: true}
  - title: The last
"""
WALK = [
    *[f"1: {parts}" for parts in ("P0", "P0 P1", "P0 P1 P2", "P0 P1 P2 P3", "P0 P1 P2 P3 P4", "P0 P1 P2 P3 P4 P5")],
    *["1: P0 P1 P2 P3 P4 P5"] * 3,  # the figure's steps
    "1: P0 P1 P2 P3 P4 P5 P6",
    *[f"2: {parts}".rstrip() for parts in ("", "P1", "P1 P2", "P1 P2 P3", "P1 P2 P3 P4", "P1 P2 P3 P4 P5")],
    "3:",
    "3: P1",
    "4:",
]
SEEN = """slide => {
  const found = [];
  const walk = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const name = /\\bP\\d\\b/.exec(walk.currentNode.data)?.[0];
    const parent = walk.currentNode.parentElement;
    if (name && parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) found.push(name);
  }
  return found.sort().join(" ");
}"""


@pytest.fixture(scope="module")
def deck(target, tmp_path_factory):
    """The page of the deck built for the target."""
    folder = tmp_path_factory.mktemp("reveals")
    (folder / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    return build(Request(folder, target), print).outputs[0]


def test_each_click_shows_the_next_part_and_back_hides_it_again(page, deck, target):
    """What is around another comes before it; a slide that is come back to is as it was left, also a live one."""
    root = "svg.bespoke-marp-active" if target == "marp" else ".slidev-page:visible .slidev-layout"

    def seen() -> str:
        page.wait_for_timeout(400)  # a transition
        number = page.evaluate("/#\\/?(\\d+)/.exec(location.hash)[1]")
        return f"{number}: {page.locator(root).last.evaluate(SEEN)}".rstrip()

    with served(deck) as address:
        page.goto(f"{address}#{1 if target == 'marp' else '/1'}")
        page.get_by_text("P0").wait_for()
        there = [seen()]
        for _ in WALK[1:]:
            page.keyboard.press("ArrowRight")
            there.append(seen())
        back = [there[-1]]
        for _ in WALK[1:]:
            page.keyboard.press("ArrowLeft")
            back.append(seen())
    assert there == WALK
    assert back == WALK[::-1]
