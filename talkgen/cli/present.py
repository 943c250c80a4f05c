"""`talkgen present`."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talkgen.cli.addresses import tell_addresses
from talkgen.cli.build import ModelOption, OutOption, Target, TargetOption, VarOption, show_report
from talkgen.cli.console import Quiet, Talk, out, reporter
from talkgen.cli.given import variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from talkgen.cli.following import Followed
    from talkgen.pipeline.build import BuildReport
    from talkgen.serve.settings import Settings

_AFTER = 2.0  # s; models of a first start may take many more, for a compiler or for torch


def present(
    outline: Talk,
    target: TargetOption = Target.marp,
    model: ModelOption = None,
    var: VarOption = None,
    out_dir: OutOption = None,
    device: Annotated[str, typer.Option(help="Where models run: auto, cpu, cuda or mps.")] = "auto",
    host: Annotated[
        str, typer.Option(help="The address to listen on; other than loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Serve the recorded answers only; load no model.")
    ] = False,
    audience: Annotated[
        bool, typer.Option("--audience", help="Let the room guess next tokens at /vote; votes/ keeps them.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Show changes of the talk in the open page as they are saved.")
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Builds a talk and serves it with its live demos until interrupted.

    What is saved meanwhile is shown in the open page, at the slide where it is.

    Examples:
      talkgen present slides/attention
      talkgen present slides/attention --target slidev --port 8080
      talkgen present slides/attention --recorded
      talkgen present slides/attention --host 0.0.0.0 --audience
    """
    from talkgen.cli.following import follow
    from talkgen.pipeline import build as pipeline
    from talkgen.serve.presenter import is_loopback
    from talkgen.serve.run import check_port, serve

    check_port(host, port)
    request = pipeline.Request(Path(outline), target.value, out=out_dir, model=model, vars=variables(var))
    report = reporter(quiet)
    if watch and target is Target.slidev and not is_loopback(host):
        report("Slidev's own server is for this machine alone: the deck is built, and changes are not shown")
        watch = False
    followed = follow(request, report) if watch else None
    done = followed.built if followed else pipeline.build(request, report)
    show_report(done, report)
    settings = _settings(
        done, followed, report, host=host, port=port, device=device, recorded=recorded, audience=audience
    )
    names = ", ".join(item.label for item in done.plan.live_models) if not recorded else "recorded answers only"
    try:
        serve(settings, on_ready=lambda: _tell(settings, names, quiet=quiet))
    finally:
        if followed:
            followed.process.close()


def _settings(
    done: BuildReport,
    followed: Followed | None,
    report: Callable[[str], None],
    *,
    host: str,
    port: int,
    device: str,
    recorded: bool,
    audience: bool,
) -> Settings:
    """What the server is told of a built talk, and of what keeps it up to date."""
    from talkgen.serve.presenter import is_loopback, make_code
    from talkgen.serve.settings import Settings
    from talkgen.style import Style
    from talkgen.words import read_slides

    style = Style.model_validate(done.plan.talk.tokens)
    return Settings(
        deck=followed.page if followed else done.outputs[0],
        models=() if recorded else done.plan.live_models,
        project=done.plan.talk.project,
        host=host,
        port=port,
        device=device,
        style=style,
        look=style.css_variables(),
        slides=partial(read_slides, followed.folder if followed else done.deck.path),
        tell=report,
        on_loaded=_follow_later(followed) if followed else lambda: None,
        votes=done.plan.talk.path.parent / "votes" if audience else None,
        watching=followed.watching if followed else None,
        code=None if is_loopback(host) else make_code(),
    )


def _follow_later(followed: Followed) -> Callable[[], None]:
    """Starts what keeps a page up to date when models are loaded, which is to be told, or have taken long."""
    loaded = threading.Event()

    def start() -> None:
        loaded.wait(_AFTER)
        followed.start()

    threading.Thread(target=start, daemon=True).start()
    return loaded.set


def _tell(settings: Settings, names: str, *, quiet: bool) -> None:
    tell_addresses(settings, names, quiet=quiet)
    if settings.models:  # beside the server, which must not wait for a compiler
        threading.Thread(target=_tell_kernels, args=(settings.device,), daemon=True).start()


def _tell_kernels(device: str) -> None:
    from talkgen.serve.engines import pick_device

    try:
        from talkgen.lm.fast.forms import describe_kernels
    except ModuleNotFoundError:  # nothing of torch: the engines say so
        return
    out(f"kernels: {describe_kernels(pick_device(device))}")
