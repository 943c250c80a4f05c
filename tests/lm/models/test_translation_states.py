"""States of models that translate, of either kind: read in parts, cut back or chosen, they give what a pass gives."""

import pytest
import torch
from translations import MODERN, PAPER, SEARCH, make, rows


@pytest.mark.parametrize("config", [PAPER, MODERN, SEARCH], ids=["paper", "modern", "rnnsearch"])
@torch.no_grad()
def test_a_step_at_a_time_equals_all_at_once(config):
    """Reading with a state in uneven parts, cut back and read again, gives the logits of one full pass."""
    model, ids = make(config), rows()[:1]
    full, _ = model(ids)
    state = model.new_state(1, 2)
    parts = [model(part, state)[0] for part in ids.split([1, 5, 3, 1, 1, 6], dim=1)]
    assert (torch.cat(parts, dim=1) - full).abs().max() < 1e-5
    for kept in (13, 8, 7, 2, 0):
        state.truncate(kept)
        assert state.length == kept
        copy, again = state.clone(), model(ids[:, kept:], state)[0]
        assert (again - full[:, kept:]).abs().max() < 1e-5
        assert (model(ids[:, kept:], copy, last_only=True)[0] - full[:, -1:]).abs().max() < 1e-5
    assert state.length == ids.size(1)
    with pytest.raises(ValueError, match="cannot keep 18 of 17"):
        state.truncate(18)


@pytest.mark.parametrize("config", [PAPER, SEARCH], ids=["paper", "rnnsearch"])
@torch.no_grad()
def test_rows_of_a_state_can_be_chosen(config):
    """The state of rows 2 and 0 goes on as those rows do."""
    model, ids = make(config), rows()
    full, _ = model(ids)
    state = model.new_state(3, 20)
    model(ids[:, :12], state)
    chosen = torch.tensor([2, 0])
    assert (model(ids[chosen, 12:], state.select(chosen))[0] - full[chosen, 12:]).abs().max() < 1e-5
