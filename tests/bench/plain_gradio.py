"""What a lecturer would write without talkgen: one function in a Gradio app, in a process and a queue of its own.

    python tests/bench/plain_gradio.py PORT MODEL TOGETHER

The function is what talkgen's server answers with: the same engine in the same form, a prompt's ten likeliest next
tokens. The app is `gradio.Interface`, whose queue takes TOGETHER calls of the function at a time: 1 as it comes; with
more, whoever wrote the app knows of `concurrency_limit`, and the engine reads what is asked at the same time together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from talkgen.lm.answer.engine import Engine
from talkgen.lm.fast.forms import load_fast
from talkgen.lm.files.catalog import find_model


@contextmanager
def plain_gradio(port: int, model: str, together: int) -> Iterator[tuple[str, int]]:
    """The app's address and process, from when it answers to the end of the block."""
    command = [sys.executable, __file__, str(port), model, str(together)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            while process.poll() is None and not _answers(address):
                time.sleep(0.1)
            yield address, process.pid
        finally:
            process.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=60).is_success
    except httpx.TransportError:
        return False


def main(port: str, model: str, together: str) -> None:
    """Serves the app until it is killed."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio

    engine = Engine(load_fast(find_model(model, Path.cwd())))

    def predict(prompt: str) -> dict[str, float]:
        return {candidate.text: candidate.p for candidate in engine.next_token(prompt, bars=10).candidates}

    predict("")
    app = gradio.Interface(predict, "text", "label", concurrency_limit=int(together))
    app.launch(server_port=int(port), quiet=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
