"""A presenting server in a process of its own, as tests of the browser and of Gradio need it: it can be killed.

Run as a program: `server_process.py DECK PORT PROJECT CODE VOTES MODEL…`; what is empty is none.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from talkgen.lm.files.catalog import find_model
from talkgen.pipeline.deck_folder import MANIFEST
from talkgen.serve.run import serve
from talkgen.serve.settings import Settings
from talkgen.style import load_style
from talkgen.words import read_slides


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(
    deck: Path,
    port: int,
    project: Path = Path(),
    models: tuple[str, ...] = (),
    *,
    code: str = "",
    votes: Path | str = "",
    errors=None,
):
    """A server that can be opened, its models loaded; yields the process, which is ended afterwards.

    What it complains of is written to the file `errors`.
    """
    command = [sys.executable, __file__, deck, str(port), project, code, votes, *models]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            while health(port)["status"] == "loading":
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def health(port: int) -> dict:
    """What the server at `port` says of itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health") as reply:
        return json.load(reply)


if __name__ == "__main__":
    deck, port, project, code, votes, *names = sys.argv[1:]
    models = tuple(find_model(name, Path(project)) for name in names)
    built = next((folder for folder in Path(deck).parents if (folder / MANIFEST).is_file()), Path(deck).parent)
    settings = Settings(
        Path(deck),
        models,
        Path(project),
        port=int(port),
        device="cpu",
        look=load_style("night", Path(project)).css_variables(),
        slides=partial(read_slides, built),
        code=code or None,
        votes=Path(votes) if votes else None,
    )
    with suppress(KeyboardInterrupt):
        serve(settings, lambda: print("ready", flush=True))
    print("ended")
