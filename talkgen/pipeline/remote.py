"""What a talk shows from other hosts: fetched into the store when asked for, else told with its line."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.outline.addresses import css_addresses, replace_addresses
from talkgen.pipeline.asking_fonts import address_of_fonts
from talkgen.pipeline.asking_themes import addresses_of_themes
from talkgen.store.cas import open_store
from talkgen.store.key import make_key

if TYPE_CHECKING:
    from talkgen.outline.wanted import Remote
    from talkgen.pipeline.plan import Plan
    from talkgen.render.deck import Degraded
    from talkgen.store.key import Key
    from talkgen.yamlfile import PathInData

Report = Callable[[str], None]
_MOST_IN_SHEET = 200  # files that a style sheet names
_MOST_SECONDS = 600  # of all that a build fetches


def fetch_all(plan: Plan, target: str, report: Report, *, private: bool) -> None:
    """Fetches what a deck shows from other hosts and the store does not hold; each address once and for all talks.

    Raises:
        OutlineError: something cannot be had; all of it, each with its place.
    """
    problems: list[Problem] = []
    store, until = open_store(), time.monotonic() + _MOST_SECONDS
    for address, path in _addresses(plan, target).items():
        if store.lookup(_key(address)) is None:
            report(f"fetching {address}")
            try:
                content, suffix = _fetch_whole(address, until, private=private)
                store.put(_key(address), {"file": content, "suffix": suffix.encode()})
            except TalkgenError as error:
                problems += plan.talk.problems_at(path, error)
    if problems:
        raise OutlineError(problems)


def _fetch_whole(address: str, until: float, *, private: bool) -> tuple[bytes, str]:
    """What is at an address; a style sheet with the fonts and the pictures in it that it names."""
    from talkgen.pipeline.fetching import LARGEST, fetch, time_for_one

    until = time_for_one(until)
    content, suffix = fetch(address, until, private=private)
    if suffix != ".css":
        return content, suffix
    sheet = content.decode("utf-8", "replace")
    if "@import" in sheet:
        raise TalkgenError(f"{address} takes in other style sheets", "name these instead")
    named = list(dict.fromkeys(each.to for each in css_addresses(sheet) if not each.to.startswith(("data:", "#"))))
    if len(named) > _MOST_IN_SHEET:
        raise TalkgenError(f"{address} names {len(named)} files", f"a deck takes {_MOST_IN_SHEET} of a style sheet's")
    inside: dict[str, str] = {}
    for each in named:
        part, kind = fetch(urljoin(address, each), until, private=private)
        inside[each] = f"data:{_TYPES.get(kind, f'image/{kind[1:]}')};base64,{base64.b64encode(part).decode()}"
        if sum(map(len, inside.values())) > LARGEST:
            raise TalkgenError(f"{address} is larger than {LARGEST >> 20} MiB with what it names")
    return replace_addresses(sheet, css_addresses(sheet), inside.get).encode(), suffix


_TYPES = {".svg": "image/svg+xml", ".jpg": "image/jpeg"} | {
    f".{font}": f"font/{font}" for font in ("woff2", "woff", "ttf", "otf")
}


def fetched_files(plan: Plan, target: str) -> dict[str, tuple[Path, str]]:
    """The files of what was fetched, by address, each with the suffix of its kind."""
    return _fetched(_addresses(plan, target))


def _fetched(addresses: Iterable[str]) -> dict[str, tuple[Path, str]]:
    store = open_store()
    found = ((address, store.lookup(_key(address))) for address in addresses)
    return {
        address: (store.path(action.outputs["file"]), store.read(action, "suffix").decode())
        for address, action in found
        if action
    }


def remote_parts(plan: Plan, target: str) -> Mapping[str, Any]:
    """What is shown from other hosts, as parts of a rendering's key."""
    shown = _addresses(plan, target)
    files = _fetched(shown)
    return {f"from {address}": files[address][0].name if address in files else "not fetched" for address in shown}


def left_remote(plan: Plan, target: str) -> Iterator[Degraded]:
    """A line for each thing that the page of the deck will ask another host for."""
    from talkgen.render.deck import Degraded

    own = {each.address: each for each in _own(plan, target)}
    shown = _addresses(plan, target) | {address: each.path for address, each in own.items()}
    files, fonts = _fetched(shown), address_of_fonts(plan)
    for address, path in shown.items():
        if address not in files:
            runs = address in own and own[address].runs
            words = f"{address} is fetched from its host when the slide is shown; "
            words += "it runs there, and cannot come along" if runs else "--fetch brings it along"
            words += ", 'fonts: {provider: none}' does without" if address == fonts else ""
            where = f"{own[address].place}: {own[address].where}" if address in own else _named(path, plan)
            yield Degraded(where, words)


def _named(path: PathInData, plan: Plan) -> str:
    """Where the outline names a theme, or what it says of fonts."""
    from talkgen.yamlfile import where_path

    place = plan.talk.source.document.place(path)
    return f"{place.path.name}:{place.line}: {where_path(path)}"


def _addresses(plan: Plan, target: str) -> dict[str, PathInData]:
    """Each address of another host whose file the deck shows, and where the outline names what shows it."""
    own = {each.address: each.path for each in _own(plan, target) if not each.runs}
    themes = addresses_of_themes(plan, target)
    if target == "slidev" and plan.draft.fonts and (fonts := address_of_fonts(plan)):
        themes = {fonts: plan.draft.fonts.path, **themes}
    return own | {address: path for address, path in themes.items() if address not in own}


def _own(plan: Plan, target: str) -> list[Remote]:
    """What the outline itself names of other hosts for this target."""
    return [each for each in plan.draft.remote if each.target in ("", target)]


def _key(address: str) -> Key:
    return make_key("remote", {"address": address})
