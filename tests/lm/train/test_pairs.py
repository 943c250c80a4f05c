"""Recipes for recall of many pairs: how many are stored when, and what a run says of it."""

import numpy as np
import pytest
from pydantic import ValidationError

from talkgen.lm.train.data import IGNORED, load_data
from talkgen.lm.train.loop import train
from talkgen.lm.train.optimize import rate_factor
from talkgen.lm.train.recipe import ModelRecipe, OptimizerRecipe, PairsRecipe, Recipe, ScheduleRecipe
from talkgen.lm.train.run import RunFolder

TINY = Recipe(
    name="pairs",
    data="mqar",
    pairs=PairsRecipe(most=4),
    model=ModelRecipe(shift=True, n_layer=2, n_embd=32, n_head=1, block_size=16, init_std=0.2),
    optimizer=OptimizerRecipe(rate=5e-3, weight_decay=0.0),
    schedule=ScheduleRecipe(steps=300, warmup=10, rows=64, final=0.05, evaluate_every=100),
    seed=1,
)


def stored(recipe: Recipe, steps: range) -> np.ndarray:
    """The pairs of some steps' rows."""
    data = load_data(recipe)
    lengths = [data.batch(1, step, recipe.schedule.rows, recipe.model.block_size)[0].shape[1] for step in steps]
    return (np.array(lengths) + 1) // 4


def test_a_step_reads_about_as_many_tokens_whatever_it_stores():
    """Fewer pairs make more rows; and every number of pairs comes."""
    data = load_data(TINY)
    batches = [data.batch(1, step, 64, 16)[0] for step in range(50)]
    assert all(abs(batch.size + len(batch) - 64 * 16) <= 16 for batch in batches)
    assert set(stored(TINY, range(50))) == {1, 2, 3, 4}
    assert (data.batch(1, 0, 64, 16)[1] != IGNORED).any()


def test_a_curriculum_stores_few_pairs_first():
    """In the first steps mostly one, after 70 % of them mostly the most."""
    recipe = TINY.model_copy(update={"pairs": PairsRecipe(most=4, curriculum=True)})
    assert (stored(recipe, range(60)) == 1).mean() > 0.8
    assert (stored(recipe, range(240, 300)) == 4).mean() > 0.5


def test_a_rate_that_decays_at_the_end():
    """It stays at its peak until the last share of the steps, then falls in a line."""
    schedule = ScheduleRecipe(steps=100, warmup=10, final=0.2, decay=0.4)
    assert [rate_factor(step, schedule) for step in (4, 10, 60)] == pytest.approx([0.5, 1.0, 1.0])
    assert [rate_factor(step, schedule) for step in (80, 100)] == pytest.approx([0.6, 0.2])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"pairs": None}, "goes with"), ({"data": "recall"}, "goes with"), ({"pairs": {"most": 5}}, "block_size of 20")],
)
def test_what_does_not_fit_is_refused(changes, said):
    """Pairs without their task, the task without pairs, and a context too short for them."""
    with pytest.raises(ValidationError, match=said):
        Recipe.model_validate(TINY.model_dump() | changes)


@pytest.mark.slow
def test_a_transformer_with_shift_recalls_and_one_without_does_not(tmp_path):
    """Six seconds each; the summary names accuracy by the number of pairs."""
    accuracies = []
    for shift in (True, False):
        model = TINY.model.model_copy(update={"shift": shift})
        summary = train(TINY.model_copy(update={"model": model}), RunFolder(tmp_path / str(shift)))
        assert summary["recall_by_pairs"]["pairs"] == [4]
        assert summary["recall_by_pairs"]["chance"] == 1 / 16
        accuracies.append(summary["recall_by_pairs"]["accuracy"][0])
    assert accuracies[0] > 0.9
    assert accuracies[1] < 0.5
