"""What the live elements answer: one file an element; knows no slides, no page and no HTTP."""
