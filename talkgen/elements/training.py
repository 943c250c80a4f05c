"""How a model learns: its loss curve and what it writes at each checkpoint; or a tiny one that is trained here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import Field

from talkgen.elements import base
from talkgen.elements.base import Asked
from talkgen.errors import ModelError

if TYPE_CHECKING:
    from talkgen.lm.models.base import LanguageModel
    from talkgen.lm.text.tokenizer import Tokenizer
    from talkgen.lm.train.trainer import Trainer

TITLE = "Training"
DIALS: dict[str, tuple[Any, ...]] = {}
IN_PAGE = MEASURES_TIME = False
RUN_PARTS = ("log", "checkpoints")
POINTS = 100  # of a curve
_WRITTEN = 40  # characters or so of a sample
_TINY = {  # learns to write something like words in a few seconds of one processor
    "data": "python",
    "tokenizer": {"kind": "characters"},
    "model": {"n_layer": 2, "n_embd": 64, "n_head": 4, "block_size": 64},
    "optimizer": {"kind": "adamw", "rate": 5e-3},
}


class Params(base.Params):
    """Which run: 0 is the model's own, another number one that is trained here, with that seed, for so many steps."""

    train: int = Field(0, ge=0, le=1_000_000)
    steps: int = Field(160, ge=10, le=1000)
    tokens: int = Field(24, ge=4, le=64)

    @property
    def own_work(self) -> bool:
        """Checkpoints and new models are run, not the model that answers."""
        return True


class Point(TypedDict):
    """The training loss at a step, in nats a token."""

    step: int
    loss: float


class Sample(TypedDict):
    """What the model writes after the prompt at a step; the loss there."""

    step: int
    loss: float
    text: str


class TrainingAnswer(TypedDict):
    """The curve and the samples so far, the earliest first; of how many steps and parameters, and what a token is.

    Before a training begins there are none of all these: `parameters` is 0.
    """

    curve: list[Point]
    samples: list[Sample]
    steps: int
    parameters: int
    unit: str
    done: bool


def answer(asked: Asked) -> TrainingAnswer:
    """The model's own run, or a training that is done now.

    Raises:
        ModelError: the model has no run, the text to train on is gone, or the loss is not a number.
    """
    return _train(asked) if asked.params.train else _look_back(asked)


def also_recorded(asked: Asked) -> Iterable[Params]:
    """One training on the spot."""
    return [asked.params.model_copy(update={"train": 1})]


def _look_back(asked: Asked) -> TrainingAnswer:
    """The log and the checkpoints of the model's run, one after the other."""
    from talkgen.lm.files.catalog import checkpoint_files
    from talkgen.lm.files.run import Run
    from talkgen.lm.files.weights import load_model

    files = asked.engine.files
    run = Run(files.run_folder)
    if files.kind not in ("checkpoint", "hf") or not run.weights:
        raise ModelError(f"{files.label} has no run to look back on", "name one: model: small")
    log = [row for row in run.log() if row["loss"] is not None]
    curve: list[Point] = [{"step": row["step"], "loss": round(row["loss"], 4)} for row in log]
    samples: list[Sample] = []
    for step in run.weights:
        asked.go_on()
        loaded = load_model(checkpoint_files(run, step))
        samples.append(_sample(asked, loaded.model, loaded.tokenizer, step, _loss_at(curve, step)))
        made = TrainingAnswer(
            curve=_thin(curve),
            samples=list(samples),
            steps=max(run.weights),
            parameters=loaded.model.count_parameters(),
            unit="token",
            done=True,
        )
        asked.tell({**made})
    return made


def _loss_at(curve: list[Point], step: int) -> float:
    return min(curve, key=lambda point: abs(point["step"] - step))["loss"] if curve else 0.0


def _thin(curve: list[Point]) -> list[Point]:
    """At most about `POINTS` of a curve, its last among them."""
    every = -(-len(curve) // POINTS) or 1
    return curve[::-1][::every][::-1]


def _train(asked: Asked) -> TrainingAnswer:
    """A training from the first step to the last, told as it goes."""
    made = TrainingAnswer(curve=[], samples=[], steps=asked.params.steps, parameters=0, unit="character", done=False)
    asked.tell({**made, "curve": [], "samples": []})  # first: torch may have to be loaded, which takes seconds
    trainer = _open_trainer(asked.params)
    made["parameters"] = trainer.model.count_parameters()
    shown = {0, *(round(asked.params.steps * share) for share in (0.04, 0.12, 0.3, 0.6, 1))}
    for step in range(asked.params.steps + 1):
        asked.go_on()
        if step in shown:
            loss = made["curve"][-1]["loss"] if made["curve"] else 0.0
            trainer.model.eval()
            made["samples"].append(_sample(asked, trainer.model, trainer.data.tokenizer, step, loss))
            trainer.model.train()
        if step < asked.params.steps:
            loss, _ = trainer.advance()
            made["curve"].append({"step": step + 1, "loss": round(loss, 3)})
        asked.tell({**made, "curve": _thin(made["curve"]), "samples": list(made["samples"])})
    made["samples"][0]["loss"] = made["curve"][0]["loss"]
    return {**made, "curve": _thin(made["curve"]), "done": True}


def _open_trainer(params: Params) -> Trainer:
    import torch

    from talkgen.lm.train.data import load_data
    from talkgen.lm.train.distributed import World
    from talkgen.lm.train.recipe import Recipe
    from talkgen.lm.train.trainer import Trainer

    schedule = {"steps": params.steps, "warmup": min(10, params.steps), "rows": 16}
    recipe = Recipe.model_validate({**_TINY, "name": "tiny", "seed": params.train, "schedule": schedule})
    return Trainer(recipe, load_data(recipe), World(0, 1, torch.device("cpu")))


def _sample(asked: Asked, model: LanguageModel, tokenizer: Tokenizer, step: int, loss: float) -> Sample:
    """What a model writes after the prompt, always with the same draws."""
    from talkgen.lm.answer.engine import Engine
    from talkgen.lm.answer.sample import Sampling
    from talkgen.lm.files.loaded import Loaded

    engine = Engine(Loaded("", "", model, tokenizer, asked.engine.files))
    most = asked.params.tokens if asked.params.train == 0 else max(_WRITTEN, asked.params.tokens)
    ids = engine.tokenizer.encode(asked.prompt)[-engine.context // 2 :]
    text = engine.generate(ids, max_tokens=most, seed=1, sampling=Sampling(0.7)).text
    return {"step": step, "loss": loss, "text": text}
