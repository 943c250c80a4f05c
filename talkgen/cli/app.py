"""All commands of `talkgen` in one application; importing it imports neither torch, matplotlib nor gradio."""

from __future__ import annotations

from talkgen.cli.commands import make_app

app = make_app()
