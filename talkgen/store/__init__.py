"""The content-addressed store of everything computed, and the keys it is filed under."""
