"""From logits to probabilities, and the likeliest of them."""

import numpy as np
import pytest

from talkgen.lm.models.distribution import likeliest, softmax, softmax_and_entropy


@pytest.mark.parametrize(("size", "count"), [(50_000, 10), (4_000, 1), (384, 20), (65, 8), (5, 9), (300, 0)])
@pytest.mark.parametrize("steps", [3, 50, 10**6])
def test_the_likeliest_are_the_first_of_all_in_order(size, count, steps):
    """However many there are, and of equal ones the first."""
    p = np.random.default_rng(size).integers(0, steps, size).astype(np.float32)
    assert likeliest(p, count).tolist() == np.lexsort((np.arange(size), -p))[:count].tolist()


@pytest.mark.parametrize("spread", [0, 3, 60, 1e4])
def test_the_entropy_that_comes_with_probabilities_is_their_own(spread):
    """Of equal tokens, of some likelier ones, and of one that is certain: as its definition has it."""
    logits = (spread * np.random.default_rng(1).standard_normal(5_000)).astype(np.float32)
    p, entropy = softmax_and_entropy(logits)
    assert np.array_equal(p, softmax(logits))
    some = p[p > 0].astype(np.float64)
    assert entropy == pytest.approx(-(some * np.log2(some)).sum(), abs=1e-4)
