"""The language-model library: models, weights, decoding, training. It knows no slides and no HTTP."""
