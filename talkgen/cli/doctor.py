"""`talkgen doctor`: what of the machine talkgen needs is there, and what to do about the rest."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from talkgen import __version__, assets
from talkgen.cli import names
from talkgen.cli.build import Target
from talkgen.cli.console import Json, out, out_json, silence
from talkgen.errors import TalkgenError, ToolError
from talkgen.extras import extras_in_words
from talkgen.files import write_bytes
from talkgen.machine import in_words


def doctor(
    talk: Annotated[
        str | None,
        typer.Option(
            "--talk",
            metavar="OUTLINE",
            help="Build, export and present this talk for real.",
            autocompletion=names.outlines,
        ),
    ] = None,
    target: Annotated[
        list[Target] | None, typer.Option("--target", "-t", help="With --talk: this deck alone; may be repeated.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="With --talk: where there is no network (Linux).")] = False,
    json: Json = False,
) -> None:
    """Checks what talkgen needs: Node, the packages of Marp and Slidev, a browser, models, a GPU.

    With --talk it also builds that talk, looks at its slides, exports, packs and presents it, and asks its models and
    demos; with --offline all that in a place without network, as on a stage.

    Examples:
      talkgen doctor
      talkgen doctor --talk slides/attention --offline
    """
    if offline and talk is None:
        raise typer.BadParameter("it goes with --talk", param_hint="--offline")
    if talk is not None:
        raise typer.Exit(_offline(talk, target, json) if offline else _on_stage(talk, target, json))
    checks = {name: _run(check) for name, check in CHECKS.items()}
    if json:
        out_json(checks)
    else:
        out(f"talkgen {__version__}, Python {platform.python_version()}")
        for name, result in checks.items():
            out(f"{'ok     ' if result['ok'] else 'missing'}  {name}: {result['found']}")
            if result["hint"]:
                out(f"         hint: {result['hint']}")
    if not all(result["ok"] for name, result in checks.items() if name in NEEDED):
        raise typer.Exit(1)


def _offline(talk: str, targets: list[Target] | None, json: bool) -> int:
    from talkgen.check.apart import run_apart

    chosen = [word for each in targets or () for word in ("--target", each.value)]
    return run_apart(["doctor", "--talk", talk, *chosen, *(["--json"] if json else [])])


def _on_stage(talk: str, targets: list[Target] | None, json: bool) -> int:
    """Tries the talk, a line a step as it is done; the exit code."""
    from talkgen.check.stage import try_stage
    from talkgen.pipeline.request import Request

    steps = []
    for step in try_stage(Request(Path(talk)), tuple(each.value for each in targets or Target), silence):
        steps.append(step)
        if not json:
            out(f"{'ok     ' if step.ok else 'failed '}  {step.name}: {step.found}")
    ready = all(step.ok for step in steps)
    if json:
        out_json({"ready": ready, "steps": [asdict(step) for step in steps]})
    else:
        out("ready for the stage" if ready else "not ready for the stage")
    return 0 if ready else 1


def _run(check: Callable[[], str]) -> dict[str, object]:
    try:
        with extras_in_words():
            return {"ok": True, "found": check(), "hint": ""}
    except TalkgenError as error:
        problem = error.problems[0]
    except OSError as error:
        said = in_words(error)
        if said is None:
            raise
        problem = said.problems[0]
    return {"ok": False, "found": problem.message, "hint": problem.hint}


def _cache() -> str:
    folder = assets.cache_dir("")
    tried = folder / "writable"  # really tried: a mode says nothing of a full disk
    write_bytes(tried, b"yes")
    tried.unlink()
    return str(folder)


def _node() -> str:
    from talkgen.export.node import find_node, node_version

    return f"{node_version()} ({find_node()})"


def _packages(which: str) -> Callable[[], str]:
    def check() -> str:
        from talkgen.export.node import installed_packages

        folder = installed_packages(which)
        return str(folder) if folder else "not installed yet; the first build that needs them installs them"

    return check


def _browser() -> str:
    from talkgen.export.browser import find_browser

    return str(find_browser())


def _models() -> str:
    from talkgen.lm.files.catalog import list_models

    return ", ".join(files.label for files in list_models(Path.cwd()))


def _smollm2() -> str:
    from talkgen.lm.files.catalog import find_model

    return str(find_model("smollm2", Path.cwd()).path)


def _gradio() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gradio")
    except PackageNotFoundError:
        raise ToolError("not installed", "talks with Gradio apps need it: pip install 'talkgen[demos]'") from None


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"CPU, {torch.get_num_threads()} threads, torch {torch.__version__}"


def _kernels() -> str:
    from talkgen.lm.fast.native import describe, load_library, why_not

    if load_library() is None:
        raise TalkgenError(
            f"models answer by torch alone: {why_not()}",
            "with a C++ compiler, or the package talkgen-kernels, they answer several times as fast",
        )
    return describe()


CHECKS: dict[str, Callable[[], str]] = {
    "cache": _cache,
    "Node": _node,
    "Marp": _packages("marp"),
    "Slidev": _packages("slidev"),
    "browser (PDF, PPTX, PNG)": _browser,
    "models": _models,
    "smollm2": _smollm2,
    "Gradio (demos)": _gradio,
    "device": _device,
    "kernels": _kernels,
}
NEEDED = ("cache", "Node", "models")
