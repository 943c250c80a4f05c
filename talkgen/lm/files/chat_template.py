"""The chat template that a model's files bring along: how a conversation is written as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkgen.errors import ModelError
from talkgen.lm.files.catalog import ModelFiles


@dataclass(frozen=True)
class ChatTemplate:
    """A template in Jinja, and the special tokens that it may name."""

    source: str
    tokens: dict[str, str]  # bos_token, eos_token


def find_chat_template(files: ModelFiles) -> ChatTemplate | None:
    """The template of an instruct model; None where the files have none.

    Raises:
        ModelError: what lies there cannot be read.
    """
    if files.kind == "gguf":
        return _of_gguf(files.path)
    return _of_folder(files.weights) if files.kind != "openai" else None


def _of_gguf(path: Path) -> ChatTemplate | None:
    from talkgen.lm.files.gguf_file import GGUFFile

    data = GGUFFile(path).metadata
    source, tokens = data.get("tokenizer.chat_template"), data.get("tokenizer.ggml.tokens")
    if not isinstance(source, str) or not isinstance(tokens, list):
        return None
    ids = {name: data.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos")}
    named = {f"{name}_token": tokens[i] for name, i in ids.items() if isinstance(i, int) and 0 <= i < len(tokens)}
    return ChatTemplate(source, named)


def _of_folder(folder: Path) -> ChatTemplate | None:
    """As Hugging Face keeps it: in a file of its own, or among the tokenizer's settings."""
    settings = _settings(folder / "tokenizer_config.json")
    alone = folder / "chat_template.jinja"
    source = alone.read_text(encoding="utf-8") if alone.is_file() else settings.get("chat_template")
    if isinstance(source, list):  # several, by name
        source = next((each["template"] for each in source if each.get("name") == "default"), None)
    if not isinstance(source, str):
        return None
    return ChatTemplate(source, {name: _token(settings.get(name)) for name in ("bos_token", "eos_token")})


def _settings(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        settings = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} is no JSON: {error}") from error
    return settings if isinstance(settings, dict) else {}


def _token(value: Any) -> str:
    """A special token, written as a text or as an object with it."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")
