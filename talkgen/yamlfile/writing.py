"""Writes plain data as YAML that people like to read and that `read_yaml` reads back as it was."""

from __future__ import annotations

from typing import Any

import yaml

from talkgen.yamlfile.document import is_text


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as literal blocks, lists indented under their key, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 – the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 – as above
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if is_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write_yaml(data: Any) -> str:
    """The YAML of data that JSON can hold, in the order of its mappings."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text
