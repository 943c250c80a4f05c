"""A command line that names a command gets an application of that one, which says what that of all commands says."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from talkgen.cli.app import app
from talkgen.cli.commands import COMMANDS, make_app


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_is_the_same(name):
    """The help of each command, word for word; of another command it knows nothing."""
    alone, other = make_app(name), "status" if name == "build" else "build"
    said = CliRunner().invoke(alone, [name, "--help"])
    assert said.exit_code == 0
    assert said.output == CliRunner().invoke(app, [name, "--help"]).output
    assert CliRunner().invoke(alone, [other, "--help"]).exit_code == 2


def test_what_is_no_command_gets_them_all():
    """A mistyped one is told which was meant, and the list is whole."""
    assert "build" in CliRunner().invoke(make_app("biuld"), ["biuld"]).output
    assert all(name in CliRunner().invoke(make_app("--help"), ["--help"]).output for name in COMMANDS)


def test_other_commands_are_not_loaded():
    """`talkgen schema` imports no module of another command."""
    code = "import sys; sys.argv[1:] = ['schema', '--help']; from talkgen.__main__ import main; main()"
    code += "; print({'talkgen.cli.schema', 'talkgen.cli.train'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "{'talkgen.cli.schema'}"


INTERRUPTED = """
import signal, time, weakref
from talkgen import __main__ as command

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it

class Lock: pass

def run():
    lock = Lock()
    end = weakref.ref(lock, lambda _: signal.raise_signal(signal.SIGINT))
    del lock
    time.sleep(120)

command._run = run
raise SystemExit(command.main())
"""


def test_an_interrupt_is_heard_wherever_it_comes():
    """Python shows one that comes as an object ends, as many do in imports, and goes on as if there had been none."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "talkgen: interrupted\n")
