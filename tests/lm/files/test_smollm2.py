"""SmolLM2-135M, the file that talks use, read by us and by transformers: logits, attention, greedy text, tokens.

transformers' `from_pretrained(gguf_file=…)` wants one more package; its own converter, called here, does not. Its
tokenizer from a GGUF file leaves out what "smollm" means beyond GPT-2: digits stand alone (`Digits` before `ByteLevel`
in the model's tokenizer.json). White space before a digit is then cut elsewhere, so that part is put in here.
"""

import inspect
import textwrap
from pathlib import Path

import pytest
import tokenizers
import torch
import transformers
from odd_texts import make_texts
from tokenizers import pre_tokenizers
from transformers.initialization import no_init_weights
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.gguf_file import GGUFFile
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.pull import pull
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.base import Taps
from talkgen.lm.text.tokenizer import byte_of_character

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ENGLISH = (Path(__file__).parents[3] / "LICENSE").read_text(encoding="utf-8")
CODE = inspect.getsource(textwrap)


@pytest.fixture(scope="module")
def file() -> Path:
    """The GGUF file, fetched unless it is at hand."""
    return pull("smollm2", lambda done, total: None)


@pytest.fixture(scope="module")
def loaded(file) -> Loaded:
    """Read by us."""
    return load_model(ModelFiles("smollm2", "gguf", file, "SmolLM2-135M"))


@pytest.fixture(scope="module")
def reference(file) -> transformers.PreTrainedModel:
    """Read by transformers, in float32."""
    config = transformers.AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    with no_init_weights():
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    tensors = load_gguf_checkpoint(str(file), return_tensors=True, model_to_load=model)["tensors"]
    missing, unexpected = model.load_state_dict(tensors, strict=False, assign=True)
    assert (missing, unexpected) == (["lm_head.weight"], [])
    model.tie_weights()
    return model.eval()


@pytest.fixture(scope="module")
def converted(file) -> tokenizers.Tokenizer:
    """The tokenizer as transformers reads it from the file; special tokens written out are text, as with us."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).backend_tokenizer
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.fixture(scope="module")
def texts(loaded) -> list[str]:
    """2,000 texts, every special token among them."""
    assert len(loaded.tokenizer.special) == 17
    return make_texts(2000, 5, list(loaded.tokenizer.special))


@torch.inference_mode()
@pytest.mark.parametrize("text", [ENGLISH, CODE], ids=["English", "code"])
def test_logits_equal_transformers(text, loaded, reference):
    """Over 1,000 positions no logit differs by 1e-3."""
    ids = torch.tensor([loaded.tokenizer.encode(text)[:1000]])
    assert ids.shape == (1, 1000)
    assert (reference(ids).logits - loaded.model(ids)[0]).abs().max() < 1e-3


@torch.inference_mode()
def test_attention_equals_transformers(loaded, reference):
    """The weights of all 30 × 9 heads are those of `output_attentions`."""
    ids = torch.tensor([loaded.tokenizer.encode(ENGLISH)[:100]])
    taps = Taps("attention")
    loaded.model(ids, taps=taps)
    usual = reference.config._attn_implementation
    reference.set_attn_implementation("eager")
    expected = reference(ids, output_attentions=True).attentions
    reference.set_attn_implementation(usual)
    assert len(expected) == 30
    for ours, theirs in zip(taps.values["attention"], expected, strict=True):
        assert ours.shape == theirs.shape == (1, 9, 100, 100)
        assert (ours - theirs).abs().max() < 1e-4


@pytest.mark.parametrize("prompt", ["Once upon a time", CODE[:300]], ids=["English", "code"])
@torch.inference_mode()
def test_greedy_text_equals_transformers(prompt, loaded, reference):
    """200 greedy tokens of the engine, which reads one at a time, are those of `generate`."""
    ids = torch.tensor([loaded.tokenizer.encode(prompt)])
    answer = reference.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=200, do_sample=False, eos_token_id=None, pad_token_id=2
    )
    completion = Engine(loaded).generate(prompt, max_tokens=200, sampling=Sampling(top_k=1))
    assert [piece.id for piece in completion.pieces] == answer[0, ids.size(1) :].tolist()


def test_tokens_equal_transformers(loaded, converted, texts):
    """2,000 texts have the same ids; as transformers has it, those without a digit."""
    for text in texts:
        if not any(map(str.isnumeric, text)):
            assert loaded.tokenizer.encode(text) == converted.encode(text, add_special_tokens=False).ids, repr(text)
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    converted.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2])
    for text in texts:
        assert loaded.tokenizer.encode(text) == converted.encode(text, add_special_tokens=False).ids, repr(text)


def test_texts_come_back(loaded, texts):
    """Decoding what was encoded gives the text, less the bytes that the model has no token for."""
    tokens = GGUFFile(loaded.files.path).metadata["tokenizer.ggml.tokens"]
    known = {byte for character, byte in byte_of_character().items() if character in set(tokens)}
    assert set(range(0xF1)) - known == {0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xC0, 0xC1}
    whole = [text for text in texts if known.issuperset(text.encode())]
    assert len(whole) > 1700
    for text in texts:
        expected = bytes(byte for byte in text.encode() if byte in known).decode("utf-8", "replace")
        assert loaded.tokenizer.decode(loaded.tokenizer.encode(text)) == expected
    assert "".join(loaded.tokenizer.pieces(loaded.tokenizer.encode(CODE))) == CODE
