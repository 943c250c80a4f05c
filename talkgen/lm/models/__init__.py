"""What the language models are, written as their papers write them; knows no file, no tokenizer and no compiler."""
