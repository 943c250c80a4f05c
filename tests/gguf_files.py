"""Small models as GGUF files."""

from pathlib import Path

import gguf
import numpy as np

C, LAYERS, HEADS, KV, INNER = 64, 2, 4, 2, 256


def write_llama(path: Path, kind: str = "F32", **changes) -> None:
    """A small Llama with random weights, as llama.cpp's converter lays it out; `more` tensors by name, with shapes."""
    rng = np.random.default_rng(7)
    alphabet = [*map(chr, range(33, 127)), "Ġ", "Ċ", "<|end|>", "he", "hel"]
    writer = gguf.GGUFWriter(path, changes.pop("architecture", "llama"))
    writer.add_block_count(changes.get("layers", LAYERS))
    writer.add_context_length(128)
    writer.add_embedding_length(C)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(alphabet)
    writer.add_token_types([3 if token == "<|end|>" else 1 for token in alphabet])
    writer.add_token_merges(["h e", "he l"])
    writer.add_eos_token_id(alphabet.index("<|end|>"))

    def add(name: str, *shape: int) -> None:
        values = (0.3 * rng.standard_normal(shape)).astype(np.float32)
        if len(shape) == 1 or kind == "F32":
            writer.add_tensor(name, values)
            return
        quantized = getattr(gguf.GGMLQuantizationType, kind)
        writer.add_tensor(name, gguf.quants.quantize(values, quantized), raw_dtype=quantized)

    add("token_embd.weight", len(alphabet), C)
    add("output_norm.weight", C)
    for i in range(LAYERS):
        for name, shape in {
            "attn_norm": (C,),
            "attn_q": (C, C),
            "attn_k": (C // HEADS * KV, C),
            "attn_v": (C // HEADS * KV, C),
            "attn_output": (C, C),
            "ffn_norm": (C,),
            "ffn_gate": (INNER, C),
            "ffn_up": (INNER, C),
            "ffn_down": (C, INNER),
        }.items():
            add(f"blk.{i}.{name}.weight", *shape)
    for name, shape in changes.get("more", {}).items():
        add(name, *shape)
    if "scaling" in changes:
        writer.add_rope_scaling_type(changes["scaling"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
