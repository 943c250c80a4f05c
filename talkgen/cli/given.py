"""Values that a command line gives, as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer


def variables(given: Sequence[str] | None, option: str = "--var") -> dict[str, Any]:
    """What `option` says, each time NAME=VALUE."""
    pairs = [each.partition("=") for each in given or ()]
    if wrong := [each for each, (name, sign, _) in zip(given or (), pairs, strict=True) if not (name and sign)]:
        raise typer.BadParameter(f"'{wrong[0]}' is not of the form name=value", param_hint=option)
    return {name: _value(value, Path(f"{option} {name}")) for name, _, value in pairs}


def _value(text: str, place: Path) -> Any:
    """A number, true, false or null; a list, a mapping or a text in quotes as YAML has them; any other text as it is.

    A shell has quotes of its own: what is in them is not to be quoted again because of a colon or a star.
    """
    from talkgen.yamlfile.document import parse_yaml, plain_value

    if not text:
        return ""
    return parse_yaml(text, place).data if text.startswith(("[", "{", '"', "'")) else plain_value(text)
