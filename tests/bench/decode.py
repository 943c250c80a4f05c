"""How quickly tokens come: SmolLM2-135M beside transformers' generate and llama.cpp on the same file; last line JSON.

    talkgen model pull smollm2
    python tests/bench/decode.py [--threads 2] [--pairs 7] [--peers FOLDER] [--clock wall] [--device cpu]

Everything is a ratio inside this one run: the two sides take turns, and the median, the least and the most of the
pairs' ratios are printed. `--peers` is a folder to import llama_cpp from (pip install --target FOLDER
llama-cpp-python); without it those lines are left out. On a GPU (`--device cuda`) shapes with random weights
stand in for GPT-2 124M and SmolLM2-1.7B: speed does not depend on the values of weights.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import peers
import torch
import transformers
from sides import CLOCKS, Clock, Side, compare, process, timed

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.fast import building
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.fast.forms import load_fast, load_stored
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.loaded import Loaded
from talkgen.lm.files.packed import FORMATS
from talkgen.lm.files.weights import load_model
from talkgen.lm.models.architectures import build_model
from talkgen.lm.models.config import ModelConfig
from talkgen.lm.models.lstm import RecurrentLM
from talkgen.lm.models.transformer import Transformer

PROMPT = (
    "Attention lets every word of a sentence ask every other word what it has to say. Before it, a recurrent network "
    "read a sentence from left to right and had to carry all of it in one small vector; whatever did not fit was "
    "forgotten. A transformer keeps all words at hand and learns where to look. "
) * 3
TOKENS = 48
_OURS = """
from pathlib import Path
from talkgen.lm.answer.engine import Engine
from talkgen.lm.fast.forms import load_fast
from talkgen.lm.files.catalog import find_model
Engine(load_fast(find_model("smollm2", Path.cwd()))).next_token("The quick brown fox")
"""


def writes(engine: Engine, tokens: int = TOKENS) -> Side:
    """Seconds a token of greedy text, the prompt read before."""
    prompt = engine.tokenizer.decode(engine.encode(PROMPT)[:128])

    def run() -> float:
        engine.next_token(prompt)
        began = Clock.now()
        done = engine.generate(prompt, max_tokens=tokens, sampling=Sampling(temperature=0))
        return (Clock.now() - began) / len(done.pieces)

    return run


def keystroke(loaded: Loaded, pairs: int) -> dict[str, float]:
    """One more letter after 128 tokens: the engine that remembers them, against reading them all again."""
    engine = Engine(loaded)
    prompt = engine.tokenizer.decode(engine.encode(PROMPT)[:128])
    letters = iter("abcdefghijklmnopqrstuvwxyz" * 9)
    typed = [prompt]

    def more() -> None:
        typed[0] += next(letters)
        engine.next_token(typed[0])

    def again() -> None:
        Engine(loaded).next_token(typed[0])

    engine.next_token(prompt)
    return compare(timed(more), timed(again), pairs)


def batched(loaded: Loaded, pairs: int, rows: int = 16, tokens: int = 24) -> dict[str, float]:
    """Greedy texts after 16 prompts that were read before: a token of all in one pass, against one after the other."""
    model = loaded.model
    assert isinstance(model, CompiledTransformer)
    texts = [loaded.tokenizer.encode(f"{i} {PROMPT[i:]}")[:64] for i in range(rows)]

    caches = [model.new_state(1, 96) for _ in texts]
    first = model.read_many(texts, caches).argmax(axis=-1).tolist()

    def together() -> None:
        ids = first
        for _ in range(tokens):
            ids = model.read_many([[token] for token in ids], caches).argmax(axis=-1).tolist()
        for cache in caches:
            cache.truncate(64)

    def apart() -> None:
        for start, cache in zip(first, caches, strict=True):
            ids = [start]
            for _ in range(tokens):
                ids = model.read_many([ids], [cache]).argmax(axis=-1).tolist()
            cache.truncate(64)

    return compare(timed(together), timed(apart), pairs)


def recurrent(pairs: int, steps: int = 300) -> dict[str, float]:
    """One token through a two-layer LSTM of 256: ours, against torch.nn.LSTM called for one token."""
    config = ModelConfig(1024, "lstm", n_layer=2, n_embd=256)
    model = build_model(config).eval()
    assert isinstance(model, RecurrentLM)
    ids = torch.randint(config.vocab_size, (steps, 1, 1))

    def ours() -> None:
        reader, state = CompiledLSTM.from_recurrent(model), None
        for t in range(steps):
            _, state = reader(ids[t], state, last_only=True)

    def theirs() -> None:
        memory = None
        for t in range(steps):
            x, memory = model.rnn(model.embed(ids[t]), memory)
            model.head(x)

    with torch.inference_mode():
        return compare(timed(ours, steps), timed(theirs, steps), pairs)


def bandwidth() -> float:
    """Bytes a second that one sum over 1 GiB reads; the best of five."""
    data = torch.ones(1 << 28)
    return max(4 * data.numel() / timed(data.sum)() for _ in range(5))


def shares(variant: str) -> dict[str, Any]:
    """Of one instruction set: ms a token and bytes a token reads, by form; a variant is chosen once in a process."""
    building.best_variant = lambda _: variant
    files = find_model("smollm2", Path.cwd())
    arrays = {name: value.detach().numpy() for name, value in load_model(files).model.named_parameters()}
    found = {}
    for form in ("stored", *FORMATS):
        stored = load_stored(files)
        if form != "stored":
            model = CompiledTransformer.from_arrays(stored.model.config, arrays, form)
            stored = Loaded(form, form, model, stored.tokenizer, files)
        found[form] = [min(writes(Engine(stored), 12)() for _ in range(4)), stored.model.bytes]
    return found


def share_of_bandwidth(asked: argparse.Namespace) -> dict[str, Any]:
    """Bytes a second of weights that decoding reads, of those that a plain sum reads; by instruction set and form."""
    read, found = bandwidth(), {}
    for variant, (machine, _) in building.variants().items():
        command = [
            sys.executable,
            __file__,
            "--share",
            variant,
            "--threads",
            str(asked.threads),
            "--clock",
            asked.clock,
        ]
        if machine in ("any", platform.machine()):
            done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
            if done.returncode == 0:  # else this processor has no such instructions
                rows = json.loads(done.stdout.splitlines()[-1])
                found[variant] = {form: round(size / seconds / read, 2) for form, (seconds, size) in rows.items()}
    return {"GB/s": round(read / 1e9, 1), **found}


def starts(asked: argparse.Namespace, path: Path) -> dict[str, Any]:
    """A process's start to its first distribution, beside transformers' and llama.cpp's."""
    ours, pairs = process([sys.executable, "-W", "ignore", "-c", _OURS]), max(3, asked.pairs // 2)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        found["transformers, safetensors"] = compare(ours, peers.library_starts(path, Path(folder)), pairs)
    if asked.peers:
        found["llama.cpp"] = compare(ours, peers.llama_starts(path, asked.peers, asked.threads), pairs)
    return found


def on_the_processor(asked: argparse.Namespace) -> dict[str, Any]:
    """SmolLM2-135M from its GGUF, all sides on the same threads."""
    files = find_model("smollm2", Path.cwd())
    stored = load_stored(files)
    ids = stored.tokenizer.encode(PROMPT * 3)
    report: dict[str, Any] = {}

    def tell(name: str, result: dict[str, Any]) -> None:
        report[name] = json.loads(json.dumps(result), parse_float=lambda x: round(float(x), 3))
        print(name, report[name], file=sys.stderr, flush=True)

    ours = writes(Engine(stored))
    for dtype in (torch.float32, torch.bfloat16):
        library = peers.library_writes(peers.library_model(files.path, dtype), ids, TOKENS)
        tell(f"stored blocks / transformers {dtype}", compare(ours, library, asked.pairs))
    if asked.peers:
        llama = peers.open_llama(files.path, asked.threads)
        tell("stored blocks / llama.cpp", compare(ours, peers.llama_writes(llama, ids, TOKENS), asked.pairs))
        read = timed(lambda: stored.model([ids[:512]], last_only=True))
        tell("reading 512 tokens / llama.cpp", compare(read, peers.llama_reads(llama, ids[:512]), asked.pairs))
        del llama
    tell("keystroke / full recompute", keystroke(load_fast(files), asked.pairs))
    tell("16 prompts together / one by one, stored blocks", batched(stored, asked.pairs))
    tell("LSTM step / nn.LSTM", recurrent(asked.pairs))
    tell("share of the memory's bandwidth", share_of_bandwidth(asked))
    for name, result in starts(asked, files.path).items():
        tell(f"start / {name}", result)
    quickest = min(
        (torch.float32, torch.bfloat16), key=lambda d: report[f"stored blocks / transformers {d}"]["theirs_ms"]
    )
    library = peers.compiled_writes(files.path, quickest, ids, TOKENS)
    tell(f"stored blocks / transformers {quickest}, compiled, static cache", compare(ours, library, asked.pairs))
    return report


def on_a_gpu(asked: argparse.Namespace) -> dict[str, Any]:
    """Shapes of GPT-2 124M and SmolLM2-1.7B with random weights, in bfloat16."""
    from transformers import GPT2Config, GPT2LMHeadModel

    device, report = torch.device(asked.device), {"card": torch.cuda.get_device_name(asked.device)}
    gpt2 = graphed(ModelConfig(50257, n_layer=12, n_embd=768, n_head=12, block_size=1024), device)
    library = GPT2LMHeadModel(GPT2Config()).to(device, torch.bfloat16).eval()
    ids = torch.randint(50257, (128,)).tolist()

    report["GPT-2 124M / transformers"] = compare(
        partial(steps, gpt2, [ids]), peers.library_writes(library, ids, TOKENS), asked.pairs
    )
    one, many = (statistics.median(steps(gpt2, [ids[:64]] * n) for _ in range(asked.pairs)) for n in (1, 100))
    report["100 rows / 1 row, seconds a step"] = many / one
    large = graphed(
        ModelConfig(
            49152,
            n_layer=24,
            n_embd=2048,
            n_head=32,
            n_inner=8192,
            block_size=2048,
            norm="rms",
            positions="rotary",
            activation="swiglu",
            bias=False,
        ),
        device,
    )
    second = statistics.median(steps(large, [ids]) for _ in range(asked.pairs))
    data = torch.empty(1 << 31, dtype=torch.uint8, device=device)
    copied = min(timed(lambda: data.view(torch.int64).sum())() for _ in range(5))
    report["SmolLM2-1.7B, share of the measured bandwidth"] = large.bytes / second / (data.numel() / copied)
    return report


def graphed(config: ModelConfig, device: torch.device) -> GraphedTransformer:
    """A model with random weights whose steps are recorded."""
    with torch.device(device):
        model = Transformer(config).to(torch.bfloat16).eval()
    return GraphedTransformer(model)


@torch.inference_mode()
def steps(model: GraphedTransformer, texts: list[list[int]]) -> float:
    """Seconds a step of all `texts`, after they were read and a first step was recorded."""
    caches = [model.new_state(1, len(texts[0]) + TOKENS + 2) for _ in texts]
    model.read_many(texts, caches)
    ids = [[1] for _ in texts]
    model.read_many(ids, caches)

    def run() -> None:
        for _ in range(TOKENS):
            model.read_many(ids, caches).argmax(dim=-1).tolist()

    return timed(run, TOKENS)()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: where others keep the cores busy")
    parser.add_argument("--share", help="only this instruction set's forms, in ms and bytes a token")
    parser.add_argument("--peers", type=Path, help="a folder that holds llama_cpp")
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(asked.threads)
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)  # of our kernels, which are loaded after this
    if asked.peers:
        sys.path.append(str(asked.peers))
    Clock.name = asked.clock
    if asked.share:
        print(json.dumps(shares(asked.share)))
        return
    report: dict[str, Any] = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": asked.threads,
        "clock": asked.clock,
        "machine": platform.processor() or platform.machine(),
    }
    report |= on_the_processor(asked) if asked.device == "cpu" else on_a_gpu(asked)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
