"""`talkgen train`."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli.console import Json, Quiet, out, out_json, progress, silence

if TYPE_CHECKING:
    from talkgen.lm.train.loop import Progress

Runs = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the runs.")]


class Device(StrEnum):
    """Where models run; auto takes a GPU where there is one."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


DeviceOption = Annotated[Device, typer.Option("--device", help="Where to train.")]


def train(
    config: Annotated[
        str | None, typer.Argument(metavar="CONFIG", help="A recipe.yaml, or the name of a shipped model.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run was stopped.")] = False,
    runs: Runs = Path("runs"),
    device: DeviceOption = Device.auto,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Trains the small pair (transformer and LSTM), or what CONFIG says, into runs/NAME.

    Ctrl-C saves. The next `talkgen build` redraws exactly what depends on a run.

    Examples:
      talkgen train
      talkgen train my-model.yaml --resume
      torchrun --nproc-per-node 8 -m talkgen train my-model.yaml
    """
    from talkgen.lm.train.loop import train as run_training
    from talkgen.lm.train.recipe_file import SMALL_PAIR, find_recipe
    from talkgen.lm.train.run import RunFolder

    recipes = [find_recipe(name) for name in ([config] if config else SMALL_PAIR)]
    summaries = []
    with stop_on_signal() as stopping:
        for recipe in recipes:
            folder = RunFolder(runs / recipe.name)
            line = silence if quiet else TrainingLine()
            summaries.append(
                run_training(recipe, folder, resume=resume, device=device.value, report=line, stopping=stopping)
            )
    if json:
        out_json(summaries)
        return
    for recipe, summary in zip(recipes, summaries, strict=True):
        if summary:  # only the leading process of several has one
            out(f"{runs / recipe.name}: {describe(summary)}")


def describe(summary: dict[str, object]) -> str:
    """One line of what came out of a run."""
    text = f"{summary['parameters']:,} parameters, held-out loss {summary['val_loss']:.3f} nats a token"
    if "bits_per_byte" in summary:
        xz = summary["xz_bits_per_byte"]
        alone = xz["alone"] if isinstance(xz, dict) else xz
        text += f", {summary['bits_per_byte']:.3f} bits a byte (xz -9e: {alone:.3f})"
    return f"{text}, {summary['seconds']:.0f} s"


class TrainingLine:
    """A line that is rewritten in place on a terminal; into a pipe, a line at every evaluation."""

    def __init__(self) -> None:
        self._evaluated = ""

    def __call__(self, now: Progress) -> None:
        """Shows where the run stands."""
        if now.val_loss is not None:
            self._evaluated = f"  held-out {now.val_loss:.3f}"
        minutes, seconds = divmod(round(now.seconds_left), 60)
        text = (
            f"{now.name}: step {now.step}/{now.steps}  loss {now.loss:.3f}{self._evaluated}"
            f"  {now.tokens_per_second:,.0f} tokens/s  {minutes}:{seconds:02d} left"
        )
        if sys.stderr.isatty():
            typer.echo(f"\r{text:<100}", err=True, nl=now.step == now.steps)
        elif now.val_loss is not None:
            progress(text)


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Yields a question that is answered yes after Ctrl-C or a polite kill; a second one interrupts at once."""
    asked = threading.Event()
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(kind) for kind in kinds]

    def note(number: int, frame: object) -> None:
        del number, frame
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        progress("\nsaving, then stopping; once more to stop at once")

    for kind in kinds:
        signal.signal(kind, note)
    try:
        yield asked.is_set
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
