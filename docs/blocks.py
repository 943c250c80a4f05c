"""The page of the outline's blocks: each as it is written, what it takes, and how both tools show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from talkgen.outline.blocks import BLOCKS, Block

OUTLINE = Path(__file__).resolve().parent / "blocks" / "outline.yaml"
EVERY = ("id", "reveal", "tight")  # keys that every block takes


def blocks_page() -> str:
    """A part a block, in the order of the outline's types."""
    parts = [
        "# Blocks in both tools",
        "A slide a block: how it is written, what else it takes, and the slide in Marp (left) and in Slidev (right).",
        "[The outline](outline.md) says what each key means. Any block takes an `id`, and `reveal: true` for a click.",
    ]
    written = written_slides()
    for kind, block in BLOCKS.items():
        parts += [f"## {kind}", *_part(kind, block, written[kind])]
    return "\n\n".join(parts) + "\n"


def written_slides() -> dict[str, str]:
    """The body of each slide of the blocks' outline by its id, as it is written there."""
    slides = OUTLINE.read_text(encoding="utf-8").split("\n  - id: ")[1:]
    return {slide.split("\n", 1)[0]: _body(slide) for slide in slides}


def _body(slide: str) -> str:
    lines = slide.split("    body:\n", 1)[1].rstrip().splitlines()
    return "\n".join(line.removeprefix("      ") for line in lines)


def _part(kind: str, block: type[Block], written: str) -> list[str]:
    about = " ".join((block.__doc__ or "").split())
    pictures = " ".join(
        f"![{kind} in {tool}](pictures/blocks/{kind}-{tool}.webp){{ width=49% loading=lazy }}"
        for tool in ("marp", "slidev")
    )
    rows = [_row(name, field) for name, field in block.model_fields.items() if name not in (kind, *EVERY)]
    table = ["\n".join(["| key | default | |", "|---|---|---|", *rows])] if rows else []
    return [about, f"```yaml\n{written}\n```", pictures, *table]


def _row(name: str, field: Any) -> str:
    default = "" if field.is_required() or field.default in (None, "", {}) else f"`{field.default!r}`"
    return f"| `{field.alias or name}` | {default} | {field.description or ''} |"
