"""The filters of sampling against distributions worked out by hand, and the draw against its probabilities."""

import numpy as np
import pytest
import torch
from transformers.generation import LogitsProcessorList
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from talkgen.errors import ModelError
from talkgen.lm.answer.sample import Sampling, filter_probabilities, penalize, sample

P = np.array([0.5, 0.25, 0.15, 0.07, 0.03], np.float32)


def test_no_filter_is_softmax():
    """Without filters the distribution is the model's own."""
    assert np.allclose(filter_probabilities(np.log(P), Sampling()), P)


def test_top_k_keeps_the_likeliest():
    """The two likeliest share everything in their own proportion."""
    assert filter_probabilities(np.log(P), Sampling(top_k=2)).tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0, 0])


def test_top_p_keeps_the_fewest_that_reach_it():
    """0.5 + 0.25 do not reach 0.8; with 0.15 they do."""
    kept = filter_probabilities(np.log(P), Sampling(top_p=0.8))
    assert kept.tolist() == pytest.approx([0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0])


@pytest.mark.parametrize("top_p", [1e-300, 1e-9, 0.5])
def test_top_p_keeps_one_at_least(top_p):
    """The likeliest stays, however little is asked for."""
    assert filter_probabilities(np.log(P), Sampling(top_p=top_p)).tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("temperature", [0, 1e-300, 1e-38, 1e-5, 1e-3])
def test_temperature_zero_is_greedy(temperature):
    """All of the probability is the likeliest token's, also where the temperature is next to nothing."""
    assert filter_probabilities(np.log(P), Sampling(temperature=temperature)).tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7])
@pytest.mark.parametrize(
    ("top_k", "top_p", "min_p"),
    [(None, None, None), (7, None, None), (None, 0.7, None), (None, None, 0.1), (20, 0.9, 0.05)],
)
def test_filters_equal_transformers(temperature, top_k, top_p, min_p):
    """Temperature, top-k, top-p and min-p one after the other give what the library's warpers give."""
    logits = 2 * torch.randn(200, generator=torch.Generator().manual_seed(1))
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    if top_k:
        warpers.append(TopKLogitsWarper(top_k))
    if top_p:
        warpers.append(TopPLogitsWarper(top_p))
    if min_p:
        warpers.append(MinPLogitsWarper(min_p))
    expected = warpers(torch.zeros(1, 1, dtype=torch.long), logits[None])[0].softmax(-1)
    ours = filter_probabilities(logits.numpy(), Sampling(temperature, top_k, top_p, min_p))
    assert np.allclose(ours, expected, atol=1e-6)


def test_repetition_penalty_equals_transformers():
    """Used tokens lose what the library takes from them."""
    logits = torch.randn(50, generator=torch.Generator().manual_seed(2))
    used = [3, 7, 7, 11]
    expected = RepetitionPenaltyLogitsProcessor(1.3)(torch.tensor([used]), logits[None].clone())[0]
    assert np.allclose(penalize(logits.numpy(), used, 1.3), expected)


def test_draws_follow_the_probabilities():
    """Of 20,000 draws each token gets its share within four standard errors."""
    generator = np.random.default_rng(9)
    draws = [sample(P, generator) for _ in range(20_000)]
    shares = np.bincount(draws, minlength=5) / len(draws)
    assert (np.abs(shares - P) < 4 * np.sqrt(P * (1 - P) / len(draws))).all()


def test_pruned_tokens_are_never_drawn():
    """A token without probability does not come up."""
    p = filter_probabilities(np.log(P), Sampling(top_k=2))
    generator = np.random.default_rng(9)
    assert {sample(p, generator) for _ in range(2_000)} == {0, 1}


@pytest.mark.parametrize("bad", [{"temperature": -1}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_sampling_out_of_range_is_refused(bad):
    """A setting that means nothing is named."""
    with pytest.raises(ModelError, match=next(iter(bad))):
        Sampling(**bad)
