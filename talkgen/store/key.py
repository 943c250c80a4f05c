"""The key of a computed thing: a digest of all it was computed from, and the parts, so that a change can be named.

Parts have names for people, as in

    {"code of talkgen.figures.attention_map:compute": "9f…", "parameter tokens": 6, "torch": "2.13.0",
     "weights of small": {"digest": "77…", "step": 4000}}

Of a mapping that holds a "digest" only the digest counts; the rest is there to explain. Imports neither torch nor
what it digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from talkgen.digest import digest_bytes
from talkgen.store.code import read_code
from talkgen.store.packages import matter

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


def code_parts(*roots: str) -> dict[str, str]:
    """A key's parts for the code that `roots` run together: its digest, and the packages whose versions matter to it.

    Raises:
        LookupError: there is no such module, or no such name in it.
    """
    code = read_code(*roots)
    return {f"code of {roots[0]}": code.digest, **matter(code.packages)}


def explain(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Why things made of the parts `old` and `new` have different keys, one reason for each part that changed."""
    return tuple(_explain("", old, new))


def _explain(within: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for part in sorted({*old, *new}):
        name = f"{within}{part}"
        if part not in old:
            yield f"{name} is new" + (f" ({_short(new[part])})" if _is_short(new[part]) else "")
        elif part not in new:
            yield f"{name} is gone"
        elif _counted(old[part]) != _counted(new[part]):
            yield from _changed(name, old[part], new[part])


def _changed(name: str, before: Any, after: Any) -> Iterator[str]:
    if _is_plain(before) and _is_plain(after):
        yield from _explain(f"{name}.", before, after)
    elif _is_short(before) and _is_short(after):
        colon = ":" if " " in name or "." in name else ""
        yield f"{name}{colon} {_short(before)} → {_short(after)}"
    else:
        yield f"{name} changed{_about(before, after)}"


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


def _is_plain(value: Any) -> bool:
    return isinstance(value, dict) and "digest" not in value


def _is_short(value: Any) -> bool:
    """Whether a value is worth showing: short, and no digest."""
    is_digest = isinstance(value, str) and len(value) >= 40 and set(value) <= set("0123456789abcdef")
    return not isinstance(value, dict) and not is_digest and len(_short(value)) <= 60


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
