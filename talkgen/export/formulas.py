"""Asks Marp's MathJax or Slidev's KaTeX whether it can read formulas: both show what they cannot read as it is written.

Knows no outline: a formula is its source as the tool gets it, and whether it is displayed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from talkgen.assets import asset_dir
from talkgen.errors import ToolError
from talkgen.export.node import Report, npm_packages, run_node

DRIVER = "formulas.mjs"  # in templates/node
_SECONDS = 120

Formula = tuple[str, bool]  # its source, and whether it is displayed


def read_formulas(formulas: Sequence[Formula], tool: Literal["marp", "slidev"], report: Report) -> list[str | None]:
    """What `tool` has against each formula; None where it shows it.

    Raises:
        ToolError: the tool's packages cannot be had, or Node failed.
    """
    packages = npm_packages(tool, report)
    asked = [{"source": source, "display": display} for source, display in formulas]
    with tempfile.TemporaryDirectory(prefix="talkgen-formulas-") as folder:
        file = Path(folder, "request.json")
        file.write_text(json.dumps({"tool": tool, "packages": str(packages), "formulas": asked}), encoding="utf-8")
        output = run_node([str(asset_dir("templates") / "node" / DRIVER), str(file)], cwd=packages, timeout=_SECONDS)
    try:
        answers: list[str | None] = json.loads(output[output.index("[") :])
    except ValueError as error:
        raise ToolError(f"{tool.capitalize()} told nothing of the formulas: {output.strip()[-500:]}") from error
    return answers
