"""A model behind another server beside the same file read here: `python tests/bench/other_server.py URL MODEL`.

URL is a server's address as in `openai:URL#NAME`, MODEL the same model as talkgen finds it (a .gguf, runs/NAME). Prints
what the server can do, and for some prompts how far its probabilities and its cuts are from ours; last line JSON.
For llama.cpp, on the weights that SmolLM2 has in talkgen's cache:

    pip install "llama-cpp-python[server]"
    python -m llama_cpp.server --model FILE.gguf --model_alias smollm2 --logits_all true --port 8766
    python tests/bench/other_server.py http://127.0.0.1:8766/v1#smollm2 FILE.gguf
"""

import argparse
import json
import time
from pathlib import Path

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.remote import RemoteEngine
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.weights import load_model

PROMPTS = [  # an empty one begins with a line's end there, and with the token that ends texts here
    "The capital of France is",
    "a",
    "The quick brown fox jumps over the lazy",
    "def f(x):\n    return",
    "naïve 日本",
    "🚀",
]


def compare(there: RemoteEngine, here: Engine, prompt: str) -> dict:
    """The farthest of the probabilities that the server tells, and whether its tokens are ours."""
    began = time.perf_counter()
    answer = there.next_token(prompt, bars=5)
    seconds = time.perf_counter() - began
    known = {one.text: one.p for one in here.next_token(prompt, bars=20).candidates}
    shared = [(one.p, known[one.text]) for one in answer.candidates if one.text in known]
    return {
        "prompt": prompt,
        "shared": len(shared),
        "farthest": round(max((abs(p - q) for p, q in shared), default=0.0), 4),
        "same cut": [piece.id for piece in answer.pieces] == (here.encode(prompt) if prompt else []),
        "milliseconds": round(1000 * seconds),
    }


def main() -> None:
    """Compares, prompt by prompt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("model")
    asked = parser.parse_args()
    there = RemoteEngine(find_model(f"openai:{asked.url}", Path.cwd()))
    can = {"likeliest": there._most, "echoes": there._echoes, "cuts": bool(there._cutter), "ids": there._takes_ids}
    print(can)
    rows = [compare(there, Engine(load_model(find_model(asked.model, Path.cwd()))), prompt) for prompt in PROMPTS]
    for row in rows:
        print(row)
    print(json.dumps({"can": can, "farthest": max(row["farthest"] for row in rows), "rows": rows}))


if __name__ == "__main__":
    main()
