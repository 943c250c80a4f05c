"""The JSON Schema of outlines, for editors: it accepts what the loader accepts."""

from __future__ import annotations

from typing import Any

from talkgen.outline.schema import Outline

_SCALARS = ["string", "number", "boolean"]  # where text is wanted, the loader takes a plain scalar as it is spelled

_INCLUDED = {
    "type": "object",
    "description": "Slides of another outline.",
    "properties": {"include": {"type": "string", "description": "Its file, and which: talk.yaml#3-5, talk.yaml#id."}},
    "required": ["include"],
    "additionalProperties": False,
}
_LISTED = {
    "type": "object",
    "description": "Lines of a file beside the outline.",
    "properties": {
        "file": {"type": "string"},
        "lines": {"type": ["string", "integer"], "description": "3-10, or 1,4-6."},
    },
    "required": ["file"],
    "additionalProperties": False,
}
_REPEAT = {"type": ["array", "string"], "description": "A slide for each item of a list, or of '{{ vars.name }}'."}


def outline_schema() -> dict[str, Any]:
    """The schema, of JSON Schema draft 2020-12."""
    schema: dict[str, Any] = _loosen(Outline.model_json_schema(by_alias=True))
    kinds = schema["$defs"]
    slides = schema["properties"]["slides"]
    kinds["RepeatedSlide"] = {
        **kinds["Slide"],
        "properties": {**kinds["Slide"]["properties"], "repeat": _REPEAT},
        "required": ["repeat"],
    }
    slides["items"] = {"anyOf": [slides["items"], {"$ref": "#/$defs/RepeatedSlide"}, _INCLUDED]}
    code = kinds["Code"]["properties"]
    code["code"] = {"anyOf": [code["code"], _LISTED]}
    kinds["Markdown"] = {"anyOf": [{"type": _SCALARS}, kinds["Markdown"]], "description": "Text in Markdown."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A talkgen outline"}


def _loosen(schema: Any) -> Any:
    """The schema with scalars allowed for text, except where only certain words are."""
    if isinstance(schema, list):
        return [_loosen(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {name: _loosen(each) for name, each in schema.items()}
    if schema.get("type") == "string" and not {"enum", "const"} & schema.keys():
        loose["type"] = _SCALARS
    return loose
