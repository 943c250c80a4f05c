"""Rounding to few bits against torch's own fake quantization, and the figure that shows what it costs."""

import math

import pytest
import torch

from talkgen.errors import ModelError
from talkgen.figures import quantization
from talkgen.figures.measure.rounding import relative_error, round_matrix, round_model, rounded_bytes

TEXT = "to be or not to be that is"


@pytest.mark.parametrize("bits", [8, 4, 2])
@pytest.mark.parametrize("by_row", [False, True])
def test_rounding_is_torchs_fake_quantization(bits, by_row):
    """Per tensor and per channel, symmetric, with the scale that keeps the largest number."""
    weight = torch.randn(6, 32, generator=torch.Generator().manual_seed(1))
    levels = 2 ** (bits - 1) - 1
    if by_row:
        scale = weight.abs().amax(1) / levels
        zero = torch.zeros(6, dtype=torch.int32)
        expected = torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -levels, levels)
    else:
        scale = float(weight.abs().max() / levels)
        expected = torch.fake_quantize_per_tensor_affine(weight, scale, 0, -levels, levels)
    assert torch.allclose(round_matrix(weight, bits, by_row=by_row), expected, atol=1e-6)
    error = float((weight - expected).norm() / weight.norm())
    assert relative_error(weight, bits, by_row=by_row) == pytest.approx(error, rel=1e-4)


def test_a_matrix_of_zeros_stays_one():
    """There is nothing to scale by."""
    assert not round_matrix(torch.zeros(2, 4), 4, by_row=True).any()


def test_bytes_and_perplexities(data_of, inputs):
    """Bits of matrices, scales, vectors in float32; e to the mean loss, of the model and of a rounded copy."""
    loaded = inputs.model("tiny")
    data = data_of("quantization")
    held = [p.numel() for p in loaded.model.parameters() if p.dim() == 2]
    rows = sum(len(p) for p in loaded.model.parameters() if p.dim() == 2)
    vectors = sum(4 * p.numel() for p in loaded.model.parameters() if p.dim() != 2)
    assert data["ways"]["tensor"]["bytes"][0] == sum(held) + 4 * len(held) + vectors
    assert data["ways"]["channel"]["bytes"][3] == sum(held) // 2 + 4 * rows + vectors
    ids = torch.tensor([loaded.tokenizer.encode(TEXT)])

    def expected(model):
        with torch.no_grad():
            loss = torch.nn.functional.cross_entropy(model(ids)[0][0, :-1], ids[0, 1:])
        return math.exp(loss)

    assert data["perplexity"] == pytest.approx(expected(loaded.model), rel=1e-3)
    three = round_model(loaded.model, 3, by_row=True)
    assert data["ways"]["channel"]["perplexity"][4] == pytest.approx(expected(three), rel=1e-3)
    assert rounded_bytes(three, 3, by_row=True) == data["ways"]["channel"]["bytes"][4]
    assert loaded.model.embed.weight.unique().numel() > three.embed.weight.unique().numel()


def test_the_matrix_is_the_one_that_is_hurt_most(data_of, inputs):
    """No other is further off at 4 bits per tensor; another can be named."""
    data = data_of("quantization")
    errors = [
        relative_error(p.detach(), 4, by_row=False) for p in inputs.model("tiny").model.parameters() if p.dim() == 2
    ]
    assert data["ways"]["tensor"]["error"][3] == pytest.approx(max(errors), rel=5e-3)
    other = data_of("quantization", text="to", repeats=3, matrix="embed.weight")
    assert (other["matrix"], other["measured_on"]) == ("embed.weight", 1)


def test_headlines_follow_the_perplexities(data_of, canvas):
    """The fewest bits within a tenth of float32's perplexity, for each way; none is said, too."""
    data = data_of("quantization") | {"perplexity": 10.0}
    data["ways"]["tensor"]["perplexity"] = [10, 10, 12, 20, 90, 900]
    data["ways"]["channel"]["perplexity"] = [10, 10, 10, 11, 30, 900]
    assert (quantization.fewest_bits(data, "tensor"), quantization.fewest_bits(data, "channel")) == (6, 4)
    assert quantization.headline(data).startswith("4 bits are enough with a scale a channel, 6 with one a matrix")
    assert quantization.headline(data | {"step": 1}) == "With one scale a matrix 6 bits are enough"
    for step in (1, 2, 3):
        quantization.draw(data | {"step": step}, canvas)
    data["ways"]["channel"]["perplexity"] = [90.0] * 6
    assert "Even 8 bits" in quantization.headline(data)


def test_forms_are_read_and_timed(data_of):
    """Fewer bytes in each; a recurrent model is measured without."""
    data = data_of("quantization")
    assert set(data["timings"]) == set(data["forms"])
    assert list(data["forms"].values()) == sorted(data["forms"].values(), reverse=True)
    assert data_of("quantization", model="small-lstm", text=TEXT, repeats=3)["forms"] == {}


@pytest.mark.parametrize(("params", "message"), [({"text": "a"}, "one token"), ({"text": TEXT, "matrix": "x"}, "'x'")])
def test_what_is_missing_is_said(params, message, data_of):
    """A text without anything to foretell or an unknown matrix is a message with a hint."""
    with pytest.raises(ModelError, match=message) as caught:
        data_of("quantization", **params)
    assert caught.value.problems[0].hint
