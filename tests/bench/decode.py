"""How quickly tokens come: SmolLM2-135M beside transformers' generate and llama.cpp on the same file; last line JSON.

    talkgen model pull smollm2
    python tests/bench/decode.py [--threads 2] [--pairs 7] [--peers FOLDER] [--device cpu]

Everything is a ratio inside this one run: the two sides take turns, and the median, the least and the most of the
pairs' ratios are printed. `--peers` is a folder to import llama_cpp from (pip install --target FOLDER
llama-cpp-python); without it that line is left out, and said so. On a GPU (`--device cuda`) shapes with random weights
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
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.initialization import no_init_weights
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from talkgen.lm.answer.engine import Engine
from talkgen.lm.answer.sample import Sampling
from talkgen.lm.fast.comparing import measure
from talkgen.lm.fast.compiled_lstm import CompiledLSTM
from talkgen.lm.fast.compiled_transformer import CompiledTransformer
from talkgen.lm.fast.cuda_graphs import GraphedTransformer
from talkgen.lm.fast.forms import load_fast, load_stored
from talkgen.lm.files.catalog import find_model
from talkgen.lm.files.loaded import Loaded
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


def compare(ours: Callable[[], float], theirs: Callable[[], float], pairs: int) -> dict[str, float]:
    """Seconds of both, taking turns; the ratio is how many times quicker ours is."""
    ours(), theirs()  # once for nothing: first calls allocate
    rows = [(ours(), theirs()) if i % 2 else (theirs(), ours())[::-1] for i in range(pairs)]
    ratios = [b / a for a, b in rows]
    return {
        "ours_ms": 1000 * statistics.median(a for a, _ in rows),
        "theirs_ms": 1000 * statistics.median(b for _, b in rows),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def timed(work: Callable[[], Any], units: int = 1) -> Callable[[], float]:
    """A call that says how many seconds a unit of `work` took."""

    def run() -> float:
        began = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return (time.perf_counter() - began) / units

    return run


def writes(engine: Engine) -> Callable[[], float]:
    """Seconds a token of greedy text, the prompt read before."""
    prompt = engine.tokenizer.decode(engine.encode(PROMPT)[:128])

    def run() -> float:
        engine.next_token(prompt)
        began = time.perf_counter()
        done = engine.generate(prompt, max_tokens=TOKENS, sampling=Sampling(temperature=0))
        return (time.perf_counter() - began) / len(done.pieces)

    return run


def library_writes(reference: Any, ids: list[int]) -> Callable[[], float]:
    """The same by transformers' generate, from its prefill to its last token, less the time of the prefill."""
    given = torch.tensor([ids[:128]], device=reference.device)

    def run() -> float:
        seconds = []
        for tokens in (1, TOKENS + 1):
            generate = partial(
                reference.generate,
                given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                do_sample=False,
                pad_token_id=0,
            )
            seconds.append(timed(generate)())
        return (seconds[1] - seconds[0]) / TOKENS

    return run


def llama_writes(path: Path, ids: list[int], threads: int) -> Callable[[], float]:
    """The same by llama.cpp: its own greedy loop over the same file."""
    from llama_cpp import Llama

    llama = Llama(str(path), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False)

    def run() -> float:
        stream = llama.generate(ids[:128], temp=0.0, reset=True)
        next(stream)
        began = time.perf_counter()
        for _ in range(TOKENS):
            next(stream)
        return (time.perf_counter() - began) / TOKENS

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


_OURS = """
from pathlib import Path
from talkgen.lm.answer.engine import Engine
from talkgen.lm.fast.forms import load_fast
from talkgen.lm.files.catalog import find_model
answer = Engine(load_fast(find_model("smollm2", Path.cwd()))).next_token("The quick brown fox")
"""
_THEIRS = """
import sys, torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.initialization import no_init_weights
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint
folder, file = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
config = AutoConfig.from_pretrained(folder, gguf_file=file)
with no_init_weights():
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
tensors = load_gguf_checkpoint(f"{folder}/{file}", return_tensors=True, model_to_load=model)["tensors"]
model.load_state_dict(tensors, strict=False, assign=True)
model.tie_weights()
p = model.eval()(torch.tensor([tokenizer.encode("The quick brown fox")])).logits[0, -1].softmax(-1)
"""


def cold_start(path: Path, pairs: int) -> dict[str, float]:
    """From the start of a process to the first distribution."""

    def run(code: str, *arguments: str) -> Callable[[], float]:
        command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
        return timed(lambda: subprocess.run(command, check=True, capture_output=True))

    return compare(run(_OURS), run(_THEIRS, str(path.parent), path.name), pairs)


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


def library_model(path: Path) -> Any:
    """The library's model of a GGUF file, by its own converter; `from_pretrained` would want one more package."""
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    with no_init_weights():
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    tensors = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=model)["tensors"]
    model.load_state_dict(tensors, strict=False, assign=True)
    model.tie_weights()
    return model.eval()


def bandwidth() -> float:
    """Bytes a second that one sum over 1 GiB reads; the best of five."""
    data = torch.ones(1 << 28)
    return max(4 * data.numel() / timed(data.sum)() for _ in range(5))


def on_the_processor(asked: argparse.Namespace) -> dict[str, Any]:
    """SmolLM2-135M from its GGUF, both sides on the same threads."""
    files = find_model("smollm2", Path.cwd())
    stored = load_stored(files)
    reference = library_model(files.path)
    ids = stored.tokenizer.encode(PROMPT)
    plain = load_model(files)
    float32 = Loaded(
        "f", "float32", CompiledTransformer.from_transformer(plain.model, "float32"), plain.tokenizer, files
    )
    half = Loaded("h", "float16", CompiledTransformer.from_transformer(plain.model, "float16"), plain.tokenizer, files)
    library = library_writes(reference, ids)
    report: dict[str, Any] = {"forms": [vars(form) | {"good": form.good} for form in measure(files)]}

    def tell(name: str, result: dict[str, float]) -> None:
        report[name] = {key: round(value, 3) for key, value in result.items()}
        print(name, report[name], flush=True)

    read = bandwidth()
    tell("float32 / transformers float32", compare(writes(Engine(float32)), library, asked.pairs))
    speed = float32.model.bytes / (report["float32 / transformers float32"]["ours_ms"] / 1000)
    report["bandwidth used by float32"] = round(speed / read, 3)
    report["bandwidth GB/s"] = round(read / 1e9, 1)
    tell("float16 / transformers float32", compare(writes(Engine(half)), library, asked.pairs))
    tell("best form / transformers float32", compare(writes(Engine(stored)), library, asked.pairs))
    try:
        tell(
            "best form / llama.cpp",
            compare(writes(Engine(stored)), llama_writes(files.path, ids, asked.threads), asked.pairs),
        )
    except ImportError as error:
        report["best form / llama.cpp"] = f"not measured: {error}"
    tell("keystroke / full recompute", keystroke(load_fast(files), asked.pairs))
    tell("16 prompts together / one by one, best form", batched(stored, asked.pairs))
    tell("16 prompts together / one by one, float32", batched(float32, asked.pairs))
    tell("LSTM step / nn.LSTM", recurrent(asked.pairs))
    del reference, plain, float32, half
    tell("cold start / transformers", cold_start(files.path, max(3, asked.pairs // 2)))
    return report


def on_a_gpu(asked: argparse.Namespace) -> dict[str, Any]:
    """Shapes of GPT-2 124M and SmolLM2-1.7B with random weights, in bfloat16."""
    from transformers import GPT2Config, GPT2LMHeadModel

    device, report = torch.device(asked.device), {"card": torch.cuda.get_device_name(asked.device)}
    gpt2 = graphed(ModelConfig(50257, n_layer=12, n_embd=768, n_head=12, block_size=1024), device)
    library = GPT2LMHeadModel(GPT2Config()).to(device, torch.bfloat16).eval()
    ids = torch.randint(50257, (128,)).tolist()

    report["GPT-2 124M / transformers"] = compare(
        partial(steps, gpt2, [ids]), library_writes(library, ids), asked.pairs
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
    parser.add_argument("--peers", type=Path, help="a folder that holds llama_cpp")
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(asked.threads)
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)  # of our kernels, which are loaded after this
    if asked.peers:
        sys.path.append(str(asked.peers))
    report: dict[str, Any] = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": asked.threads,
        "machine": platform.processor() or platform.machine(),
    }
    report |= on_the_processor(asked) if asked.device == "cpu" else on_a_gpu(asked)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
