"""The time on each slide of a rehearsal, and its chart."""

from talkgen.serve.rehearsal import Rehearsal, chart
from talkgen.serve.stage import Place, Stage

SLIDES = [
    {"title": "Cover", "minutes": 0.5},
    {"title": "A title that is a good deal longer than its place", "minutes": 1},
    {"title": "Last", "minutes": None},
]


def rehearsed() -> list:
    """Cover for 20 s, the second slide for 60 and once more for 30, the last for 10; steps turn nothing."""
    now = 0.0
    rehearsal = Rehearsal(lambda: now)
    stage = Stage(lambda: now, rehearsal.turn)
    for slide, step, seconds in ((1, 0, 20), (2, 0, 40), (2, 1, 20), (3, 0, 10), (2, 1, 30)):
        stage.move(Place(window="w", slide=slide, step=step))
        now += seconds
    rehearsal.turn(0)
    now += 1000
    return rehearsal.timed(SLIDES)


def test_time_is_added_up_slide_by_slide():
    """Going back counts, steps on a slide belong to it, and what comes after the end does not."""
    assert [each.seconds for each in rehearsed()] == [20, 90, 10]
    assert rehearsed()[1].to_json() == {"slide": 2, "title": SLIDES[1]["title"], "seconds": 90, "planned_minutes": 1}


def test_the_chart_shows_what_took_too_long():
    """A bar a slide, a mark where the plan ends, the sums below; the longest slide fills the width."""
    cover, second, last, total = chart(rehearsed()).splitlines()
    assert "0:20" in cover
    assert not cover.endswith("over")
    assert second.count("█") + second.count("|") == 32
    assert "…" in second
    assert second.endswith("0:30 over")
    assert "|" not in last
    assert total.split() == ["in", "all", "2:00", "of", "1:30", "planned"]


def test_a_talk_that_was_never_turned_has_no_time():
    """No window, no seconds; the chart is there all the same."""
    slides = Rehearsal(lambda: 0.0).timed(SLIDES)
    assert [each.seconds for each in slides] == [0, 0, 0]
    assert "0:00 of  1:30 planned" in chart(slides)
