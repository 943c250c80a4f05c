"""What is noticed of a talk's folders, whatever becomes of them."""

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from talkgen.pipeline.watch import watch

_QUIET = 5  # answers in a row without a change
_LONGEST = 200  # answers, a tenth of a second each


def _settle(watcher: Iterator[bool]) -> bool:
    """Reads on until nothing changes any more; whether anything did."""
    changed, quiet = False, 0
    for answer in islice(watcher, _LONGEST):
        changed, quiet = changed or answer, 0 if answer else quiet + 1
        if quiet == _QUIET:
            break
    return changed


@pytest.fixture
def parts(tmp_path) -> Path:
    """A talk's folder of included slides."""
    folder = tmp_path / "talk" / "parts"
    folder.mkdir(parents=True)
    (folder / "more.yaml").write_text("slides: []\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("gone", ["parts", "talk"])
def test_a_folder_that_goes_and_comes_back_is_watched_as_before(parts, tmp_path, gone):
    """That of the talk itself, too; renamed or deleted, and what is saved in it afterwards."""
    place = parts if gone == "parts" else parts.parent
    watcher = watch(tmp_path / "talk" / "outline.yaml", [parts])
    _settle(watcher)
    for comes_back in (
        lambda: place.with_name("away").rename(place),
        lambda: shutil.copytree(tmp_path / "kept", place),
    ):
        shutil.copytree(place, tmp_path / "kept", dirs_exist_ok=True)
        place.rename(place.with_name("away"))
        assert _settle(watcher)
        comes_back()
        assert _settle(watcher)
        (parts / "more.yaml").write_text("slides: [{title: A}]\n", encoding="utf-8")
        assert _settle(watcher)
        shutil.rmtree(place.with_name("away"), ignore_errors=True)


def test_what_lies_beside_a_talk_is_nobodys_change(parts, tmp_path):
    """Its folder's own folder is watched for it alone."""
    watcher = watch(tmp_path / "talk" / "outline.yaml", [parts])
    _settle(watcher)
    (tmp_path / "letter.txt").write_text("Dear all", encoding="utf-8")
    assert not _settle(watcher)
