"""Decks of other tools, read into outlines without loss."""
