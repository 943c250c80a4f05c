"""The compiled block against the same block in torch's operations: output, every gradient, whole runs."""

from __future__ import annotations

import copy
import itertools
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from talkgen.lm.fast import native_block
from talkgen.lm.fast.native import load_library
from talkgen.lm.fast.native_block import can_run
from talkgen.lm.models import transformer
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.transformer import Block, Transformer, rotary_angles

needs_compiler = pytest.mark.skipif(load_library() is None, reason="no compiled library here")
WIDTHS = ({"n_embd": 32}, {"n_embd": 40, "head_dim": 14, "n_inner": 37})  # of the second, none is a multiple of 16
BATCHES = ((1, 1), (3, 7), (2, 50))


def make_block(**settings: object) -> Block:
    """A block in training, its gains and biases too at random."""
    torch.manual_seed(0)
    block = Block(ModelConfig(vocab_size=9, **settings))
    for parameter in block.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, 0.5)
    return block


def run(block: Block, rows: int, length: int, config: ModelConfig) -> dict[str, Tensor]:
    """Output and gradients, for one and the same input and gradient of the output."""
    like = next(block.parameters())
    random = torch.Generator().manual_seed(1)
    x = torch.randn(rows, length, config.n_embd, generator=random).to(like.dtype).requires_grad_()
    rotary = rotary_angles(config, 0, length, like) if config.positions == "rotary" else None
    block.zero_grad()
    y = block(x, rotary, None, 0, None)
    y.backward(torch.randn(y.shape, generator=random).to(like.dtype))
    gradients = {name: parameter.grad.clone() for name, parameter in block.named_parameters()}
    return {"y": y.detach(), "x": x.grad, **gradients}


def largest_errors(found: dict[str, Tensor], expected: dict[str, Tensor]) -> dict[str, float]:
    """Relative to the largest number of each tensor."""
    assert found.keys() == expected.keys()
    return {
        name: float((found[name] - value).abs().max() / value.abs().max().clamp_min(1e-6))
        for name, value in expected.items()
    }


@needs_compiler
@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "swiglu"])
@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_equals_torch(norm, positions, activation, monkeypatch):
    """Of every kind of block, shape and batch."""
    kinds = itertools.product((4, 2, 1), (True, False), WIDTHS, BATCHES)
    for n_kv_head, bias, widths, (rows, length) in kinds:
        settings = {"norm": norm, "activation": activation, "positions": positions, "n_kv_head": n_kv_head}
        settings |= {"bias": bias, **widths}
        block, config = make_block(**settings), ModelConfig(vocab_size=9, **settings)
        assert can_run(block, torch.zeros(rows, length, config.n_embd))
        ours = run(block, rows, length, config)
        with monkeypatch.context() as patch:
            patch.setattr(transformer, "can_run", lambda *_: False)
            errors = largest_errors(ours, run(block, rows, length, config))
        assert errors.pop("y") < 1e-5, settings
        assert max(errors.values()) < 1e-4, (settings, rows, length, errors)


@needs_compiler
@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "swiglu"])
def test_as_exact_as_torch(activation, monkeypatch):
    """In float64 torch says how far off each is; ours is never much farther."""
    settings = {"n_embd": 64, "activation": activation, "n_kv_head": 2, "positions": "rotary"}
    block, config = make_block(**settings), ModelConfig(vocab_size=9, **settings)
    ours = run(block, 3, 50, config)
    monkeypatch.setattr(transformer, "can_run", lambda *_: False)
    truth = run(copy.deepcopy(block).double(), 3, 50, config)
    own, theirs = largest_errors(ours, truth), largest_errors(run(block, 3, 50, config), truth)
    assert max(own.values()) < 2e-6
    assert all(own[name] < 4 * theirs[name] + 1e-7 for name in own)


@needs_compiler
def test_gelu_over_its_whole_range():
    """Both kinds and their slopes, where exponentials vanish too."""
    x = torch.linspace(-12, 12, 4096, dtype=torch.float32)
    for activation in ("gelu", "gelu_tanh"):
        settings = {"n_embd": 1, "n_head": 1, "n_inner": len(x), "activation": activation}
        block = make_block(**settings)
        with torch.no_grad():
            for name, parameter in block.named_parameters():
                parameter.fill_(1 if name == "mlp.down.weight" else 0)
            block.mlp.up.bias.copy_(x)
        block(torch.zeros(1, 1, 1, requires_grad=True), None, None, 0, None).backward(torch.ones(1, 1, 1))
        exact = x.double().requires_grad_()
        y = functional.gelu(exact, approximate="none" if activation == "gelu" else "tanh")
        y.sum().backward()
        assert (block.mlp.up.bias.grad - exact.grad).abs().max() < 1e-6
        assert (block.mlp.down.weight.grad[0] - y).abs().max() < 1e-6


@needs_compiler
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_again(threads):
    """However the work falls to the threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        settings = {"n_embd": 64, "n_kv_head": 2}
        block, config = make_block(**settings), ModelConfig(vocab_size=9, **settings)
        first = run(block, 12, 40, config)
        for _ in range(20):
            again = run(block, 12, 40, config)
            assert all(torch.equal(first[name], value) for name, value in again.items())
    finally:
        torch.set_num_threads(before)


@needs_compiler
def test_what_is_not_a_number_spreads():
    """A spoilt weight spoils the output: training must notice."""
    for name in ("norm_1.weight", "attention.qkv.weight", "mlp.up.weight", "mlp.down.bias"):
        for value in (float("nan"), float("inf")):
            block = make_block(n_embd=32)
            with torch.no_grad():
                block.get_parameter(name).view(-1)[0] = value
            assert not block(torch.randn(2, 7, 32), None, None, 0, None).isfinite().all(), (name, value)


@needs_compiler
def test_two_passes_before_the_way_back():
    """Neither uses the other's memory, and a graph that is kept may be gone through twice."""
    block = make_block(n_embd=32)
    one, two = (torch.randn(2, 7, 32, generator=torch.Generator().manual_seed(i)).requires_grad_() for i in (1, 2))
    expected = [torch.autograd.grad(block(x, None, None, 0, None).square().sum(), x)[0] for x in (one, two)]
    losses = [block(x, None, None, 0, None).square().sum() for x in (one, two)]
    for loss, x, gradient in zip(losses, (one, two), expected, strict=True):
        assert torch.equal(torch.autograd.grad(loss, x, retain_graph=True)[0], gradient)
        assert torch.equal(torch.autograd.grad(loss, x)[0], gradient)


@needs_compiler
def test_falls_back(monkeypatch):
    """To torch, wherever someone looks inside or the numbers are of another kind."""
    x = torch.randn(2, 7, 32)
    block = make_block(n_embd=32)
    assert can_run(block, x)
    assert not can_run(make_block(n_embd=32, dropout=0.1), x)
    assert not can_run(make_block(n_embd=32).eval(), x)
    assert not can_run(make_block(n_embd=32).double(), x.double())
    assert not can_run(block, x.mT.contiguous().mT)
    with torch.no_grad():
        assert not can_run(block, x)
    with torch.autocast("cpu", torch.bfloat16):
        assert not can_run(block, x)
    hook = block.mlp.register_forward_hook(lambda *_: None)
    assert not can_run(block, x)
    hook.remove()
    taps = Taps("attention")
    block(x, None, None, 0, taps)
    assert taps.values["attention"]
    monkeypatch.setattr(native_block, "load_library", lambda: None)
    assert not can_run(block, x)
    assert block(x, None, None, 0, None).shape == x.shape


def test_trains_without_a_compiler(tmp_path):
    """Nothing but time is lost."""
    code = (
        "import torch\n"
        "from talkgen.lm.models.config import ModelConfig\n"
        "from talkgen.lm.models.transformer import Transformer\n"
        "logits, _ = Transformer(ModelConfig(vocab_size=9))(torch.arange(8)[None])\n"
        "logits.sum().backward()\n"
        "print(tuple(logits.shape))\n"
    )
    environment = {"PATH": str(tmp_path), "TALKGEN_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "(1, 8, 9)"


@needs_compiler
def test_twenty_steps_of_a_whole_model(monkeypatch):
    """Both roads lead to the same losses."""
    losses = []
    for native in (True, False):
        if not native:
            monkeypatch.setattr(transformer, "can_run", lambda *_: False)
        torch.manual_seed(3)
        model = Transformer(ModelConfig(vocab_size=50, n_layer=3, block_size=33, positions="rotary", n_kv_head=2))
        ids = torch.randint(50, (4, 33))
        losses.append([])
        for _ in range(20):
            logits, _ = model(ids[:, :-1])
            loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(0.3 * parameter.grad)
            losses[-1].append(loss.item())
    ours, torchs = losses
    assert ours[-1] < ours[0] - 0.3
    assert ours == pytest.approx(torchs, abs=1e-3)
