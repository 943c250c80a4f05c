"""Packed weights: the same bytes as ggml's own packer makes, and the same numbers back."""

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from talkgen.lm.files.packed import pack, stack, with_least

GGML = {"float32": Kind.F32, "float16": Kind.F16, "int8": Kind.Q8_0, "int4": Kind.Q4_1}


@pytest.fixture
def weight():
    """A matrix whose blocks differ in size by orders of magnitude, one of them all zeros."""
    weight = np.random.default_rng(1).standard_normal((7, 96), np.float32)
    weight *= np.logspace(-2, 2, 21, dtype=np.float32).reshape(7, 3).repeat(32, axis=1)
    weight[3, 32:64] = 0
    return weight


@pytest.mark.parametrize("format", GGML)
def test_numbers_are_those_of_ggml(format, weight):
    """What is packed reads like ggml's own expansion of the same bytes."""
    packed = pack(weight, format)
    blocks = packed.data if format.startswith("int") else packed.data.view(format)
    expected = gguf.quants.dequantize(blocks, GGML[format])
    assert np.array_equal(packed.dense(), expected)
    assert packed.finite


@pytest.mark.parametrize(("format", "steps"), [("int8", 127), ("int4", 15)])
def test_no_number_moves_further_than_half_a_step(format, steps, weight):
    """A block's numbers are off by half of its scale at most, and by the scale's own rounding to float16."""
    packed = pack(weight, format)
    blocks = weight.reshape(7, 3, 32)
    spread = np.abs(blocks).max(-1) if format == "int8" else blocks.max(-1) - blocks.min(-1)
    error = np.abs(packed.dense() - weight).reshape(7, 3, 32).max(-1)
    rounding = np.abs(blocks).max(-1) * 2**-10
    assert (error <= spread / steps / 2 + rounding).all()


def test_packing_what_was_packed_changes_nothing(weight):
    """Blocks are fixed points: a model that was stored in four bits loses nothing by being packed again."""
    once = pack(weight, "int8")
    assert np.array_equal(pack(once.dense(), "int8").dense(), once.dense())


def test_widths_that_no_block_fits_stay_floats():
    """A row of 40 numbers is packed as float16."""
    assert pack(np.ones((3, 40), np.float32), "int4").format == "float16"


def test_q4_0_becomes_int4_exactly(weight):
    """The older blocks without a least value are the same numbers in ours."""
    blocks = gguf.quants.quantize(weight, Kind.Q4_0)
    ours = with_least(blocks)
    again = gguf.quants.dequantize(ours, Kind.Q4_1)
    assert np.array_equal(again, gguf.quants.dequantize(blocks, Kind.Q4_0))


def test_rows_and_stacks(weight):
    """Rows can be picked and matrices stacked, of one format or of two."""
    packed = pack(weight, "int4")
    order = np.array([5, 0, 2])
    assert np.array_equal(packed.rows(order).dense(), packed.dense()[order])
    assert np.array_equal(stack([packed, packed]).dense(), np.tile(packed.dense(), (2, 1)))
    both = stack([packed, pack(weight, "int8")])
    assert (both.format, both.n) == ("float32", 14)
    assert np.array_equal(both.dense()[:7], packed.dense())


@pytest.mark.parametrize("format", GGML)
def test_a_scale_that_is_no_number_is_found(format, weight):
    """NaN hides in a scale as well as in a float."""
    packed = pack(weight, format)
    packed.data[2, :4] = [0xFF, 0x7F, 0xFF, 0x7F]
    assert not packed.finite
