"""Slidev's own parser and Marp's own engine, asked about many decks at once."""

import json
import subprocess
from pathlib import Path
from typing import Any

from talkgen.export.node import find_node, npm_packages
from talkgen.render.deck import Rendering

HERE = Path(__file__).parent


def _run(script: str, module: Path, decks: list[str]) -> list[list[dict[str, Any]]]:
    done = subprocess.run(
        [find_node(), HERE / script, module], input=json.dumps(decks), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def parse_slidev(decks: list[str]) -> list[list[dict[str, Any]]]:
    """The slides of each deck as Slidev cuts them: frontmatter, content and note."""
    packages = npm_packages("slidev", print) / "node_modules" / "@slidev" / "parser"
    return _run("slidev_parser.mjs", packages / "dist" / "index.mjs", decks)


def render_marp_core(decks: list[str]) -> list[list[dict[str, Any]]]:
    """The slides of each deck as Marp renders them: HTML and notes, and with the first one the CSS of all."""
    packages = npm_packages("marp", print) / "node_modules" / "@marp-team" / "marp-core"
    return _run("marp_core.cjs", packages, decks)


def compile_slidev(rendering: Rendering, folder: Path) -> list[dict[str, str]]:
    """Each slide of a rendering as Slidev compiles it: `code`, or the `error` that would stop the build."""
    for name, content in rendering.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content.read_bytes())
    (folder / "node_modules").symlink_to(npm_packages("slidev", print) / "node_modules")
    done = subprocess.run(
        [find_node(), HERE / "slidev_compile.mjs", folder], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.rpartition("\n")[2])
