"""The works in a BibTeX file, as slides name and list them: read and put into words by pybtex; knows no slide.

In text a work is its authors and year, "Vaswani et al., 2017"; in a list of references it is in BibTeX's style `unsrt`.
What pybtex makes of a file is remembered between processes: it takes longer than all other reading of an outline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.digest import digest_bytes, digest_file
from talkgen.errors import OutlineError, Place, Problem
from talkgen.memo import keep, recall

if TYPE_CHECKING:
    from pybtex.database import Entry

MEMO = "bibliographies"
_MOST = 2  # authors that are named in text; of more, the first


@dataclass(frozen=True)
class Work:
    """One work: how text names it, how a list of references writes it (Markdown), and its own address, or ""."""

    key: str
    label: str
    reference: str
    address: str


Works = Mapping[str, Work]  # by key, in the order of authors and years


def read_bibliography(path: Path) -> Works:
    """The works in the file at `path`.

    Raises:
        OutlineError: it cannot be read, with what is wrong and its line.
    """
    from talkgen.yamlfile import read_text

    return _works(read_text(path, OutlineError), path)


@lru_cache(maxsize=4)
def _works(text: str, path: Path) -> Works:
    """The works in the text of a file; remembered by the text and by all that reads it."""
    name = f"{digest_bytes(text.encode())} {_reader()}"
    works = _known(recall(MEMO, name))
    if works is None:
        works = _parse(text, path)
        keep(MEMO, name, {"works": [asdict(work) for work in works.values()]})
    return works


def _reader() -> str:
    from importlib.metadata import version

    packages = [f"{name} {version(name)}" for name in ("pybtex", "latexcodec")]
    return " ".join((digest_file(Path(__file__)), *packages))


def _known(record: Any) -> Works | None:
    """The works that were kept; None where there are none, or not as they were written."""
    try:
        works = [Work(**fields) for fields in record["works"]]
    except (TypeError, KeyError):
        return None
    is_whole = all(isinstance(part, str) for work in works for part in vars(work).values())
    return {work.key: work for work in works} if is_whole else None


def _parse(text: str, path: Path) -> Works:
    from pybtex.backends.markdown import Backend
    from pybtex.database import parse_string
    from pybtex.exceptions import PybtexError
    from pybtex.style.formatting.unsrt import Style
    from pybtex.style.template import FieldIsMissing

    try:
        entries = parse_string(text, "bibtex").entries
        formatted = Style(abbreviate_names=True).format_entries(entries.values())
        written = {each.key: each.text.render(Backend()) for each in formatted}
    except FieldIsMissing as error:
        key = str(error).rpartition(" in ")[2]
        message = f"a work of its kind needs the field '{error.field_name}'"
        raise OutlineError([Problem(message, "", _place_of(key, text, path), key)]) from None
    except PybtexError as error:
        line = int(getattr(error, "lineno", None) or 1)
        message = str(error).split(": ", 1)[-1]
        raise OutlineError([Problem(f"this is no BibTeX: {message}", "", Place(path, line, 1))]) from None
    ordered = sorted(entries.items(), key=lambda pair: _order(pair[1]))
    labels = _told_apart([(key, _names(entry), entry.fields.get("year", "")) for key, entry in ordered])
    return {
        key: Work(key, labels[key], _reference(labels[key], written[key]), _address(entry)) for key, entry in ordered
    }


def _place_of(key: str, text: str, path: Path) -> Place:
    """Where a work begins."""
    found = re.search(rf"\{{\s*{re.escape(key)}\s*,", text, re.IGNORECASE)
    return Place(path, text.count("\n", 0, found.start() if found else 0) + 1, 1)


def _reference(label: str, written: str) -> str:
    """On one line; with its label where a letter tells it from another of the same authors and year."""
    line = " ".join(written.split())
    return f"**{label}.** {line}" if label[-1:].isalpha() and label[-2:-1].isdigit() else line


def _order(entry: Entry) -> tuple[str, str]:
    return _names(entry).lower(), entry.fields.get("year", "")


def _names(entry: Entry) -> str:
    """The last names that a text names a work by; its title where nobody is named."""
    from pybtex.richtext import Text

    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(map(str, [*person.rich_prelast_names, *person.rich_last_names])) for person in people]
    if not names:
        return str(Text.from_latex(entry.fields["title"])) if "title" in entry.fields else entry.key
    return f"{names[0]} et al." if len(names) > _MOST else " and ".join(names)


def _told_apart(works: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """The label of each work, with a letter behind the years that are of several: 2017a, 2017b."""
    groups: dict[str, list[str]] = {}
    for key, names, year in works:
        groups.setdefault(f"{names}, {year}" if year else names, []).append(key)
    return dict(_lettered(groups))


def _lettered(groups: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for label, keys in groups.items():
        for number, key in enumerate(keys):
            yield key, label if len(keys) == 1 else f"{label}{chr(ord('a') + number)}"


def _address(entry: Entry) -> str:
    doi, eprint = entry.fields.get("doi", ""), entry.fields.get("eprint", "")
    if doi:
        return doi if "://" in doi else f"https://doi.org/{doi}"
    return entry.fields.get("url", "") or (f"https://arxiv.org/abs/{eprint}" if eprint else "")
