"""The numbers of figures that read training logs and published laws."""

import math
from types import SimpleNamespace

import pytest
from matplotlib.text import Text

from talkgen.errors import ModelError
from talkgen.figures import training_curve


def test_training_curve_keeps_the_log(data_of):
    """Held-out losses are the log's, in its order; a short training loss is kept whole."""
    first, second = data_of("training_curve")["runs"]
    assert (first["architecture"], second["architecture"]) == ("transformer", "lstm")
    assert first["held_out_tokens"] == [51200, 102400, 153600, 204800]
    assert first["held_out_loss"] == pytest.approx([2.1 + 4 * step**-0.5 for step in (100, 200, 300, 400)], abs=1e-3)
    assert len(first["loss"]) == 40


def test_long_training_loss_is_averaged(tmp_path, monkeypatch, data_of):
    """A log of many steps becomes at most twice the points that a slide can show, with the same mean."""
    monkeypatch.setattr(training_curve, "_POINTS", 5)
    whole = data_of("training_curve", run="small")["runs"][0]
    assert len(whole["loss"]) == 5
    log = [2.0 + 4 * step**-0.5 for step in range(10, 401, 10)]
    assert sum(whole["loss"]) / 5 == pytest.approx(sum(log) / len(log), abs=1e-3)


@pytest.mark.parametrize(("log", "message"), [(None, "no training log"), ("", "not been tested")])
def test_training_curve_says_what_is_missing(log, message, tmp_path):
    """A folder without a log, or one that has just begun, is a message."""
    if log is not None:
        (tmp_path / "metrics.jsonl").write_text(log)
    inputs = SimpleNamespace(run=lambda _: tmp_path)
    with pytest.raises(ModelError, match=message):
        training_curve.compute(training_curve.Params(), inputs)


def test_a_loss_of_something_else_is_no_nats_and_has_an_axis(tmp_path, canvas):
    """A log of least squares says neither tokens nor a model of text; heights between two whole ones are said."""
    run = tmp_path / "mine"
    run.mkdir()
    (run / "log.csv").write_text("step,loss,val_loss\n1,0.9,0.95\n2,0.4,0.5\n3,0.02,0.04\n", encoding="utf-8")
    data = training_curve.compute(training_curve.Params(run="x", beside="x"), SimpleNamespace(run=lambda _: run))
    assert "nats" not in training_curve.describe(data)
    assert "from 0.95 to 0.04 over 3 steps" in training_curve.describe(data)
    said = {text.get_text() for text in training_curve.draw(data, canvas).findobj(Text)}
    assert {"loss", "0.25", "0.5", "0.75"} <= said


def test_laws_give_their_papers_numbers(data_of, inputs):
    """Kaplan: 2.83 at 1e8 parameters; the constants are the printed ones, each with a source."""
    data = data_of("scaling_law")
    kaplan, hoffmann, besiroglu = data["laws"]
    at = {round(math.log10(n), 1): i for i, n in enumerate(data["sizes"])}
    assert kaplan["losses"]["unlimited"][at[7.0]] == pytest.approx(3.371, abs=0.002)
    assert kaplan["losses"]["unlimited"][at[8.0]] == pytest.approx(2.830, abs=0.002)
    assert kaplan["ten_times"]["unlimited"] == pytest.approx(10**-0.076, abs=1e-3)
    expected = 1.69 + 406.4 / 1e9**0.34 + 410.7 / 2e10**0.28
    assert hoffmann["losses"]["in_step"][at[9.0]] == pytest.approx(expected, rel=1e-3)
    assert (hoffmann["floor"], besiroglu["floor"]) == (1.69, 1.8172)
    assert all(row["source"] for row in inputs.table("scaling_laws.csv"))


def test_more_text_lowers_a_law_of_both(data_of):
    """Ten times the tokens for each parameter help where a law knows of tokens, and nowhere else."""
    few, many = (data_of("scaling_law", tokens_per_parameter=n)["laws"] for n in (20, 200))
    assert few[0]["losses"] == many[0]["losses"]
    assert all(a > b for a, b in zip(few[2]["losses"]["in_step"], many[2]["losses"]["in_step"], strict=True))
