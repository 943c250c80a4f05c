"""Drives the real Marp, Slidev and browser over rendered source."""
