"""Writes plain data as YAML that people like to read and that `read_yaml` reads back as it was."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.emitter import ScalarAnalysis

from talkgen.yamlfile.document import is_text

# Line ends of YAML 1.1 alone, signs of bytes, and texts that end in white space or begin with a tab are quoted.
_NO_LITERAL = re.compile("[\x85\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]|[ \t]\\n*\\Z|\\A\\s*\\t|\\A\\s*\\n")
# One line that needs no quotes: its first sign and no other means anything to YAML (1.2, 7.3.3).
_PLAIN = re.compile(
    r"[^\W\d_](?:(?:[\w .,()/+*'\"=;$^<>&|!@%~`?\[\]{}\\-]|:(?=[^\s:]))*[\w.,()/+*'\"=;$^<>&|!@%~`?\[\]{}\\-])?"
)
_FLOW = frozenset(",?[]{}:")  # means something within brackets


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as literal blocks, lists indented under their key, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 – the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 – as above
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> Any:
        """Lines with tabs or with spaces at their end may stand in a literal block, too: YAML 1.2, 8.1.2.

        PyYAML looks at each sign of a text; what is a literal block or plain words needs no such look.
        """
        if "\n" in scalar and not _NO_LITERAL.search(scalar) and is_text(scalar):
            return ScalarAnalysis(scalar, False, True, False, False, False, True, True)
        if _PLAIN.fullmatch(scalar):
            return ScalarAnalysis(scalar, False, False, _FLOW.isdisjoint(scalar), True, True, True, True)
        return super().analyze_scalar(scalar)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if is_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write_yaml(data: Any) -> str:
    """The YAML of data that JSON can hold, in the order of its mappings."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text
