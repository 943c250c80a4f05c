"""What a talk shows from other hosts: fetched into the store when asked for, else told with its line."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.outline.addresses import css_addresses, replace_addresses
from talkgen.pipeline.asking_themes import addresses_of_themes
from talkgen.store.cas import open_store
from talkgen.store.key import make_key

if TYPE_CHECKING:
    from talkgen.pipeline.plan import Plan
    from talkgen.render.deck import Degraded
    from talkgen.store.key import Key

Report = Callable[[str], None]
_MOST_IN_SHEET = 200  # files that a style sheet names


def fetch_all(plan: Plan, target: str, report: Report, *, private: bool) -> None:
    """Fetches what a deck shows from other hosts and the store does not hold; each address once and for all talks.

    Raises:
        OutlineError: something cannot be had; all of it, each with its place.
    """
    problems: list[Problem] = []
    store = open_store()
    for address in _addresses(plan, target):
        if store.lookup(_key(address)) is None:
            report(f"fetching {address}")
            try:
                content, suffix = _fetch_whole(address, private=private)
                store.put(_key(address), {"file": content, "suffix": suffix.encode()})
            except TalkgenError as error:
                problems += plan.talk.problems_at(_path(address, plan, target), error)
    if problems:
        raise OutlineError(problems)


def _fetch_whole(address: str, *, private: bool) -> tuple[bytes, str]:
    """What is at an address; a style sheet with the fonts and the pictures in it that it names."""
    from talkgen.pipeline.fetching import LARGEST, fetch

    content, suffix = fetch(address, private=private)
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
        part, kind = fetch(urljoin(address, each), private=private)
        inside[each] = f"data:{_TYPES.get(kind, f'image/{kind[1:]}')};base64,{base64.b64encode(part).decode()}"
        if sum(map(len, inside.values())) > LARGEST:
            raise TalkgenError(f"{address} is larger than {LARGEST >> 20} MiB with what it names")
    return replace_addresses(sheet, css_addresses(sheet), inside.get).encode(), suffix


_TYPES = {".svg": "image/svg+xml", ".jpg": "image/jpeg"} | {
    f".{font}": f"font/{font}" for font in ("woff2", "woff", "ttf", "otf")
}


def fetched_files(plan: Plan, target: str) -> dict[str, tuple[Path, str]]:
    """The files of what was fetched, by address, each with the suffix of its kind."""
    store = open_store()
    found = ((address, store.lookup(_key(address))) for address in _addresses(plan, target))
    return {
        address: (store.path(action.outputs["file"]), store.read(action, "suffix").decode())
        for address, action in found
        if action
    }


def remote_parts(plan: Plan, target: str) -> Mapping[str, Any]:
    """What is shown from other hosts, as parts of a rendering's key."""
    files = fetched_files(plan, target)
    return {
        f"from {address}": files[address][0].name if address in files else "not fetched"
        for address in _addresses(plan, target)
    }


def left_remote(plan: Plan, target: str) -> Iterator[Degraded]:
    """A line for each thing that the page of the deck will ask another host for."""
    from talkgen.render.deck import Degraded

    files, own = fetched_files(plan, target), {each.address: each for each in plan.draft.remote}
    for address in _addresses(plan, target):
        if address not in files:
            words = f"{address} is fetched from its host when the slide is shown; --fetch brings it along"
            where = f"{own[address].place}: {own[address].where}" if address in own else _named(address, plan, target)
            yield Degraded(where, words)


def _named(address: str, plan: Plan, target: str) -> str:
    """Where the outline names the theme that shows an address."""
    from talkgen.yamlfile import where_path

    path = _path(address, plan, target)
    place = plan.talk.source.document.place(path)
    return f"{place.path.name}:{place.line}: {where_path(path)}"


def _addresses(plan: Plan, target: str) -> list[str]:
    """Each address of another host that the deck shows something from, once."""
    own = [remote.address for remote in plan.draft.remote]
    return list(dict.fromkeys([*own, *addresses_of_themes(plan, target)]))


def _path(address: str, plan: Plan, target: str) -> tuple[str | int, ...]:
    """Where the outline names what shows an address."""
    own = {each.address: each.path for each in plan.draft.remote}
    return own.get(address) or addresses_of_themes(plan, target)[address]


def _key(address: str) -> Key:
    return make_key("remote", {"address": address})
