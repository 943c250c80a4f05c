"""What a context is worth: the same targets at every length, each foretold as by reading its context alone."""

import numpy as np
import pytest
import torch

from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.train.context import (
    KINDS,
    choose_targets,
    compare_contexts,
    context_lengths,
    kinds_of_targets,
    target_losses,
)

CPU = torch.device("cpu")


@pytest.fixture(params=["transformer", "lstm"])
def model(request):
    """A model whose losses differ from token to token."""
    torch.manual_seed(2)
    config = ModelConfig(20, request.param, n_embd=16, n_head=2, block_size=64, shift=True, init_std=0.5)
    return build_model(config).eval()


def test_lengths_end_with_half_of_the_context_and_all_of_it():
    """From eight tokens on; a short context has what fits."""
    assert context_lengths(256) == [8, 32, 128, 256]
    assert context_lengths(512) == [8, 32, 128, 256, 512]
    assert context_lengths(8) == [4, 8]


def test_targets_are_spread_over_the_text_and_have_a_whole_context():
    """At most 1,536; of a short text all that have a context."""
    targets = choose_targets(100_000, 64)
    assert len(targets) == 1536
    assert (targets[0], targets[-1]) == (64, 99_999)
    assert np.ptp(np.diff(targets)) <= 1
    assert choose_targets(70, 64).tolist() == [64, 65, 66, 67, 68, 69]


@torch.no_grad()
def test_losses_are_those_of_reading_each_context_alone(model):
    """Whatever is read together with it."""
    ids = np.random.default_rng(1).integers(20, size=500)
    targets = choose_targets(500, 64)[::7]
    losses = target_losses(model, ids, targets, 32, CPU)
    for place, loss in zip(targets[:20], losses, strict=False):
        logits, _ = model(torch.from_numpy(ids[place - 32 : place])[None])
        assert loss == pytest.approx(-float(logits[0, -1].log_softmax(-1)[ids[place]]), abs=1e-4)


@pytest.mark.parametrize(
    ("context", "target", "kind"),
    [
        ([1, 2, 3, 4, 1, 2], 3, "trigram"),
        ([1, 2, 3, 4, 5, 2], 3, "token"),
        ([3, 1, 2, 4, 1, 2], 3, "token"),
        ([1, 2, 4, 4, 1, 2], 3, "new"),
        ([7, 7, 7, 7, 7, 7], 7, "trigram"),
        ([5, 6, 0, 0, 7, 7], 7, "token"),
    ],
)
def test_kinds_of_targets(context, target, kind):
    """Copied with the two tokens before it, seen otherwise, or new; what lies before the context does not count."""
    ids = np.array([1, 2, 3, *context, target])
    assert KINDS[kinds_of_targets(ids, np.array([9]), 6)[0]] == kind


def test_means_and_their_errors(model):
    """The gains are the differences target by target, and the kinds share out all targets."""
    ids = np.random.default_rng(1).integers(20, size=3000)
    found = compare_contexts(model, ids, CPU)
    by_context, by_kind = found["loss_by_context"], found["loss_by_copying"]
    targets = choose_targets(len(ids), 64)
    losses = [target_losses(model, ids, targets, length, CPU) for length in (8, 32, 64)]
    assert by_context["context"] == [8, 32, 64]
    assert by_context["loss"] == pytest.approx([each.mean() for each in losses], abs=1e-4)
    gain = losses[0] - losses[1]
    assert by_context["gain"]["loss"][0] == pytest.approx(gain.mean(), abs=1e-4)
    assert by_context["gain"]["standard_error"][0] == pytest.approx(gain.std(ddof=1) / len(gain) ** 0.5, abs=1e-4)
    assert by_context["targets"] == len(targets) == sum(by_kind[kind]["targets"] for kind in KINDS)
    weighted = sum(by_kind[kind]["loss"] * by_kind[kind]["targets"] for kind in KINDS if by_kind[kind]["targets"] > 1)
    assert weighted / len(targets) == pytest.approx(by_context["loss"][-1], abs=0.02)


def test_a_text_shorter_than_a_context_says_nothing(model):
    """There is no target then."""
    assert compare_contexts(model, np.arange(20).repeat(3), CPU) == {}
