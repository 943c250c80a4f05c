"""How models answer quickly: packed weights through compiled code, CUDA graphs, and which form is the best here."""
