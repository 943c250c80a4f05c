"""`talkgen schema`."""

from __future__ import annotations

from talkgen.cli.console import out_json


def schema() -> None:
    """Prints the JSON Schema of outlines, for editors.

    Examples:
      talkgen schema > outline.schema.json
    """
    from talkgen.outline.jsonschema import outline_schema

    out_json(outline_schema())
