"""`talkgen pack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talkgen.cli.build import ModelOption, Target, TargetOption, VarOption
from talkgen.cli.console import Json, Quiet, Talk, out, out_json, reporter
from talkgen.cli.given import variables


def pack(
    outline: Talk,
    target: TargetOption = Target.marp,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The zip to write.  [default: NAME-TARGET.zip]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    model: ModelOption = None,
    var: VarOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Makes one zip that presents on a machine without network: the deck, its recordings and models, the notes.

    Examples:
      talkgen pack slides/attention
      talkgen pack slides/attention --target slidev --out attention.zip
    """
    from talkgen.errors import TalkgenError
    from talkgen.outline.find import find_outline
    from talkgen.pipeline.deck_folder import with_origin
    from talkgen.pipeline.pack import pack as pack_talk
    from talkgen.pipeline.request import Request

    folder = find_outline(Path(outline)).resolve().parent
    file = file or Path(f"{folder.name}-{target.value}.zip")
    if file.exists() and not force:
        raise TalkgenError(f"{file} is there already", "name another with --out, or let it go with --force")
    done = pack_talk(Request(Path(outline), target.value, model=model, vars=variables(var)), file, reporter(quiet))
    size = file.stat().st_size
    if json:
        out_json({"file": str(file), "bytes": size, "degraded": done.deck.degraded})
        return
    for item in done.deck.degraded:
        reporter(quiet)(f"note: {with_origin(item)}: {item['message']}")
    out(f"{file}  ({size / 1e6:.1f} MB)")
