"""Notes in a PowerPoint file: what Markdown means, and none of its signs."""

from pptx import Presentation

from talkgen.export.spoken import write_spoken

NOTES = """\
Say *this* and **that**, then `code` and [a link](https://example.org).
A new line. 2 * 3 * 4 and $x_1$ stay.

## Then

- one
  - **two** below
- three

4. four
5. five
"""


def _written(notes: str) -> list[list[tuple[str, bool, bool]]]:
    """The runs of each paragraph: their text, whether they are bold, whether italic."""
    deck = Presentation()
    frame = deck.slides.add_slide(deck.slide_layouts[5]).notes_slide.notes_text_frame
    write_spoken(frame, notes)
    return [[(run.text, bool(run.font.bold), bool(run.font.italic)) for run in each.runs] for each in frame.paragraphs]


def test_notes_are_read_without_signs():
    """A paragraph a line, items with bullets and numbers; what is no Markdown stays as it is."""
    lines = ["".join(text for text, *_ in runs) for runs in _written(NOTES)]
    assert lines == [
        "Say this and that, then code and a link.",
        "A new line. 2 * 3 * 4 and $x_1$ stay.",
        "Then",
        "\N{BULLET} one",
        "\N{BULLET} two below",
        "\N{BULLET} three",
        "4. four",
        "5. five",
    ]


def test_words_are_bold_and_italic():
    """Also one in another."""
    (runs,) = _written("a *b* **c** ***d***")
    assert [run for run in runs if run[0].strip()] == [
        ("a ", False, False),
        ("b", False, True),
        ("c", True, False),
        ("d", True, True),
    ]


def test_what_would_be_html_stays_text():
    """A tag is what the speaker wrote."""
    assert _written("<b>x</b>") == [[("<b>x</b>", False, False)]]


def test_a_link_leads_where_it_led():
    """Its words are shown."""
    deck = Presentation()
    frame = deck.slides.add_slide(deck.slide_layouts[5]).notes_slide.notes_text_frame
    write_spoken(frame, "See [there](https://example.org), not here.")
    links = [(run.text, run.hyperlink.address) for run in frame.paragraphs[0].runs]
    assert links == [("See ", None), ("there", "https://example.org"), (", not here.", None)]
