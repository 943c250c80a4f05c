"""What a training run is told: the frozen types of its YAML file; knows neither torch nor where the file lies.

A recipe and the text it names decide a run completely: the same recipe gives the same weights on the same machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from talkgen.digest import digest_bytes
from talkgen.lm.models.config import TRANSLATORS, ModelConfig
from talkgen.lm.text.mqar import row_length

TASK_NAMES = ("copy", "recall", "brackets")

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Share = Annotated[float, Field(ge=0, lt=1)]


class Part(BaseModel):
    """Unknown keys are errors and nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TokenizerRecipe(Part):
    """How text becomes numbers; "file" takes a tokenizer.json that exists already."""

    kind: Literal["characters", "bytes", "bpe", "file"] = "bpe"
    vocabulary: int = Field(1024, ge=260, le=65536, description="entries of a trained BPE")
    file: str | None = Field(None, description="the tokenizer.json to take")

    @model_validator(mode="after")
    def _file_is_named(self) -> Self:
        if (self.kind == "file") != (self.file is not None):
            raise ValueError("'file' goes with 'kind: file'")
        return self


class ModelRecipe(Part):
    """The model's shape; the vocabulary's size comes from the tokenizer."""

    architecture: Literal["transformer", "encoder-decoder", "rnnsearch", "lstm", "rnn"] = "transformer"
    n_layer: int = Field(3, ge=1, le=128)
    n_embd: int = Field(128, ge=4, le=16384)
    n_head: int = Field(4, ge=1, le=256)
    n_kv_head: int | None = Field(None, ge=1, le=256)
    n_inner: int | None = Field(None, ge=4, le=65536)
    block_size: int = Field(256, ge=8, le=131072)
    norm: Literal["layer", "rms"] = "rms"
    positions: Literal["learned", "rotary"] = "rotary"
    activation: Literal["gelu", "gelu_tanh", "swiglu"] = "gelu_tanh"
    bias: bool = False
    tied_head: bool = True
    shift: bool = Field(False, description="half of each embedding's channels come from the token before")
    attention: bool = Field(False, description="an LSTM that attends to its past states, as in 2014")
    dropout: Share = 0.0
    init_std: float = Field(0.02, gt=0, le=10, description="of a new transformer's weights; narrow ones want more")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.architecture in ("transformer", "encoder-decoder") and self.n_embd % self.n_head:
            raise ValueError(f"n_embd {self.n_embd} is not a multiple of n_head {self.n_head}")
        if self.shift and self.architecture in TRANSLATORS:
            raise ValueError("an encoder-decoder has no one-token shift")
        if self.architecture == "rnnsearch" and self.n_layer != 1:
            raise ValueError(f"RNNsearch has one layer each way: n_layer is 1, not {self.n_layer}")
        if self.n_kv_head is not None and self.n_head % self.n_kv_head:
            raise ValueError(f"n_head {self.n_head} is not a multiple of n_kv_head {self.n_kv_head}")
        return self

    def config(self, vocab_size: int) -> ModelConfig:
        """The model's config."""
        return ModelConfig(vocab_size, **self.model_dump(exclude_none=True))


class OptimizerRecipe(Part):
    """AdamW (Loshchilov and Hutter 2019), or Muon (Jordan 2024) for the matrices with AdamW for the rest."""

    kind: Literal["adamw", "muon"] = "adamw"
    rate: float = Field(1e-3, gt=0, le=10, description="peak learning rate of AdamW")
    matrix_rate: float = Field(0.02, gt=0, le=10, description="peak learning rate of Muon's matrices")
    betas: tuple[Share, Share] = (0.9, 0.95)
    weight_decay: float = Field(0.1, ge=0, le=10)
    clip: float = Field(1.0, gt=0, description="largest gradient norm")


class PairsRecipe(Part):
    """Of `data: mqar`: how many pairs of key and value a row stores, the same in all rows of a step."""

    most: int = Field(128, ge=1, le=256)
    curriculum: bool = Field(False, description="few pairs first; the most that are drawn grow over 70 % of the steps")


class ScheduleRecipe(Part):
    """How many steps, and the rate over them: linear warm-up, then half a cosine down to `final` of the peak."""

    steps: int = Field(1000, ge=1, le=100_000_000)
    warmup: int = Field(50, ge=0)
    final: float = Field(0.1, ge=0, le=1)
    decay: float | None = Field(
        None, gt=0, le=1, description="instead of a cosine: the rate stays, and falls in a line over this last share"
    )
    rows: int = Field(16, ge=1, description="sequences a step, over all devices")
    accumulate: int = Field(1, ge=1, description="parts in which a step's sequences are computed")
    evaluate_every: int = Field(100, ge=1)
    patience: int | None = Field(None, ge=1, description="evaluations without a better one before stopping early")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.warmup > self.steps:
            raise ValueError(f"warmup {self.warmup} is longer than the {self.steps} steps")
        if self.rows % self.accumulate:
            raise ValueError(f"rows {self.rows} is not a multiple of accumulate {self.accumulate}")
        return self


class KeepRecipe(Part):
    """Which checkpoints stay: `count` steps spaced evenly in log(step), the best so far and the newest."""

    count: int = Field(6, ge=1, le=1000)
    first: int = Field(10, ge=0, description="the earliest step kept")
    dtype: Literal["float32", "float16", "bfloat16"] = Field("float32", description="of the published weights")


class Recipe(Part):
    """One training run."""

    name: Name
    data: str = Field(
        "python",
        pattern=r"^(python|library|shakespeare|phrases|mqar|copy|recall|brackets|text:.+|hf:[\w.-]+/[\w.-]+)$",
        description="text:FILE, hf:ORG/NAME, python, library, shakespeare, phrases, mqar, copy, recall or brackets",
    )
    held_out: float = Field(0.1, gt=0, lt=0.9, description="share of the text kept for evaluation: its end")
    distance: tuple[int, int] | None = Field(None, description="tokens a synthetic task's answers stand back")
    pairs: PairsRecipe | None = Field(None, description="how many pairs mqar stores")
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    model: ModelRecipe = ModelRecipe()
    optimizer: OptimizerRecipe = OptimizerRecipe()
    schedule: ScheduleRecipe = ScheduleRecipe()
    keep: KeepRecipe = KeepRecipe()
    distributed: Literal["ddp", "fsdp"] = Field("ddp", description="under torchrun; fsdp for what fits no one device")
    seed: int = Field(0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _distance_fits(self) -> Self:
        if self.distance is None:
            return self
        nearest, farthest = self.distance
        if self.data not in TASK_NAMES:
            raise ValueError("'distance' goes with a synthetic task (copy, recall, brackets)")
        if not 2 <= nearest <= farthest < self.model.block_size:
            raise ValueError(f"distance must satisfy 2 <= nearest <= farthest < block_size {self.model.block_size}")
        return self

    @model_validator(mode="after")
    def _pairs_fit(self) -> Self:
        if (self.pairs is not None) != (self.data == "mqar"):
            raise ValueError("'pairs' goes with 'data: mqar'")
        if self.pairs is not None and row_length(self.pairs.most) > self.model.block_size:
            raise ValueError(f"{self.pairs.most} pairs need a block_size of {row_length(self.pairs.most)}")
        return self

    @model_validator(mode="after")
    def _pairs_are_translated(self) -> Self:
        if self.model.architecture in TRANSLATORS and self.data != "phrases":
            raise ValueError("an encoder-decoder learns from pairs of sentences: data: phrases")
        return self

    def digest(self) -> str:
        """A SHA-256 of all that is asked for, wherever the files lie that it names."""
        kind = self.data.partition(":")[0]
        asked = self.model_copy(update={"data": kind if kind == "text" else self.data})
        asked = asked.model_copy(update={"tokenizer": self.tokenizer.model_copy(update={"file": None})})
        return digest_bytes(json.dumps(asked.model_dump(mode="json"), sort_keys=True).encode())

    def anchored(self, folder: Path) -> Self:
        """The same with the files it names made absolute, starting at `folder`."""
        kind, _, name = self.data.partition(":")
        data = f"text:{(folder / name).resolve()}" if kind == "text" else self.data
        file = str((folder / self.tokenizer.file).resolve()) if self.tokenizer.file else None
        return self.model_copy(update={"data": data, "tokenizer": self.tokenizer.model_copy(update={"file": file})})
