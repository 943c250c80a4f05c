"""What a talk shows from other hosts: fetched into the store when asked for, else told with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkgen.errors import OutlineError, Problem, TalkgenError
from talkgen.pipeline.draft import Draft
from talkgen.store.cas import open_store
from talkgen.store.key import make_key

if TYPE_CHECKING:
    from talkgen.pipeline.plan import Plan
    from talkgen.render.deck import Degraded
    from talkgen.store.key import Key

Report = Callable[[str], None]


def fetch_all(plan: Plan, report: Report, *, private: bool) -> None:
    """Fetches what the talk shows from other hosts and the store does not hold; each address once and for all talks.

    Raises:
        OutlineError: something cannot be had; all of it, each with its place.
    """
    problems: list[Problem] = []
    store = open_store()
    for remote in plan.draft.remote:
        if store.lookup(_key(remote.address)) is None:
            from talkgen.pipeline.fetching import fetch

            report(f"fetching {remote.address}")
            try:
                content, suffix = fetch(remote.address, private=private)
                store.put(_key(remote.address), {"file": content, "suffix": suffix.encode()})
            except TalkgenError as error:
                problems += plan.talk.problems_at(remote.path, error)
    if problems:
        raise OutlineError(problems)


def fetched_files(draft: Draft) -> dict[str, tuple[Path, str]]:
    """The files of what was fetched, by address, each with the suffix of its kind."""
    store = open_store()
    found = ((remote.address, store.lookup(_key(remote.address))) for remote in draft.remote)
    return {
        address: (store.path(action.outputs["file"]), store.read(action, "suffix").decode())
        for address, action in found
        if action
    }


def remote_parts(draft: Draft) -> Mapping[str, Any]:
    """What is shown from other hosts, as parts of a rendering's key."""
    files = fetched_files(draft)
    return {
        f"from {each.address}": files[each.address][0].name if each.address in files else "not fetched"
        for each in draft.remote
    }


def left_remote(draft: Draft) -> Iterator[Degraded]:
    """A line for each thing that the page of the deck will ask another host for."""
    from talkgen.render.deck import Degraded

    files = fetched_files(draft)
    for remote in draft.remote:
        if remote.address not in files:
            words = f"{remote.address} is fetched from its host when the slide is shown; --fetch brings it along"
            yield Degraded(f"{remote.place}: {remote.where}", words)


def _key(address: str) -> Key:
    return make_key("remote", {"address": address})
