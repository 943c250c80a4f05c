"""How models are trained: recipes, data, the loop, its run folder, sweeps. Imported by nobody who answers."""
