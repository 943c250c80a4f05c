"""The `talkgen` command: runs the command line and turns what goes wrong into words and an exit code."""

from __future__ import annotations

import platform
import sys
import traceback

from talkgen import __version__
from talkgen.errors import TalkgenError

BUG, INTERRUPTED = 3, 130


def main() -> int:
    """Runs the command line; the exit codes are 0 done, 1 the user's to mend, 2 usage, 3 a bug, 130 interrupted."""
    from talkgen.cli.app import app

    try:
        app(standalone_mode=True)
    except TalkgenError as error:
        for problem in error.problems:
            print(f"talkgen: {problem}", file=sys.stderr)  # noqa: T201 – the one place that speaks for errors
        return error.exit_code
    except KeyboardInterrupt:
        print("talkgen: interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except Exception:
        traceback.print_exc()
        where = f"talkgen {__version__}, Python {platform.python_version()}, {platform.platform()}"
        print(f"talkgen: this is a bug in talkgen; please report the lines above ({where})", file=sys.stderr)  # noqa: T201
        return BUG
    return 0


if __name__ == "__main__":
    sys.exit(main())
