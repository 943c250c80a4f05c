"""What a deck was made of, compared with what it would be made of now and with what is on the disk."""

import pytest

from talkgen.digest import digest_bytes
from talkgen.store.key import make_key
from talkgen.store.manifest import Change, Entry, Manifest, compare


def keys(**parts):
    """A key for each name."""
    return {name: make_key("figure", {"parameter n": n}) for name, n in parts.items()}


def manifest(**parts):
    """A manifest of things without files."""
    return Manifest({name: Entry(key) for name, key in keys(**parts).items()}, {"target": "marp"})


def test_each_thing_has_a_state_and_reasons(tmp_path):
    """Fresh, stale with what changed, new, and gone."""
    assert compare(manifest(same=1, other=2, old=3), keys(same=1, other=5, added=4), tmp_path) == [
        Change("same", "fresh"),
        Change("other", "stale", ("parameter n: 2 → 5",)),
        Change("added", "new", ("never built",)),
        Change("old", "gone", ("no longer in the talk",)),
    ]


def test_files_that_are_not_as_they_were_built_are_damage(tmp_path):
    """A file that is cut, changed without a change of size, deleted, or turned into a folder is named."""
    contents = {"whole.txt": b"abc", "cut.txt": b"abcdef", "changed.txt": b"abc", "gone.txt": b"a", "folder.txt": b"a"}
    files = {name: digest_bytes(content) for name, content in contents.items()}
    built = Manifest({"export html": Entry(keys(a=1)["a"], files)})
    (tmp_path / "whole.txt").write_bytes(b"abc")
    (tmp_path / "cut.txt").write_bytes(b"abc")
    (tmp_path / "changed.txt").write_bytes(b"abd")
    (tmp_path / "folder.txt").mkdir()

    (change,) = compare(built, {"export html": keys(a=1)["a"]}, tmp_path)

    assert change.state == "damaged"
    assert change.why == (
        "changed.txt is not as it was built (3 bytes)",
        "cut.txt is not as it was built (3 bytes)",
        "folder.txt cannot be read: Is a directory",
        "gone.txt is missing",
    )


def test_another_kind_of_key_has_a_reason(tmp_path, monkeypatch):
    """When talkgen itself keeps things otherwise, that is said."""
    old = manifest(a=1)
    monkeypatch.setattr("talkgen.store.key.SCHEMA", 99)

    why = ("talkgen keeps such things in another way now",)
    assert compare(old, keys(a=1), tmp_path) == [Change("a", "stale", why)]


def test_manifest_comes_back_from_its_file(tmp_path):
    """Written and read, it is the same; equal manifests are equal bytes."""
    path = tmp_path / "manifest.json"
    path.write_text(manifest(a=1, b=2).to_json(), encoding="utf-8")

    assert Manifest.read(path) == manifest(b=2, a=1)
    assert manifest(a=1, b=2).to_json() == manifest(b=2, a=1).to_json()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"entries": 1, "about": {}}', b'{"entries": {"a": 1}}', b"\xff"]
)
def test_manifest_that_cannot_be_read_is_empty(tmp_path, content):
    """A damaged manifest means that everything is new, not an error."""
    (tmp_path / "manifest.json").write_bytes(content)

    assert Manifest.read(tmp_path / "manifest.json") == Manifest({}) == Manifest.read(tmp_path / "nowhere.json")
