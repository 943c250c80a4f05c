"""The static one-token step of a GPU, run here on the CPU without being recorded: the model's own logits."""

import pytest
import torch

from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.models.cache import KVCache
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Transformer

FAMILIES = {
    "gpt2": {"norm": "layer", "positions": "learned", "activation": "gelu_tanh"},
    "llama": {"n_kv_head": 2, "norm": "rms", "positions": "rotary", "activation": "swiglu", "bias": False},
}


@pytest.fixture(params=FAMILIES)
def model(request):
    """A model whose logits differ."""
    torch.manual_seed(9)
    model = Transformer(ModelConfig(97, n_layer=3, block_size=400, **FAMILIES[request.param])).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


@torch.inference_mode()
def test_steps_equal_a_full_pass(model):
    """Token by token over more than one capacity, the logits are those of one pass."""
    ids = torch.randint(97, (1, 300))
    expected, _ = model(ids)
    graphed = GraphedTransformer(model)
    first, state = graphed(ids[:, :200])
    rows = [first]
    for t in range(200, 300):
        logits, state = graphed(ids[:, t : t + 1], state, last_only=True)
        rows.append(logits)
    torch.testing.assert_close(torch.cat(rows, dim=1), expected, atol=1e-3, rtol=1e-3)
    assert state.length == 300
    assert set(graphed._tables) == {(1, 256), (1, 400)}


@pytest.mark.slow
@torch.inference_mode()
def test_texts_change_seats_and_lose_nothing(model):
    """Texts come, go, are rolled back and come again in another order; each goes on where it was."""
    graphed = GraphedTransformer(model)
    generator = torch.Generator().manual_seed(1)
    texts = [torch.randint(97, (5 + i,), generator=generator).tolist() for i in range(6)]
    caches = [graphed.new_state(1, 4) for _ in texts]
    graphed.read_many(texts, caches)
    for turn in range(12):
        order = torch.randperm(6, generator=generator)[: 1 + turn % 6].tolist()
        if turn == 7:
            caches[order[0]].truncate(3)
            del texts[order[0]][3:]
        new = torch.randint(97, (len(order),), generator=generator).tolist()
        logits = graphed.read_many([[token] for token in new], [caches[i] for i in order])
        for i, token, row in zip(order, new, logits, strict=True):
            texts[i].append(token)
            torch.testing.assert_close(row, model(torch.tensor([texts[i]]))[0][0, -1], atol=1e-3, rtol=1e-3)
    assert [cache.length for cache in caches] == [len(text) for text in texts]


@torch.inference_mode()
def test_what_was_written_elsewhere_is_not_in_the_seat(model):
    """Rolled back, and read on to the same length by the model itself or in another seat, a text's keys are its own."""
    graphed = GraphedTransformer(model)
    begin, other, more = list(range(1, 10)), list(range(20, 30)), [7, 8, 9]

    def seated() -> tuple[KVCache, KVCache]:
        caches = graphed.new_state(1, 4), graphed.new_state(1, 4)
        graphed.read_many([begin, other], caches)
        graphed.read_many([[11], [12]], caches)
        caches[1].truncate(len(other) + 1 - len(more))
        return caches

    first, second = seated()
    graphed.read_many([more], [second])
    third, fourth = seated()
    for token in more:
        graphed.read_many([[token]], [fourth])
    text = [*other, 12][: -len(more)] + more
    expected = model(torch.tensor([[*text, 5]]))[0][0, -1]
    for caches in ((first, second), (third, fourth)):
        assert caches[1].length == len(text)
        torch.testing.assert_close(graphed.read_many([[4], [5]], caches)[1], expected, atol=1e-3, rtol=1e-3)


@torch.inference_mode()
def test_long_and_short_texts_in_one_call(model):
    """What is longer than a token is read by the model, and the order of the answers is the order of the texts."""
    graphed = GraphedTransformer(model)
    caches = [graphed.new_state(1, 8) for _ in range(3)]
    graphed.read_many([[1, 2], [3, 4], [5, 6]], caches)
    logits = graphed.read_many([[7], [8, 9, 10], [11]], caches)
    for row, text in zip(logits, ([1, 2, 7], [3, 4, 8, 9, 10], [5, 6, 11]), strict=True):
        torch.testing.assert_close(row, model(torch.tensor([text]))[0][0, -1], atol=1e-3, rtol=1e-3)


def test_past_the_context_is_refused(model):
    """There is no position after the last one."""
    graphed = GraphedTransformer(model)
    with torch.inference_mode():
        _, state = graphed(torch.zeros(1, 400, dtype=torch.long))
    with pytest.raises(ValueError, match="context"):
        graphed(torch.tensor([[1]]), state)
