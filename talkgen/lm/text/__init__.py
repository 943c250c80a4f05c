"""What models read: tokenizers, and the texts and tasks that are made by code."""
