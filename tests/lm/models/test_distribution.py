"""From logits to probabilities, and the likeliest of them."""

import numpy as np
import pytest

from talkgen.lm.models.distribution import likeliest


@pytest.mark.parametrize(("size", "count"), [(50_000, 10), (4_000, 1), (384, 20), (65, 8), (5, 9), (300, 0)])
@pytest.mark.parametrize("steps", [3, 50, 10**6])
def test_the_likeliest_are_the_first_of_all_in_order(size, count, steps):
    """However many there are, and of equal ones the first."""
    p = np.random.default_rng(size).integers(0, steps, size).astype(np.float32)
    assert likeliest(p, count).tolist() == np.lexsort((np.arange(size), -p))[:count].tolist()
