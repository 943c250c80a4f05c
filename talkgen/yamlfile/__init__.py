"""YAML files as typed objects, with every problem said at its place; knows nothing of what the files are about."""

from talkgen.yamlfile.document import Document, PathInData, Spot, parse_yaml, read_text, read_yaml, where_path
from talkgen.yamlfile.unions import NamedUnion
from talkgen.yamlfile.validation import by_place, spell, validate
from talkgen.yamlfile.writing import write_yaml

__all__ = [
    "Document",
    "NamedUnion",
    "PathInData",
    "Spot",
    "by_place",
    "parse_yaml",
    "read_text",
    "read_yaml",
    "spell",
    "validate",
    "where_path",
    "write_yaml",
]
