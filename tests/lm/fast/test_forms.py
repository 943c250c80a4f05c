"""The forms of a model: measured against float32, chosen by the rule, never silently worse."""

import json

import numpy as np
import pytest
import torch
from gguf_files import write_llama

from talkgen.lm.fast import comparing, forms, holding
from talkgen.lm.fast.comparing import measure
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.fast.forms import Measured, load_fast
from talkgen.lm.files.catalog import ModelFiles, find_model
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.distribution import softmax
from talkgen.lm.models.lstm import RecurrentLM
from talkgen.lm.models.transformer import Transformer


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The committed transformer, and a cache of its own to measure into."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path / "cache"))
    return find_model("small", tmp_path)


def test_every_form_is_measured(small):
    """Float32 on the decoder changes nothing; fewer bits change more and take fewer bytes."""
    found = {row.form: row for row in measure(small)}
    assert set(found) == {"torch", "float32", "float16", "int8", "int4"}
    assert found["torch"].max_change == 0
    assert found["float32"].max_change < 1e-4
    assert found["float32"].max_change <= found["float16"].max_change < found["int8"].max_change
    assert found["int8"].max_change < found["int4"].max_change
    assert found["int4"].megabytes < found["int8"].megabytes < found["float16"].megabytes < found["float32"].megabytes
    assert all(0 < row.milliseconds < 1000 for row in found.values())


def test_the_numbers_are_right(small):
    """The largest change of a probability is what comparing by hand gives, of a text read at once or token by token."""
    row = next(row for row in measure(small) if row.form == "int8")
    loaded = load_model(small)
    assert isinstance(loaded.model, Transformer)
    ids = torch.tensor([loaded.tokenizer.encode(holding._TEXT)[: loaded.model.config.block_size]])
    with torch.inference_mode():
        packed = CompiledTransformer.from_transformer(loaded.model, "int8")
        at_once = torch.from_numpy(packed(ids)[0][0]).softmax(-1)
        state, one_by_one = packed.new_state(1, ids.size(1)), torch.empty_like(at_once)
        for t in range(ids.size(1)):
            one_by_one[t] = torch.from_numpy(packed(ids[:, t : t + 1], state)[0][0, 0]).softmax(-1)
        expected = loaded.model(ids)[0][0].softmax(-1)
    ways = (at_once, one_by_one)
    assert row.max_change == pytest.approx(max(float((p - expected).abs().max()) for p in ways), abs=1e-6)
    assert row.top_1 == pytest.approx(min(float((p.argmax(-1) == expected.argmax(-1)).float().mean()) for p in ways))


@pytest.mark.slow
def test_a_measurement_is_kept(small, monkeypatch):
    """The second time nothing is loaded; a damaged record is measured again, from weights that are loaded once."""
    first = measure(small)
    loads = []
    load = comparing.load_form
    monkeypatch.setattr(comparing, "load_form", lambda *asked: loads.append(asked[1]) or load(*asked))
    assert measure(small) == first
    assert not loads
    (record,) = (forms.cache_dir("forms")).iterdir()
    record.write_text(record.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert [row.form for row in measure(small)] == [row.form for row in first]
    assert loads == ["torch"]


@pytest.mark.parametrize(("change", "agreement", "good"), [(0.02, 0.99, True), (0.021, 1.0, False), (0.0, 0.98, False)])
def test_the_rule(change, agreement, good):
    """No probability moves by more than 0.02, and 99 of 100 first choices stay."""
    assert Measured("int8", change, agreement, 1.0, 1.0).good is good


def test_the_quickest_good_form_is_loaded(small):
    """A quicker form that is worse is not taken; the record decides."""
    (record,) = [measure(small) and next(forms.cache_dir("forms").iterdir())]
    rows = json.loads(record.read_text(encoding="utf-8"))
    speed = {"torch": 9.0, "float32": 3.0, "float16": 2.0, "int8": 1.0, "int4": 0.5}
    for row in rows:
        row["milliseconds"] = speed[row["form"]]
    record.write_text(json.dumps(rows), encoding="utf-8")
    model = load_fast(small).model
    assert isinstance(model, CompiledTransformer)
    assert model.bytes == pytest.approx(next(r["megabytes"] for r in rows if r["form"] == "float16") * 1e6)
    for row in rows:
        row["max_change"] = 0.5 * (row["form"] != "torch")
    record.write_text(json.dumps(rows), encoding="utf-8")
    assert isinstance(load_fast(small).model, Transformer)


def test_without_the_decoder_torch_answers(small, monkeypatch):
    """No compiler: the forms are torch's, by the same rule; bfloat16's few digits make int8 and int4 too coarse."""
    monkeypatch.setattr(forms.native, "load_library", lambda: None)
    found = {row.form: row for row in measure(small)}
    assert set(found) == {"torch", "float16", "int8", "int4"}
    assert found["float16"].good
    assert not found["int4"].good
    assert isinstance(load_fast(small).model, Transformer)


@pytest.mark.parametrize(("name", "architecture"), [("translator", "encoder-decoder"), ("rnnsearch", "rnnsearch")])
def test_a_translator_has_no_forms(name, architecture, tmp_path, small):
    """What continues no plain text is not measured on one, and loaded as it is."""
    translator = find_model(name, tmp_path)
    assert measure(translator) == []
    assert load_fast(translator).model.config.architecture == architecture


def test_recurrent_models_have_forms_too(tmp_path, small):
    """An LSTM is packed like a transformer; one that attends to its past is loaded as it is."""
    lstm = find_model("small-lstm", tmp_path)
    found = {row.form: row for row in measure(lstm)}
    assert {"torch", "float32", "float16", "int8", "int4"} == set(found)
    assert found["float32"].max_change < 1e-4
    assert found["float16"].megabytes < 0.6 * found["float32"].megabytes
    assert isinstance(load_fast(lstm).model, CompiledLSTM | RecurrentLM)
    assert [row.form for row in measure(find_model("recall", tmp_path))] == ["torch"]


@pytest.mark.parametrize("kernels", [True, False])
def test_a_large_model_is_judged_alike(small, monkeypatch, kernels):
    """Of a large model less is read, and of a form that has lost nothing more: the same forms are good and chosen."""
    if not kernels:
        monkeypatch.setattr(forms.native, "load_library", lambda: None)
    whole = measure(small)
    for record in forms.cache_dir("forms").iterdir():
        record.unlink()
    monkeypatch.setattr(holding, "_LARGE", 0)
    some = measure(small)
    assert [(row.form, row.good) for row in some] == [(row.form, row.good) for row in whole]
    assert all(less.max_change <= row.max_change + 1e-6 for less, row in zip(some, whole, strict=True))
    assert any(less.max_change < row.max_change - 1e-3 for less, row in zip(some, whole, strict=True) if not row.good)


def test_a_file_with_kernels_is_judged_by_blocks(small, tmp_path):
    """Of a GGUF file's float32 no more than a block is in memory, which only judges; its blocks answer as they did."""
    write_llama(tmp_path / "llama.gguf", "Q8_0")
    files = ModelFiles("llama", "gguf", tmp_path / "llama.gguf", "llama")
    reference, stored = measure(files)
    assert (reference.form, reference.milliseconds) == ("torch", None)
    assert (stored.form, stored.good) == ("stored", True)
    assert forms.best_form(files) == "stored"
    loaded = load_model(files)
    ids = loaded.tokenizer.encode(holding._TEXT)[: loaded.model.config.block_size]
    packed = softmax(load_fast(files).model.reader()([ids])[0][0])
    with torch.inference_mode():
        expected = loaded.model(torch.tensor([ids]))[0][0].softmax(-1).numpy()
    assert stored.max_change == pytest.approx(float(np.abs(packed - expected).max()), abs=1e-5)


def test_what_rounding_loses_is_not_packed(small, monkeypatch):
    """Where bfloat16 alone moves a probability too far, a large model's int8 and int4 are told bad, and not tried."""
    monkeypatch.setattr(forms.native, "load_library", lambda: None)
    monkeypatch.setattr(holding, "_LARGE", 0)
    tried = []
    hold = comparing.hold
    monkeypatch.setattr(comparing, "hold", lambda *given: tried.append(given[1]) or hold(*given))
    assert {row.form for row in measure(small) if row.milliseconds} == {"torch", *tried}
    for record in forms.cache_dir("forms").iterdir():
        record.unlink()
    tried.clear()
    monkeypatch.setattr(comparing, "MOST_CHANGE", 1e-6)
    found = {row.form: row for row in measure(small)}
    assert tried == ["float16"]
    assert set(found) == {"torch", "float16", "int8", "int4"}
    assert all(row.milliseconds is None and 0 < row.max_change < 0.5 for row in map(found.get, ("int8", "int4")))
