"""GGUF files: what is read equals the `gguf` package, what lies is refused, and no damaged file does harm."""

import random
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from gguf_files import HEADS, KV, LAYERS, write_llama

from talkgen.errors import ModelError
from talkgen.lm.fast.forms import load_stored
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.gguf_file import READABLE, GGUFFile
from talkgen.lm.files.gguf_model import read_config, read_packed, side_by_side
from talkgen.lm.files.gguf_tokenizer import read_tokenizer
from talkgen.lm.files.weights import load_by_blocks, load_model

resource = pytest.importorskip("resource", reason="Windows has no such limits")


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    """A sound file."""
    path = tmp_path_factory.mktemp("gguf") / "llama.gguf"
    write_llama(path, "Q8_0")
    return path


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"])
def test_tensors_equal_the_gguf_package(kind, tmp_path):
    """Metadata, shapes and values of every readable type are what the reference reader gives."""
    path = tmp_path / "a.gguf"
    write_llama(path, kind)
    ours, reference = GGUFFile(path), gguf.GGUFReader(path)
    assert set(ours.tensors) == {tensor.name for tensor in reference.tensors}
    for tensor in reference.tensors:
        expected = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        found = ours.read(tensor.name)
        assert found.shape == tuple(reversed(tensor.shape.tolist()))
        assert np.array_equal(found.reshape(expected.shape), expected.astype(np.float32))
    assert ours.metadata["tokenizer.ggml.tokens"] == reference.fields["tokenizer.ggml.tokens"].contents()


def test_a_model_is_read_block_by_block(llama):
    """The logits are those of the whole model, again and again, and between two readings its blocks take no memory."""
    files = ModelFiles("llama", "gguf", llama, "llama")
    whole, blocks = load_model(files).model, load_by_blocks(files).model
    ids = torch.arange(12)[None] % whole.config.vocab_size
    with torch.inference_mode():
        for _ in range(2):
            assert torch.equal(blocks(ids)[0], whole(ids)[0])
            assert all(p.untyped_storage().nbytes() == 4 for block in blocks.blocks for p in block.parameters())
    assert blocks.count_parameters() == whole.count_parameters()


@pytest.mark.parametrize("kind", ["Q4_K", "Q6_K"])
def test_k_quants_are_expanded(kind, tmp_path):
    """Blocks of the k-quants, filled with random bytes, come out as the package expands them."""
    quantized = getattr(gguf.GGMLQuantizationType, kind)
    block, size = gguf.GGML_QUANT_SIZES[quantized]
    raw = np.random.default_rng(1).integers(0, 60, (3, 2 * size), dtype=np.uint8)
    writer = gguf.GGUFWriter(tmp_path / "k.gguf", "llama")
    writer.add_tensor("t", raw, raw_dtype=quantized)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = GGUFFile(tmp_path / "k.gguf").read("t")
    assert found.shape == (3, 2 * block)
    assert np.array_equal(found, gguf.quants.dequantize(raw, quantized), equal_nan=True)


def test_a_model_is_read_whole(llama):
    """Config, tied head, weights and tokenizer make a model that answers."""
    loaded = load_model(ModelFiles("tiny", "gguf", llama, "tiny"))
    config = loaded.model.config
    assert (config.n_layer, config.n_head, config.n_kv_head, config.tied_head) == (LAYERS, HEADS, KV, True)
    ids = loaded.tokenizer.encode("hello <|end|>")
    assert loaded.tokenizer.pieces(ids)[:3] == ["hel", "l", "o"]
    assert loaded.tokenizer.end not in ids, "a special token written out is ordinary text"
    assert loaded.tokenizer.decode(ids) == "hello <|end|>"
    with torch.no_grad():
        assert loaded.model(torch.tensor([ids]))[0].isfinite().all()


@pytest.mark.parametrize("kind", ["F32", "Q8_0", "Q4_0"])
def test_a_file_is_read_where_it_lies(kind, tmp_path):
    """Mapped as it is stored, with llama.cpp's order of rows, the logits are those of the model that is read whole."""
    path = tmp_path / "llama.gguf"
    write_llama(path, kind)
    files = ModelFiles("tiny", "gguf", path, "tiny")
    stored, whole = load_stored(files), load_model(files)
    ids = [[1, 5, 2, 7, 7, 3, 9, 4, 1]]
    with torch.no_grad():
        expected = whole.model(torch.tensor(ids))[0].numpy()
    np.testing.assert_allclose(stored.model(ids)[0], expected, atol=2e-3, rtol=1e-3)
    mapped = [part for parts in stored.model._weights.values() for part in parts]
    assert sum(part.data.flags.owndata for part in mapped) == 0 or kind == "Q4_0"


def test_rotary_rows_are_put_side_by_side():
    """llama.cpp's interleaved rows come back in the order of the papers' halves."""
    original = torch.arange(2 * 8 * 3, dtype=torch.float32).view(16, 3)
    interleaved = original.view(2, 2, 4, 3).transpose(1, 2).reshape(16, 3)  # convert_hf_to_gguf.py, LlamaModel.permute
    assert torch.equal(interleaved[side_by_side(16, 2)], original)


def test_other_architectures_are_refused(tmp_path):
    """An architecture we do not know is named."""
    path = tmp_path / "a.gguf"
    write_llama(path, architecture="mamba")
    with pytest.raises(ModelError, match="'mamba'"):
        read_config(GGUFFile(path))


def test_a_config_that_contradicts_its_tensors_is_refused(tmp_path):
    """More layers than there are tensors for are missed by name."""
    path = tmp_path / "a.gguf"
    write_llama(path, layers=3)
    file = GGUFFile(path)
    with pytest.raises(ModelError, match=r"lacks blk\.2"):
        read_packed(file, read_config(file))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"more": {"rope_freqs.weight": (8,)}}, r"holds rope_freqs\.weight"),
        ({"more": {"blk.0.attn_q.bias": (64,)}}, r"holds blk\.0\.attn_q\.bias"),
        ({"scaling": gguf.RopeScalingType.YARN}, r"rope\.scaling\.type = yarn"),
    ],
)
def test_what_would_change_the_model_is_refused(changes, said, tmp_path):
    """Angles that are scaled, biases: read without them it would answer, and wrongly."""
    path = tmp_path / "a.gguf"
    write_llama(path, **changes)
    with pytest.raises(ModelError, match=said):
        load_model(ModelFiles("a", "gguf", path, "a"))


def test_an_embedding_without_rows_is_refused(tmp_path):
    """A number in the embedding's place is no vocabulary."""
    path = tmp_path / "a.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("token_embd.weight", np.zeros((), np.float32))
    for write in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        write()
    writer.close()
    files = ModelFiles("a", "gguf", path, "a")
    assert files.about()["vocabulary"] is None
    with pytest.raises(ModelError, match="no matrix"):
        load_model(files)


def test_nan_weights_are_refused(llama, tmp_path):
    """A weight that is not a number is found before anybody asks the model."""
    path = tmp_path / "nan.gguf"
    data = bytearray(llama.read_bytes())
    place = GGUFFile(llama).tensors["output_norm.weight"]
    data[place.offset : place.offset + 4] = np.float32("nan").tobytes()
    path.write_bytes(data)
    with pytest.raises(ModelError, match="NaN"):
        load_model(ModelFiles("nan", "gguf", path, "nan"))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_files_cut_short_are_refused(llama, share, tmp_path):
    """A download that broke off is one clear message."""
    path = tmp_path / "cut.gguf"
    data = llama.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match=r"cut short|cannot be read|no GGUF|lists|lacks"):
        GGUFFile(path)


def test_more_memory_than_there_is_is_refused(tmp_path):
    """A model that would not fit is refused before it is read: a real header before terabytes of nothing."""
    path = tmp_path / "big.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor_info("token_embd.weight", (2**20, 2**18), np.dtype(np.float32), 2**40)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        file.truncate(2**40 + 4096)  # sparse: it takes no room on the disk
    with pytest.raises(ModelError, match=r"needs 1024\.0 GiB"):
        load_model(ModelFiles("big", "gguf", path, "big"))


def mutate(data: bytearray, rng: random.Random) -> bytearray:
    """One random damage, most of it in the header."""
    header = min(len(data), 6000)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(header if rng.random() < 0.9 else len(data))
        match rng.randrange(4):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                data[at : at + 8] = rng.choice((b"\xff" * 8, b"\0" * 8, (2**40).to_bytes(8, "little")))
            case 2:
                data[at : at + 4] = rng.randrange(40).to_bytes(4, "little")
            case 3:
                del data[at : at + rng.randrange(1, 40)]
    return data


@pytest.mark.slow
def test_5000_damaged_files_do_no_harm(tmp_path):
    """Each is read or refused with a ModelError; no other exception, no crash, and memory stays bounded."""
    sound = tmp_path / "sound.gguf"
    write_llama(sound, "Q4_0")
    original = sound.read_bytes()
    rng = random.Random(11)
    path, refused = tmp_path / "damaged.gguf", 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5000):
        path.write_bytes(mutate(bytearray(original), rng))
        try:
            file = GGUFFile(path)
            config = read_config(file)
            if file.parameters < 1_000_000 and config.vocab_size < 1_000_000:
                read_packed(file, config)
                read_tokenizer(file)
        except ModelError:
            refused += 1
    assert refused > 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def test_readable_types_are_those_of_the_readme():
    """The list of types that is shown to users is complete."""
    assert set(READABLE) == {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"}
