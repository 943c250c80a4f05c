"""Pictures computed from models, weights and training logs, one file a figure."""
