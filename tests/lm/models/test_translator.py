"""The encoder-decoder: equal to torch.nn's layers, padding and all, and a language model like the others."""

import pytest
import torch
from torch import nn
from translations import MODERN, PAPER, SHAPE, make, rows

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.models.base import Taps
from talkgen.lm.models.config import PADDING, SEPARATOR, ModelConfig
from talkgen.lm.models.translator import EncoderDecoder
from talkgen.lm.text.tokenizer import ByteTokenizer

CONFIGS = pytest.mark.parametrize("config", [PAPER, MODERN], ids=["paper", "modern"])


class TorchTranslator(nn.Module):
    """The same model out of `torch.nn.TransformerEncoder` and `TransformerDecoder`, keeping cross-attention weights."""

    def __init__(self, model: EncoderDecoder) -> None:
        super().__init__()
        config = model.config
        self.model, self.weights = model, []
        shape = (config.n_embd, config.n_head, config.n_inner, 0.0, nn.functional.gelu, config.norm_eps, True, True)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(*shape), config.n_layer, model.encoder_norm, enable_nested_tensor=False
        )
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(*shape), config.n_layer, model.norm)
        for ours, theirs in zip(model.encoder, self.encoder.layers, strict=True):
            copy(ours.attention, theirs.self_attn)
            fill(theirs, [ours.norm_1, ours.norm_2], ours.mlp)
        for ours, theirs in zip(model.decoder, self.decoder.layers, strict=True):
            copy(ours.attention, theirs.self_attn)
            copy(ours.cross, theirs.multihead_attn)
            fill(theirs, [ours.norm_1, ours.norm_2, ours.norm_3], ours.mlp)
            theirs.multihead_attn.register_forward_pre_hook(ask_for_weights, with_kwargs=True)
            theirs.multihead_attn.register_forward_hook(lambda _, __, output: self.weights.append(output[1]))
        self.eval()

    def forward(self, ids: torch.Tensor, at: int) -> torch.Tensor:
        """Logits after the separator in column `at`, [B, T, V]."""
        source, target = ids[:, : at + 1], ids[:, at:]
        padding = source == PADDING
        places = torch.stack([torch.arange(source.size(1)) - int(row.sum()) for row in padding]).clamp(min=0)
        position = self.model.positions.weight
        read = self.encoder(self.model.embed(source) + position[places], src_key_padding_mask=padding)
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        written = self.model.embed(target) + position[: target.size(1)]
        return self.model.head(self.decoder(written, read, tgt_mask=mask, memory_key_padding_mask=padding))


def copy(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """Gives torch's attention our weights."""
    inner = [ours.qkv] if hasattr(ours, "qkv") else [ours.q, ours.kv]
    theirs.in_proj_weight.data = torch.cat([layer.weight for layer in inner]).detach()
    theirs.in_proj_bias.data = torch.cat([layer.bias for layer in inner]).detach()
    theirs.out_proj.load_state_dict(ours.proj.state_dict())


def fill(theirs: nn.Module, norms: list[nn.Module], mlp: nn.Module) -> None:
    """Gives torch's layer our norms and MLP."""
    for number, norm in enumerate(norms, 1):
        getattr(theirs, f"norm{number}").load_state_dict(norm.state_dict())
    theirs.linear1.load_state_dict(mlp.up.state_dict())
    theirs.linear2.load_state_dict(mlp.down.state_dict())


def ask_for_weights(_: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Makes torch's attention return every head's weights."""
    return args, {**kwargs, "need_weights": True, "average_attn_weights": False}


@torch.no_grad()
def test_logits_and_cross_attention_equal_torch():
    """With padded sources, logits and every head's weights differ from torch's by less than 1e-5."""
    model, ids = make(PAPER), rows()
    reference = TorchTranslator(model)
    expected = reference(ids, at=7)
    taps = Taps("cross")
    logits, _ = model(ids, taps=taps)
    assert expected.abs().max() > 1
    assert (logits[:, 7:] - expected).abs().max() < 1e-5
    assert (model(ids)[0][:, 7:] - expected).abs().max() < 1e-5  # the fused kernel
    for ours, theirs in zip(taps.values["cross"], reference.weights, strict=True):
        assert ours.shape == (3, 4, 10, 8)
        assert (ours - theirs).abs().max() < 1e-5
        assert (ours[1, ..., :3] == 0).all()


@CONFIGS
@torch.no_grad()
def test_padding_changes_nothing(config):
    """A row gives the same logits alone and filled up beside a longer one."""
    model, ids = make(config), rows()
    together, _ = model(ids)
    for row, words in enumerate((7, 4, 1)):
        alone, _ = model(ids[row : row + 1, 7 - words :])
        assert (alone[0, words:] - together[row, 7:]).abs().max() < 1e-5


@CONFIGS
@torch.no_grad()
def test_the_source_is_read_both_ways_and_the_target_from_left_to_right(config):
    """Another last source word changes every logit after the separator; another target word only those from there."""
    model, ids = make(config), rows()[:1]
    logits, _ = model(ids)
    for column, first in ((6, 7), (12, 12)):
        other = ids.clone()
        other[0, column] = 2 + (ids[0, column] + 1) % 58
        changed = (model(other)[0] - logits)[0].abs().amax(1) > 1e-6
        assert changed.tolist() == [False] * first + [True] * (17 - first)


def test_training_gives_gradients_to_every_weight():
    """Without a state in training, the loss after the separator reaches encoder, decoder and embeddings."""
    model, ids = make(PAPER).train(), rows()
    logits, state = model(ids)
    logits[:, 7:].logsumexp(-1).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
    assert state.length == 0


def test_separators_in_different_columns_are_refused():
    """A batch whose rows are not lined up is an error, not a wrong answer."""
    ids = torch.tensor([[5, SEPARATOR, 6], [5, 6, SEPARATOR]])
    with pytest.raises(ValueError, match="same column"):
        make(PAPER)(ids)


def test_the_engine_writes_with_it():
    """Generated through the engine's prefix cache, the greedy target is that of full passes."""
    model = make(ModelConfig(257, "encoder-decoder", **SHAPE))
    engine = Engine(Loaded("t", "t", model, ByteTokenizer(), ModelFiles("t", "checkpoint", None, "t")))
    ids = [7, 8, 9, SEPARATOR]
    made = engine.generate(bytes(ids).decode(), max_tokens=12, sampling=Sampling(temperature=0))
    with torch.no_grad():
        for piece in made.pieces:
            assert int(model(torch.tensor([ids]))[0][0, -1].argmax()) == piece.id
            ids.append(piece.id)
    assert len(made.pieces) == 12 or made.ended == "end"
