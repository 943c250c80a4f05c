"""Small GPT-2s and Llamas of transformers with random weights: the references that our models are held against."""

from pathlib import Path

import torch
import transformers

VOCABULARY = 300


def save_tokenizer(folder: Path) -> None:
    """A tokenizer of bytes in the library's own format."""
    import tokenizers

    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    model = tokenizers.models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer, tokenizer.decoder = byte_level, tokenizers.decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))


def gpt2(**changes) -> transformers.PreTrainedModel:
    """A small GPT-2 with random weights, large enough that a wrong detail shows."""
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=1024,
        n_embd=48,
        n_layer=3,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
        **changes,
    )
    return transformers.GPT2LMHeadModel(config)


def llama(**changes) -> transformers.PreTrainedModel:
    """A small Llama with grouped key/value heads and random weights."""
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "rms_norm_eps": 1e-5,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**shape, **changes}))


REFERENCES = {
    "gpt2": gpt2,
    "gpt2 untied": lambda: gpt2(tie_word_embeddings=False),
    "llama tied": lambda: llama(tie_word_embeddings=True),
    "llama untied": lambda: llama(tie_word_embeddings=False),
    "llama wide heads": lambda: llama(head_dim=16, rope_parameters={"rope_type": "default", "rope_theta": 100_000.0}),
    "llama without groups": lambda: llama(num_key_value_heads=6),
}


def save_reference(name: str, folder: Path) -> transformers.PreTrainedModel:
    """One of them by name, saved with a tokenizer."""
    torch.manual_seed(3)
    reference = REFERENCES[name]().eval()
    with torch.no_grad():
        for parameter in reference.parameters():  # the library's start is too small to tell layers apart
            parameter.mul_(3) if parameter.dim() > 1 else parameter.add_(0.1 * torch.randn_like(parameter))
    reference.save_pretrained(folder, safe_serialization=True)
    save_tokenizer(folder)
    return reference


def last_layers(reference: transformers.PreTrainedModel) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Its last norm and its output layer."""
    body = reference.transformer if hasattr(reference, "transformer") else reference.model
    return (body.ln_f if hasattr(body, "ln_f") else body.norm), reference.lm_head
