"""Laws of size and the figures that show them: known laws are found again, a new sweep redraws, doubt is said."""

import copy
import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from talkgen.assets import sweeps_dir
from talkgen.errors import ModelError, OutlineError
from talkgen.figures import lstm_vs_transformer, scaling_law
from talkgen.figures.measure import fits, sweep_runs
from talkgen.figures.registry import load_figure
from talkgen.pipeline.build import Request, build
from talkgen.pipeline.plan import make_plan
from talkgen.pipeline.status import status
from talkgen.pipeline.sweeps import find_sweep_summary, read_sweep
from talkgen.pipeline.talk import Talk

SIZES = np.repeat(np.geomspace(6e3, 6e5, 7), 2)  # seven sizes, two seeds each
ONCE = np.ones((1, len(SIZES)))
FIGURES = ("lstm_vs_transformer", "scaling_law")
OUTLINE = """\
title: Sweeps
model: small
slides:
  - title: Ours
    body:
      - figure: lstm_vs_transformer
      - figure: scaling_law
  - title: Others
    body: [{figure: parameter_counts}]
"""


def law(exponent: float, floor: float = 0.0) -> np.ndarray:
    """Losses of a law at `SIZES`: 3 nats at 60,000 parameters."""
    return floor + (3 - floor) * (SIZES / 6e4) ** -exponent


def with_errors(losses: np.ndarray, seed: int, shared: float = 0.01, own: float = 0.005) -> np.ndarray:
    """The losses off by relative errors: those of a size, shared by its seeds, and those of each run."""
    rng = np.random.default_rng(seed)
    return losses * np.exp(np.repeat(rng.normal(0, shared, 7), 2) + rng.normal(0, own, 14))


def changed(sweep: dict, **values) -> SimpleNamespace:
    """A figure's inputs with the sweep after all its runs got `values`."""
    sweep = copy.deepcopy(sweep)
    for number, run in enumerate(sweep["runs"]):
        run |= {name: value(number) if callable(value) else value for name, value in values.items()}
    return SimpleNamespace(sweep=lambda _: sweep)


@pytest.fixture
def sweep(inputs) -> dict:
    """The summary of the shipped sweep: eight sizes of each architecture, two seeds."""
    return inputs.sweep("scaling")


@pytest.fixture
def project(tmp_path, own_cache):
    """A project with a sweep of its own and a talk about it."""
    (tmp_path / "slides" / "talk").mkdir(parents=True)
    (tmp_path / "slides" / "talk" / "outline.yaml").write_text(OUTLINE, encoding="utf-8")
    (tmp_path / "runs" / "scaling").mkdir(parents=True)
    shutil.copy(sweeps_dir() / "scaling" / "sweep.json", tmp_path / "runs" / "scaling")
    return tmp_path


@pytest.mark.parametrize("exponent", [0.05, 0.3, -0.1])
def test_an_exact_power_law_is_found_again(exponent):
    """Exponent and losses of a law without floor or errors."""
    found = fits.fit(SIZES, law(exponent), ONCE, floor=False)
    assert found.exponent == pytest.approx([exponent])
    assert found.at(SIZES)[0] == pytest.approx(law(exponent))


@pytest.mark.parametrize(("exponent", "floor"), [(0.3, 1.5), (0.8, 2.5), (0.2, 0.0)])
def test_an_exact_law_with_a_floor_is_found_again(exponent, floor):
    """Exponent to the grid's step, floor and losses."""
    found = fits.fit(SIZES, law(exponent, floor), ONCE, floor=True)
    assert found.exponent == pytest.approx([exponent], rel=0.02)
    assert found.floor == pytest.approx([floor], abs=0.05)
    assert found.at(SIZES)[0] == pytest.approx(law(exponent, floor), rel=1e-3)


def test_power_laws_of_resamples_are_numpys(sweep):
    """Each row of weights gives the line that numpy's polyfit gives for the same weights."""
    sizes, losses = sweep_runs.points_of(sweep, "lstm")
    weights = fits.resample(sizes)[:20]
    laws = fits.fit(sizes, losses, weights, floor=False)
    for row, exponent in zip(weights, laws.exponent, strict=True):
        slope, _ = np.polyfit(np.log(sizes), np.log(losses), 1, w=np.sqrt(row))
        assert exponent == pytest.approx(-slope)


def test_the_law_with_a_floor_is_the_best_there_is():
    """An optimiser that follows gradients from the truth finds no law with smaller relative errors."""
    losses, weights = with_errors(law(0.3, 1.5), 5), fits.resample(SIZES)[7:8]
    found = fits.fit(SIZES, losses, weights, floor=True)

    def error(predicted):
        return (torch.tensor(weights[0]) * (predicted / torch.tensor(losses) - 1) ** 2).sum()

    free = torch.tensor([1.5, 1.5, 0.3], dtype=torch.float64, requires_grad=True)
    powers = torch.tensor(SIZES / 6e4)
    optimizer = torch.optim.LBFGS([free], max_iter=500, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        loss = error(free[0].clamp(min=0) + free[1] * powers ** -free[2])
        loss.backward()
        return loss

    optimizer.step(closure)
    assert float(error(torch.tensor(found.at(SIZES)[0]))) <= float(closure().detach()) * 1.001


def test_intervals_hold_the_truth_as_often_as_they_say():
    """With errors that seeds share, 95 % intervals from drawn sizes cover; intervals from drawn runs would not."""
    hits = {"sizes": 0, "runs": 0}
    for trial in range(100):
        losses = with_errors(law(0.15), trial)
        for kind, groups in (("sizes", SIZES), ("runs", np.arange(14.0))):
            laws = fits.fit(SIZES, losses, fits.resample(groups, trial), floor=False)
            low, high = fits.interval(laws.exponent, len(np.unique(groups)))
            hits[kind] += low <= 0.15 <= high
    assert hits["sizes"] >= 92
    assert hits["runs"] < hits["sizes"] - 10


def test_a_floor_is_fitted_where_the_runs_show_one():
    """Leaving out each size once tells a law that levels off from one that does not."""
    assert fits.floor_helps(SIZES, with_errors(law(0.4, 1.5), 1))
    assert not fits.floor_helps(SIZES, law(0.15))
    assert sum(fits.floor_helps(SIZES, with_errors(law(0.15), seed)) for seed in range(50)) < 20


def test_seeds_of_a_size_are_drawn_together():
    """The first row counts each run once; in every other the two seeds of a size count the same, fourteen in all."""
    weights = fits.resample(SIZES)
    assert weights.shape == (fits.RESAMPLES + 1, 14)
    assert (weights[0] == 1).all()
    assert (weights[:, 0::2] == weights[:, 1::2]).all()
    assert (weights.sum(1) == 14).all()
    assert (fits.resample(SIZES) == weights).all()
    assert (fits.resample(SIZES, seed=1) != weights).any()


def test_lstm_vs_transformer_keeps_the_runs(sweep, data_of):
    """Every run is a point, the line goes through the seeds' means, the exponents are polyfit's."""
    data = data_of("lstm_vs_transformer")
    for name, drawn in data["architectures"].items():
        runs = [run for run in sweep["runs"] if run["architecture"] == name]
        assert sorted(drawn["losses"]) == pytest.approx(sorted(run["val_loss"] for run in runs), rel=1e-3)
        largest = [run["val_loss"] for run in runs if run["parameters_without_embeddings"] == drawn["sizes"][-1]]
        assert drawn["means"][-1] == pytest.approx(np.mean(largest), rel=1e-3)
        points = [(run["parameters_without_embeddings"], run["val_loss"]) for run in runs]
        slope, _ = np.polyfit(*np.log(np.array(points)).T, 1)
        assert drawn["exponent"]["value"] == pytest.approx(-slope, rel=1e-3)
        assert drawn["exponent"]["low"] < drawn["exponent"]["value"] < drawn["exponent"]["high"]


def test_lstm_vs_transformer_says_when_it_cannot_tell(sweep):
    """Two architectures of equal losses are not told apart; in the picture as in its alt text."""
    twins = [run for run in sweep["runs"] if run["architecture"] == "lstm"] * 2
    equal = {key: (lambda number, key=key: twins[number][key]) for key in ("val_loss", "parameters_without_embeddings")}
    data = lstm_vs_transformer.compute(lstm_vs_transformer.Params(), changed(sweep, **equal))
    assert data["difference"]["value"] == 0
    assert data["difference"]["low"] < 0 < data["difference"]["high"]
    assert "too few runs to tell" in lstm_vs_transformer.describe(data)


def test_lstm_vs_transformer_says_who_is_ahead_at_every_size(sweep):
    """Where the exponents do not tell them apart: a tenth less loss at the same sizes, and no more at one of them."""
    runs = [run for run in sweep["runs"] if run["architecture"] == "lstm"]
    lower = [run | {"architecture": "transformer", "val_loss": 0.9 * run["val_loss"]} for run in runs]
    ahead = sweep | {"runs": [*runs, *lower]}
    params = lstm_vs_transformer.Params()
    data = lstm_vs_transformer.compute(params, SimpleNamespace(sweep=lambda _: ahead))
    assert lstm_vs_transformer.verdict(data) == "Transformer is ahead at every size"
    assert "too few runs to tell which gains more from size. Transformer is ahead" in lstm_vs_transformer.describe(data)
    lower[0]["val_loss"] = lower[1]["val_loss"] = 4.1  # the seeds of one size
    assert {run["parameters_without_embeddings"] for run in lower[:2]} == {lower[0]["parameters_without_embeddings"]}
    data = lstm_vs_transformer.compute(params, SimpleNamespace(sweep=lambda _: ahead))
    assert lstm_vs_transformer.leader(data) is None


def test_models_with_a_shift_are_called_so(inputs, sweep):
    """In the picture and its alt text; runs of another program, which tell no recipe, have an architecture only."""
    data = lstm_vs_transformer.compute(lstm_vs_transformer.Params(sweep="library-sizes"), inputs)
    assert [each["name"] for each in data["architectures"].values()] == ["Transformer with shift", "LSTM"]
    assert "Transformer with shift: from" in lstm_vs_transformer.describe(data)
    others = {"name": "others", "runs": sweep["runs"]}
    assert sweep_runs.name_of(others, "transformer") == "Transformer"


@pytest.mark.parametrize(("exponent", "floor"), [(0.12, 0.0), (0.4, 1.5)])
def test_scaling_law_finds_the_law_of_a_sweep(sweep, exponent, floor):
    """Runs made by a law of either form, with errors: form, exponent and every loss lie in their intervals."""
    losses = with_errors(law(exponent, floor), 4).tolist()
    runs = [
        run | {"architecture": "transformer", "parameters_without_embeddings": size, "val_loss": loss}
        for run, size, loss in zip(sweep["runs"][:14], SIZES.tolist(), losses, strict=True)
    ]
    ours = scaling_law.fit_sweep(sweep | {"runs": runs})
    assert ours["has_floor"] is (floor > 0)
    assert ours["exponent"]["low"] < exponent < ours["exponent"]["high"]
    truth = floor + (3 - floor) * (np.array(ours["sizes"]) / 6e4) ** -exponent
    assert (ours["low"] <= truth).all()
    assert (truth <= ours["high"]).all()


def test_scaling_law_says_when_it_cannot_tell(sweep, inputs):
    """Losses that do not depend on size give an interval around zero, and the picture says so."""
    noise = np.random.default_rng(2).normal(3, 0.1, len(sweep["runs"])).tolist()
    data = scaling_law.compute(
        scaling_law.Params(),
        SimpleNamespace(sweep=changed(sweep, val_loss=noise.__getitem__).sweep, table=inputs.table),
    )
    assert data["ours"]["exponent"]["low"] < 0.02
    assert "too few to tell" in scaling_law.describe(data)
    known = {"exponent": {"value": 0.12, "low": 0.1, "high": 0.15}}
    assert scaling_law.tell(known | {"has_floor": False}) == "76% of ours on fixed text"
    assert "level off" in scaling_law.tell(known | {"has_floor": True})


def test_each_slice_of_a_published_law_is_said(data_of):
    """A law of size and text has both slices, one of size alone the one without end; what is counted is named."""
    data = data_of("scaling_law")
    slices = {law["law"]: set(law["losses"]) for law in data["laws"]}
    assert slices.pop("Kaplan 2020") == {"unlimited"}
    assert set(map(frozenset, slices.values())) == {frozenset({"unlimited", "in_step"})}
    for law in data["laws"][1:]:
        below = np.array(law["losses"]["unlimited"]) < np.array(law["losses"]["in_step"])
        assert below.all()
    said = scaling_law.describe(data)
    for part in (
        "fixed text",
        "20 tokens a parameter",
        "text without end",
        "without embeddings",
        "Hoffmann and Besiroglu all",
    ):
        assert part in said


@pytest.mark.parametrize("width", [1152, 677])
def test_equal_slopes_look_equal(width, data_of, canvas):
    """A factor in size and the factor in loss that a law makes of it are drawn at one angle in all plots."""
    picture = scaling_law.draw(data_of("scaling_law"), replace(canvas, width=width))
    angles = []
    for axes in (axes for axes in picture.axes if axes.get_xscale() == "log"):
        (x0, y0), (x1, y1) = axes.transData.transform([(1e4, 3.0), (1e5, 3.0 * 10**-0.076)])
        angles.append((y1 - y0) / (x1 - x0))
    assert len(angles) == 3
    assert angles == pytest.approx([angles[0]] * 3)


@pytest.mark.parametrize(
    ("figure", "values", "message"),
    [
        ("lstm_vs_transformer", {"architecture": "lstm"}, "has no Transformer"),
        ("lstm_vs_transformer", {"tokens": lambda number: 100 + number}, "between 100 and 131 tokens"),
        ("lstm_vs_transformer", {"parameters_without_embeddings": lambda number: 10 + number % 3}, "too few to fit"),
    ],
)
def test_sweeps_that_show_nothing_are_said(figure, values, message, sweep):
    """What a figure cannot be made from is a message with a hint."""
    module = load_figure(figure)
    with pytest.raises(ModelError, match=message) as caught:
        module.compute(module.Params(), changed(sweep, **values))
    assert caught.value.problems[0].hint


def test_a_sweep_of_the_project_is_found_and_a_damaged_one_is_said(project):
    """The file in the project's runs/ is read; one that is no JSON is named."""
    file = project / "runs" / "scaling" / "sweep.json"
    assert find_sweep_summary("scaling", project) == file
    assert read_sweep("scaling", project)["name"] == "scaling"
    file.write_text('{"name": ', encoding="utf-8")
    with pytest.raises(ModelError, match=r"sweep\.json is no JSON"):
        read_sweep("scaling", project)


def test_a_missing_sweep_is_said_with_place_and_hint(project):
    """Each figure that asks for a sweep nobody made is reported with its line and with the command that makes it."""
    outline = project / "slides" / "talk" / "outline.yaml"
    outline.write_text(
        OUTLINE.replace("figure: lstm_vs_transformer", "figure: lstm_vs_transformer\n        params: {sweep: nowhere}"),
        encoding="utf-8",
    )
    with pytest.raises(OutlineError, match=r"(?s)outline.yaml:6:.*no finished sweep 'nowhere'.*talkgen sweep makes it"):
        make_plan(Talk(outline))


@pytest.mark.slow
def test_a_new_sweep_redraws_its_figures_and_nothing_else(project):
    """Build, build, leave out a seed, build: the sweep's figures are drawn again, the others never."""
    request = Request(project / "slides" / "talk", format="md")
    assert len(build(request, [].append).computed) == 3
    assert build(request, [].append).computed == ()
    file = project / "runs" / "scaling" / "sweep.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    summary["runs"] = [run for run in summary["runs"] if run["seed"] == 1]
    file.write_text(json.dumps(summary), encoding="utf-8")
    stale = {change.name: change.why for change in status(request) if change.state != "fresh"}
    figures = {f"figure {name}" for name in FIGURES}
    assert set(stale) == figures | {"rendering marp"}
    assert any("sweep scaling" in reason for reason in stale["figure lstm_vs_transformer"])
    assert set(build(request, [].append).computed) == figures
