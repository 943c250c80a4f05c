"""Where a picture comes from, as it is written into the picture itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from talkgen import __version__
from talkgen.store.packages import versions

if TYPE_CHECKING:
    from talkgen.figures.base import Data
    from talkgen.pipeline.artifacts import FigureArtifact
    from talkgen.pipeline.plan import Plan


def provenance(figure: FigureArtifact, plan: Plan, data: str) -> Data:
    """Models with their steps, sweeps, parameters, versions, the digest of its `data`, the command."""
    named = {(used.kind, used.name): used for used in figure.used}
    models = [used.files for _, used in sorted(named.items()) if used.files]
    return {
        "figure": figure.figure,
        "parameters": dict(figure.params),
        "models": [{**files.about(), "digest": files.digest()} for files in models],
        "sweeps": {used.name: used.parts[f"sweep {used.name}"] for used in named.values() if used.kind == "sweep"},
        "data": data,
        "versions": {"talkgen": __version__, **versions("torch", "numpy", "matplotlib")},
        "command": f"talkgen build {plan.talk.path.parent.name}",
    }


def git_revision(project: Path) -> str | None:
    """The commit that a project stands at; None where it is no git repository."""
    command = ["git", "-C", str(project), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, encoding="ascii", errors="replace", check=False)
    except OSError:  # git is not installed
        return None
    return found.stdout.strip() or None
