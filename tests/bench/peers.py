"""The others, each as quick as we know to make it: transformers in three ways, llama.cpp in its own build."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sides import Clock, Side, process, timed
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.initialization import no_init_weights
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

_TRANSFORMERS = """
import sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype="auto").eval()
with torch.inference_mode():
    model(torch.tensor([tokenizer.encode("The quick brown fox")])).logits[0, -1].softmax(-1)
"""
_LLAMA = """
import sys
sys.path.append(sys.argv[2])
from llama_cpp import Llama
llama = Llama(sys.argv[1], n_ctx=512, n_threads=int(sys.argv[3]), verbose=False)
llama.eval(llama.tokenize(b"The quick brown fox"))
"""


def library_model(path: Path, dtype: torch.dtype = torch.float32) -> Any:
    """The library's model of a GGUF file, by its own converter; `from_pretrained` would want one more package."""
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    with no_init_weights():
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    tensors = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=model)["tensors"]
    model.load_state_dict(tensors, strict=False, assign=True)
    model.tie_weights()
    return model.to(dtype).eval()


def library_writes(reference: Any, ids: list[int], tokens: int, **how: Any) -> Side:
    """Seconds a token of `generate`, from its prefill to its last token, less the time of the prefill."""
    given = torch.tensor([ids[:128]], device=reference.device)
    reference.generation_config = GenerationConfig(do_sample=False, pad_token_id=0, **how)

    def run() -> float:
        seconds = []
        for count in (1, tokens + 1):
            generate: Callable[[], Any] = partial(
                reference.generate,
                given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=count,
                min_new_tokens=count,
            )
            seconds.append(timed(generate)())
        return (seconds[1] - seconds[0]) / tokens

    return run


def compiled_writes(path: Path, dtype: torch.dtype, ids: list[int], tokens: int) -> Side:
    """The same with the forward pass compiled and a static cache."""
    model = library_model(path, dtype)
    model.forward = torch.compile(model.forward, dynamic=False)
    return library_writes(model, ids, tokens, cache_implementation="static", max_length=256)


def open_llama(path: Path, threads: int) -> Any:
    """llama.cpp with a file."""
    from llama_cpp import Llama

    return Llama(str(path), n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)


def llama_writes(llama: Any, ids: list[int], tokens: int) -> Side:
    """Seconds a token of its own greedy loop."""

    def run() -> float:
        stream = llama.generate(ids[:128], temp=0.0, reset=True)
        next(stream)
        began = Clock.now()
        for _ in range(tokens):
            next(stream)
        return (Clock.now() - began) / tokens

    return run


def llama_reads(llama: Any, ids: list[int]) -> Side:
    """Seconds until it has read `ids`."""

    def read() -> None:
        llama.reset()
        llama.eval(ids)

    return timed(read)


def library_starts(path: Path, folder: Path) -> Side:
    """A process of transformers until its first distribution, from safetensors, which are written to `folder`."""
    library_model(path, torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).save_pretrained(folder)
    return process([sys.executable, "-W", "ignore", "-c", _TRANSFORMERS, str(folder)])


def llama_starts(path: Path, peers: Path, threads: int) -> Side:
    """A process of llama.cpp until its first distribution."""
    return process([sys.executable, "-W", "ignore", "-c", _LLAMA, str(path), str(peers), str(threads)])
