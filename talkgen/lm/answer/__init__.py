"""How models answer: prompts in, distributions and text out."""
