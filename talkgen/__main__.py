"""The `talkgen` command: runs the command line and turns what goes wrong into words and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

from talkgen import __version__
from talkgen.cli.ahead import start_ahead
from talkgen.errors import TalkgenError
from talkgen.extras import missing_extra
from talkgen.machine import in_words

BUG, INTERRUPTED, UNREAD = 3, 130, 141


def main() -> int:
    """Runs the command line.

    The exit codes are 0 done, 1 the user's to mend, 2 wrong usage, 3 a bug, 130 interrupted, and 141 where nobody reads
    the output any more, as `head` does when it has enough.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else programs that it started would go on
    sys.unraisablehook = _hear_again
    try:
        return _run()
    except KeyboardInterrupt:  # while it starts; later the command's own library turns one into a code
        return _stop()


def _run() -> int:
    gc.set_threshold(200_000, 20, 100)  # what imports make stays: looking for what does not is a tenth of a start
    start_ahead(sys.argv[1:])
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for some reads all that is installed
    from typer.exceptions import TyperException

    from talkgen.cli.commands import make_app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what a terminal cannot show is shown as "?", and stops nothing
            stream.reconfigure(errors="replace")
    try:
        code = make_app(*sys.argv[1:2])(prog_name="talkgen", standalone_mode=False)
    except TalkgenError as error:
        return _tell(error)
    except TyperException as error:
        return _explain_usage(error)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            return UNREAD
        return stop.code if isinstance(stop.code, int) else 1
    except OSError as error:
        _drop_output()
        said = in_words(error)
        return _tell(said) if said else _confess()
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        return _tell(missing) if missing else _confess()
    except Exception:
        return _confess()
    if code == INTERRUPTED:
        return _stop()
    return code if isinstance(code, int) else 0


def _hear_again(lost: sys.UnraisableHookArgs) -> None:
    """An interrupt that came in what nobody called, as a lock's end after an import, would be shown, and be lost."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()  # once that has ended
    else:
        sys.__unraisablehook__(lost)


def _stop() -> int:
    _say("talkgen: interrupted")
    return INTERRUPTED


def _tell(error: TalkgenError) -> int:
    for problem in error.problems:
        _say(f"talkgen: {problem}")
    return error.exit_code


def _explain_usage(error: Any) -> int:
    """The usage, and for a mistyped option the one that was meant."""
    meant = getattr(error, "possibilities", None)
    if meant:
        error.message += f". Did you mean {' or '.join(map(repr, sorted(meant)))}?"
        error.possibilities = ()  # they are said
    error.message = error.message.removeprefix("Value error, ")  # pydantic's, which says nothing to who reads it
    error.show()
    return int(error.exit_code)


def _confess() -> int:
    import platform
    import traceback

    with suppress(OSError):
        traceback.print_exc()
    where = f"talkgen {__version__}, Python {platform.python_version()}, {platform.platform()}"
    _say(f"talkgen: this is a bug in talkgen; please report the lines above ({where})")
    return BUG


def _say(text: str) -> None:
    with suppress(OSError):  # nobody may be listening; the exit code still tells
        print(text, file=sys.stderr, flush=True)  # noqa: T201 – the one place that speaks for errors


def _drop_output() -> None:
    """Lets what standard output did not take go nowhere, or Python would try again at its end and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
