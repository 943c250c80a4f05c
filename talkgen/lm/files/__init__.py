"""Where models come from: their names, their files in every format, and the weights in them."""
