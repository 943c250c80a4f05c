"""What starts before the command line is read: Marp for a changed outline, a deck's parser, nothing for all else."""

import os
import subprocess
import sys

import pytest

from talkgen.export.node import npm_packages

pytestmark = pytest.mark.slow
PROGRAM = """
import sys
import psutil
from talkgen.cli.ahead import start_ahead
start_ahead(sys.argv[1:])
children = psutil.Process().children()
while not all(each.cmdline() for each in children):  # of one that is just becoming its program the system says nothing
    pass
print([part.rpartition("/")[2] for each in children for part in each.cmdline()[1:3]
       if part[0] != "-" and "node_modules" not in part])
"""


@pytest.fixture
def talk(tmp_path):
    """A talk whose deck is older than its outline."""
    page = tmp_path / "dist" / "marp" / "deck.html"
    page.parent.mkdir(parents=True)
    page.touch()
    os.utime(page, (0, 0))
    (tmp_path / "outline.yaml").touch()
    npm_packages("marp", print)
    return tmp_path


def started(*arguments):
    """The programs that run when the arguments of a command line were seen."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_marp_starts_for_a_changed_outline(talk):
    """Named as a folder or a file, its deck where it is or elsewhere."""
    assert started("build", talk) == "['marp.cjs']"
    assert started("build", "--out", talk / "other", talk / "outline.yaml", "-t", "marp") == "['marp.cjs']"


def test_nothing_starts_for_what_asks_marp_for_no_page(talk):
    """Another target, format or command; a deck that is newer; what is no outline."""
    for arguments in (["build", talk, "-t", "slidev"], ["build", talk, "--format=pdf"], ["status", talk], []):
        assert started(*arguments) == "[]"
    assert started("build", talk / "nothing") == "[]"
    os.utime(talk / "outline.yaml", (-1, -1))
    assert started("build", talk) == "[]"


def test_the_parser_of_a_deck_starts(tmp_path):
    """Of the tool that the deck is written for, wherever its name stands; none for a notebook, or what is not there."""
    npm_packages("marp", print)
    npm_packages("slidev", print)
    for text, program in (
        ("---\nmarp: true\n---\n", "read_marp.cjs"),
        ("---\nlayout: cover\n---\n", "read_slidev.mjs"),
    ):
        (tmp_path / "deck.md").write_text(text, encoding="utf-8")
        assert program in started("import", "-o", tmp_path / "talk", tmp_path / "deck.md")
    assert started("import", tmp_path / "lecture.ipynb", "-o", tmp_path) == "[]"
    assert started("import", tmp_path / "none.md") == "[]"
