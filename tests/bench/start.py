"""How long a speaker waits for a talk that was built before: the command's start to its page, and to its first answer.

    talkgen build TALK
    python tests/bench/start.py TALK [--model smollm2] [--rounds 7]

Of each start three numbers: seconds until the page can be had, until a question is answered, and the seconds of a
processor that it and what it started had used by then, which others on the machine change less. Then what comparing
the model's forms takes, which happens once on a machine: with the kernels and without a compiler. Last line JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

sys.path.append(str(Path(__file__).resolve().parents[1]))

from server_process import free_port  # the tests' own part

from talkgen.lm.fast.comparing import compare_aside
from talkgen.lm.files.catalog import ModelFiles, find_model

QUESTION = {"prompt": "The quick brown fox", "bars": 6}
SPEAKER = {"Sec-Fetch-Site": "same-origin"}


def used(process: psutil.Process) -> float:
    """Seconds of a processor that a process and its children used."""
    seconds = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            seconds += times.user + times.system
    return seconds


def until_answered(client: httpx.Client, path: str, began: float, **more: object) -> float:
    """Seconds since `began` until `path` is answered."""
    while True:
        with suppress(httpx.TransportError):
            reply = client.request("POST" if more else "GET", path, headers=SPEAKER, **more)  # type: ignore[arg-type]
            if reply.status_code == 200:
                return time.perf_counter() - began
        time.sleep(0.005)


def start(talk: Path, *options: str, asks: bool = True) -> dict[str, float]:
    """One start of `talkgen present`, and its end."""
    port = free_port()
    command = [sys.executable, "-m", "talkgen", "present", str(talk), "--port", str(port), "--quiet", *options]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                found = {"page (s)": until_answered(client, "/", began)}
                found["page, used (s)"] = used(psutil.Process(process.pid))
                if asks:
                    found["answer (s)"] = until_answered(client, "/api/next", began, json=QUESTION)
                    found["answer, used (s)"] = used(psutil.Process(process.pid))
                    found["memory (MB)"] = psutil.Process(process.pid).memory_info().rss / 1e6
                return found
        finally:
            process.terminate()


def compare(files: ModelFiles, *, compiler: bool) -> dict[str, float]:
    """What comparing a model's forms takes, in a cache of its own."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TALKGEN_CACHE"], path = cache, os.environ["PATH"]
        if compiler:  # whose work is not counted
            subprocess.run(
                [sys.executable, "-c", "from talkgen.lm.fast import native; native.load_library()"], check=True
            )
        else:
            os.environ["PATH"] = cache
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        compare_aside(files, "cpu", lambda line: print(line, file=sys.stderr), threading.Event())
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        os.environ["PATH"] = path
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The most that any child held so far: none before held more.
    most = round(after.ru_maxrss * 1024 / 1e6)
    return {"(s)": round(seconds, 1), "used (s)": round(processor, 1), "most memory (MB)": most}


def summary(rounds: list[dict[str, float]]) -> dict[str, list[float]]:
    """Of each number the least, the median and the most."""
    numbers = {name: sorted(each[name] for each in rounds) for name in rounds[0]}
    return {name: [round(x, 2) for x in (v[0], statistics.median(v), v[-1])] for name, v in numbers.items()}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("talk", type=Path)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what Python compiled is kept, as it is where talkgen is installed
    live, recorded = [], []
    for _ in range(asked.rounds):  # in turns, so that what others do meets both
        live.append(start(asked.talk, "--model", asked.model))
        recorded.append(start(asked.talk, "--model", asked.model, "--recorded", asks=False))
    report: dict[str, object] = {
        "model": asked.model,
        "rounds": asked.rounds,
        "live": summary(live),
        "recorded": summary(recorded),
    }
    files = find_model(asked.model, Path.cwd())
    report["comparing, kernels"] = compare(files, compiler=True)
    report["comparing, no compiler"] = compare(files, compiler=False)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
