"""What a deck was made of, compared with what it would be made of now."""

import pytest

from talkgen.store.key import make_key
from talkgen.store.manifest import Change, Manifest, compare


def manifest(**things):
    return Manifest({name: make_key("figure", {"parameter n": n}) for name, n in things.items()}, {"target": "marp"})


def test_each_thing_has_a_state_and_reasons():
    """Fresh, stale with what changed, new, and gone."""
    assert compare(manifest(same=1, other=2, old=3), manifest(same=1, other=5, added=4)) == [
        Change("same", "fresh"),
        Change("other", "stale", ("parameter n: 2 → 5",)),
        Change("added", "new", ("never built",)),
        Change("old", "gone", ("no longer in the talk",)),
    ]


def test_another_kind_of_key_has_a_reason(monkeypatch):
    """When talkgen itself keeps things otherwise, that is said."""
    old = manifest(a=1)
    monkeypatch.setattr("talkgen.store.key.SCHEMA", 99)

    assert compare(old, manifest(a=1)) == [Change("a", "stale", ("talkgen keeps such things in another way now",))]


def test_manifest_comes_back_from_its_file(tmp_path):
    """Written and read, it is the same; equal manifests are equal bytes."""
    path = tmp_path / "manifest.json"
    path.write_text(manifest(a=1, b=2).to_json(), encoding="utf-8")

    assert Manifest.read(path) == manifest(b=2, a=1)
    assert manifest(a=1, b=2).to_json() == manifest(b=2, a=1).to_json()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"things": 1, "about": {}}', b'{"things": {"a": 1}}', b"\xff"]
)
def test_manifest_that_cannot_be_read_is_empty(tmp_path, content):
    """A damaged manifest means that everything is new, not an error."""
    (tmp_path / "manifest.json").write_bytes(content)

    assert Manifest.read(tmp_path / "manifest.json") == Manifest({}) == Manifest.read(tmp_path / "nowhere.json")
