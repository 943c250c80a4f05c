"""What answers on each device that this machine has, the CPU and a card: the model's own numbers, in steady memory.

On a card a token is a recorded step; on the CPU the same step runs as it stands.
"""

import gc
import math
from contextlib import contextmanager, suppress

import pytest
import torch

from talkgen.lm.answer.callers import FailedError
from talkgen.lm.answer.engine import Engine
from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.fast.torch_forms import load_torch_form, torch_forms
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model
from talkgen.serve.engines import Engines
from talkgen.serve.limits import Question

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
PROMPT = "A class is a block of code that"


@pytest.fixture(params=DEVICES)
def device(request):
    """Each that is here."""
    return request.param


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The small transformer that comes along."""
    return find_model("small", tmp_path_factory.mktemp("project"))


@torch.inference_mode()
@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-3), (torch.bfloat16, 2e-2)], ids=str)
def test_logits_are_those_of_the_cpu_in_float32(files, device, dtype, most):
    """Read at once, and read token by token in recorded steps; in bfloat16 by the size of what is compared."""
    loaded = load_model(files)
    ids = torch.tensor([loaded.tokenizer.encode(PROMPT * 3)])
    expected = loaded.model(ids)[0]
    graphed = GraphedTransformer(load_model(files, device).model.to(dtype))
    there = ids.to(device)
    whole, _ = graphed(there)
    first, state = graphed(there[:, :4])
    rows = [first]
    for t in range(4, ids.size(1)):
        row, state = graphed(there[:, t : t + 1], state, last_only=True)
        rows.append(row)
    scale = 1.0 if dtype == torch.float32 else float(expected.abs().max())
    for found in (whole, torch.cat(rows, dim=1)):
        assert float((found.float().cpu() - expected).abs().max()) <= most * scale


@torch.inference_mode()
def test_recorded_steps_write_the_same_tokens(files, device):
    """A hundred likeliest tokens of five texts, recorded with the seats they take, and by the model itself alone."""
    loaded = load_model(files, device)
    graphed = GraphedTransformer(loaded.model)
    texts = [loaded.tokenizer.encode(f"{PROMPT} {word}") for word in ("has", "is", "may", "can be", "does not")]
    caches = [graphed.new_state(1, 8) for _ in texts]
    written = [[] for _ in texts]
    new = texts
    for _ in range(100):
        new = [[token] for token in graphed.read_many(new, caches).argmax(dim=-1).tolist()]
        for text, (token,) in zip(written, new, strict=True):
            text.append(token)
    for text, own in zip(texts, written, strict=True):
        logits, state = loaded.model(torch.tensor([text], device=device))
        for token in own:
            assert token == int(logits[0, -1].argmax())
            logits, state = loaded.model(torch.tensor([[token]], device=device), state)


@torch.inference_mode()
def test_every_form_keeps_most_first_choices(files, device):
    """Of each form on the device four of five first choices, the least for four bits, are float32's."""
    loaded = load_model(files)
    ids = loaded.tokenizer.encode(PROMPT * 6)
    expected = loaded.model(torch.tensor([ids]))[0][0].softmax(-1)
    for form in torch_forms(loaded, device):
        model = load_torch_form(files, form, device).model
        found = model(torch.tensor([ids], device=device))[0][0].float().softmax(-1).cpu()
        least = 0.8 if form == "int4" else 0.97
        assert float((found.argmax(-1) == expected.argmax(-1)).float().mean()) >= least, form


@pytest.mark.slow
def test_memory_stays_as_it_is_over_a_thousand_answers(files, device):
    """The same two hundred questions, more than it remembers, again and again."""
    engine = Engine(load_torch_form(files, "float32", device), device=device)
    held = []
    for number in range(1400):
        engine.next_token(f"{number % 200:03} is a")
        if number in (399, 1399):
            held.append(_held(device))
    assert held[1] <= held[0] + 2**16


def test_a_model_that_finds_no_memory_moves_to_the_cpu(files, device, caplog):
    """In the middle of a talk: the question fails, the next one is answered as before."""
    engines = Engines([files], "cpu:0" if device == "cpu" else device)
    engines.open()
    try:
        before = engines.ask(Question(prompt=PROMPT))
        with _no_memory(device, engines.find(None)), pytest.raises(FailedError):
            engines.ask(Question(prompt=PROMPT * 8))
        engines._loaders[-1].join()
        (about,) = engines.health()["models"]
        assert about["device"] == "cpu"
        assert "out of memory" in caplog.text
        after = engines.ask(Question(prompt=PROMPT))
    finally:
        engines.close()
    assert [c.id for c in after.candidates[:3]] == [c.id for c in before.candidates[:3]]
    assert all(math.isclose(a.p, b.p, abs_tol=0.02) for a, b in zip(after.candidates, before.candidates, strict=True))


def _held(device):
    """Bytes of tensors: by the allocator on a card, by those that are alive on the CPU."""
    gc.collect()
    if device != "cpu":
        torch.cuda.synchronize()
        return torch.cuda.memory_allocated()
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in gc.get_objects() if _is_tensor(t)}
    return sum(storages.values())


def _is_tensor(thing):
    return issubclass(type(thing), torch.Tensor) and thing.layout == torch.strided


@contextmanager
def _no_memory(device, engine):
    """On a card all that its allocator may hand out is taken meanwhile; a CPU's model raises what a card's would."""
    if device == "cpu":

        def raise_it(*_, **__):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine.model, "forward", raise_it)
            yield
        return
    torch.cuda.empty_cache()
    total, taken = torch.cuda.get_device_properties(device).total_memory, []
    torch.cuda.set_per_process_memory_fraction(torch.cuda.memory_reserved() / total)
    for size in (2**20, 2**14, 2**9):  # what is left in what was reserved, to the last piece
        with suppress(torch.OutOfMemoryError):
            while True:
                taken.append(torch.empty(size, dtype=torch.uint8, device=device))
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
