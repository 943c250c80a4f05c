"""The key of a computed thing: a digest of all it was computed from, and the parts, so that a change can be named.

Parts are sections of names, as in

    {"code": {"talkgen.figures.attention_map:compute": "9f…"}, "parameters": {"tokens": 6},
     "weights": {"small": {"digest": "77…", "step": 4000}}, "versions": {"torch": "2.13.0"}, "device": "cpu"}

Of a mapping that holds a "digest" only the digest counts; the rest is there to explain. Imports neither torch nor
what it digests.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from talkgen.digest import digest_bytes

SCHEMA = 1  # of what the store keeps; a new number makes everything stale


@dataclass(frozen=True)
class Key:
    """A digest and what it was made of."""

    hexdigest: str
    kind: str
    parts: Mapping[str, Any]

    def __str__(self) -> str:
        return self.hexdigest


def make_key(kind: str, parts: Mapping[str, Any]) -> Key:
    """The key of a thing of `kind` made of `parts` (JSON values; the order of mappings does not matter).

    Raises:
        ValueError: a part is not JSON: NaN, infinity, or a value of another type.
    """
    plain = json.loads(canonical(parts))
    return Key(digest_bytes(canonical([SCHEMA, kind, _counted(plain)]).encode()), kind, plain)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text.

    Raises:
        ValueError: the value is not JSON.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"not a JSON value: {error}") from None


def _counted(value: Any) -> Any:
    if isinstance(value, dict):
        return value["digest"] if "digest" in value else {name: _counted(inner) for name, inner in value.items()}
    return [_counted(inner) for inner in value] if isinstance(value, list) else value


def versions(*names: str) -> dict[str, str]:
    """The installed versions of the packages `names`, without importing them; "absent" for one that is not there."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


_WORDS = {
    "code": "code of {} changed",
    "weights": "weights of {} changed",
    "runs": "training run {} changed",
    "data": "data file {} changed",
    "fonts": "font {} changed",
}


def explain(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Why things made of `old` and `new` have different keys, one reason for each part that changed."""
    return tuple(reason for section in sorted({*old, *new}) for reason in _section(section, old, new))


def _section(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get(section, {}), new.get(section, {})
    if not (_is_named(before) and _is_named(after)):
        if _counted(before) != _counted(after):
            yield _changed(section, "", before, after)
        return
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"{_noun(section)} {name} is new" + _value(after[name])
        elif name not in after:
            yield f"{_noun(section)} {name} is gone"
        elif _counted(before[name]) != _counted(after[name]):
            yield _changed(section, name, before[name], after[name])


def _is_named(section: Any) -> bool:
    return isinstance(section, dict) and "digest" not in section


def _noun(section: str) -> str:
    plurals = {"parameters": "parameter", "versions": "version of", "runs": "training run", "data": "data file"}
    return plurals.get(section, section)


def _value(value: Any) -> str:
    return f" ({_short(value)})" if _is_short(value) else ""


def _changed(section: str, name: str, before: Any, after: Any) -> str:
    if section in _WORDS and name:
        return _WORDS[section].format(name) + _about(before, after)
    if section == "versions" and name:
        return f"{name} {before} → {after}"
    what = f"{_noun(section)} {name}".strip()
    if _is_short(before) and _is_short(after):
        return f"{what}: {_short(before)} → {_short(after)}"
    return f"{what} changed" + _about(before, after)


def _about(before: Any, after: Any) -> str:
    """What else is known of two versions and differs, as in " (step 2000 → 4000)"."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return ""
    changes = [
        f"{name} {_short(before[name])} → {_short(after[name])}"
        for name in sorted({*before} & {*after} - {"digest"})
        if before[name] != after[name] and _is_short(before[name]) and _is_short(after[name])
    ]
    return f" ({', '.join(changes)})" if changes else ""


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_short(value: Any) -> bool:
    """Whether a value is worth showing: short, and no digest."""
    text = _short(value)
    is_digest = isinstance(value, str) and len(value) >= 40 and set(value) <= set("0123456789abcdef")
    return len(text) <= 60 and not is_digest and not (isinstance(value, dict) and "digest" in value)
