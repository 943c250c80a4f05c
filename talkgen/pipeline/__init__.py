"""Where outline, figures, models, store, renderers and exporters meet; start at `build.py`."""
