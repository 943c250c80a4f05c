"""Engines: found by name, and moved to the CPU when their device fails."""

import socket

import pytest
import torch

from talkgen.lm.answer.callers import FailedError
from talkgen.lm.fast import forms
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.packed import FORMATS
from talkgen.serve.engines import Engines, open_engine
from talkgen.serve.limits import Question

ELSEWHERE = "cpu:0"  # a device of another name, where the same model runs


@pytest.fixture
def engines(models):
    engines = Engines(models[:1], ELSEWHERE)
    engines.open()
    yield engines
    engines.close()


def out_of_memory(*_):
    """What a GPU raises."""
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def test_a_model_whose_device_fails_moves_to_the_cpu(engines, caplog):
    """The question is lost, the engine is given up, and its model then answers from the CPU as it did before."""
    before = engines.ask(Question(prompt="abc"))
    assert engines.health()["models"][0]["device"] == ELSEWHERE
    failing = engines.find(None)
    failing.model.embed.register_forward_pre_hook(out_of_memory)
    with pytest.raises(FailedError):
        engines.ask(Question(prompt="another"))
    engines._loaders[-1].join()
    assert engines.find("tiny") is not failing
    (about,) = engines.health()["models"]
    assert about["device"] == "cpu"
    assert about["note"].startswith(f"moved from {ELSEWHERE}: ")
    assert "out of memory" in caplog.text
    after = engines.ask(Question(prompt="abc"))
    assert [c.p for c in after.candidates] == pytest.approx([c.p for c in before.candidates], abs=1e-3)


def test_a_cpu_that_fails_goes_on(engines):
    """Where there is nothing to move to, the next question is tried again."""
    engines.ask(Question(prompt="abc"))
    engines._about["tiny"]["device"] = "cpu"
    hook = engines.find(None).model.embed.register_forward_pre_hook(out_of_memory)
    with pytest.raises(FailedError):
        engines.ask(Question(prompt="another"))
    hook.remove()
    assert engines.ask(Question(prompt="another")).candidates


def test_a_model_that_fails_in_any_way_stays_recorded(models, monkeypatch, caplog):
    """A file that is gone, a fault of ours: the others are loaded, and nobody waits for it."""

    def fail(files, device):
        if files.name == "tiny":
            raise KeyError("a fault")
        return open_engine(files, device)

    monkeypatch.setattr("talkgen.serve.engines.open_engine", fail)
    engines = Engines(models, "cpu")
    engines.open()
    engines.wait()
    assert [model["name"] for model in engines.health()["models"]] == [files.name for files in models[1:]]
    assert "tiny" in caplog.text
    engines.close()


def test_the_server_says_503_and_comes_back(open_server, deck, models, project):
    """The page gets 503, sees no model, and later one that answers."""
    from talkgen.serve.settings import Settings

    client, _ = open_server(Settings(deck, models[:1], project, device=ELSEWHERE))
    engines = client.app.state.engines
    engines.find(None).model.embed.register_forward_pre_hook(out_of_memory)
    assert client.post("/api/next", json={"prompt": "abc"}).status_code == 503
    engines._loaders[-1].join()
    assert client.get("/api/health").json()["models"][0]["device"] == "cpu"
    assert client.post("/api/next", json={"prompt": "abc"}).status_code == 200


@pytest.mark.slow
def test_a_sure_form_answers_while_forms_are_compared(models, tmp_path, monkeypatch):
    """The first time on a machine a model answers at once; what is compared is told, and the best form comes after."""
    monkeypatch.setenv("TALKGEN_CACHE", str(tmp_path))
    told = []
    engines = Engines(models[:1], "cpu", told.append)
    engines.open()
    engines.wait()
    assert forms.recorded(models[0]) is None
    before = engines.ask(Question(prompt="abc"))
    engines._loaders[0].join()
    first, *others = told
    assert first == f"comparing {models[0].label}'s forms, once on this machine: float32, which the others are held to"
    assert others == [
        f"comparing {models[0].label} with float32: {form}, {number} of {len(FORMATS)}"
        for number, form in enumerate(reversed(FORMATS), 1)
    ]
    after = engines.ask(Question(prompt="abc"))
    engines.close()
    assert {row.form for row in forms.recorded(models[0])} == {"torch", *FORMATS}
    assert [bar.id for bar in after.candidates[:3]] == [bar.id for bar in before.candidates[:3]]


@pytest.mark.parametrize("count", [0, 1])
def test_it_is_told_when_models_are_loaded(models, count):
    """Once, when the models that were asked for can answer: what would be in their way waits for that."""
    there = []
    engines = Engines(models[:count], ELSEWHERE, on_loaded=lambda: there.append(engines.health()))
    engines.open()
    engines.wait()
    engines.close()
    assert [len(health["models"]) for health in there] == [count]
    assert there[0]["status"] == "ready"


def test_a_model_answers_while_another_is_loaded_still(models, tmp_path):
    """The second is behind a server that says nothing; once that has gone, all that can be loaded is."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = find_model(f"openai:http://127.0.0.1:{silent.getsockname()[1]}/v1#other", tmp_path)
        engines = Engines([models[0], other], "cpu")
        engines.open()
        named, first = (engines.ask(Question(prompt="abc", model=name)) for name in (models[0].name, None))
        assert engines.loading
    assert named.candidates == first.candidates
    engines.wait()
    assert [model["name"] for model in engines.health()["models"]] == [models[0].name]
    engines.close()
