"""All figures cold: each computed and drawn with its defaults, as a first build does; the last line is JSON.

    python tests/bench/figures.py [NAME ...]

Nothing is in a store, and models are loaded once. Seconds are those that cores worked, so that other programs hardly
count. A build computes figures in a process a core, each on one thread: on two it waits for half of the sum, or for the
slowest.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from talkgen.figures.base import Canvas
from talkgen.figures.registry import FIGURES, load_figure
from talkgen.lm.files.catalog import find_model
from talkgen.pipeline.drawing import draw_picture
from talkgen.pipeline.inputs import ProjectInputs
from talkgen.pipeline.processes import one_thread
from talkgen.style import load_style

MOST = 60  # s for all figures on two cores


def main() -> None:
    """Draws, measures, prints."""
    here = Path("nowhere")
    inputs, canvas = ProjectInputs(here, find_model("small", here)), Canvas(load_style("night", here))
    taken = {}
    for name in sys.argv[1:] or sorted(FIGURES):
        began = time.process_time()
        module = load_figure(name)
        with one_thread():
            data = module.compute(module.Params(), inputs)
        draw_picture(module, data, canvas, {"figure": name})
        taken[name] = round(time.process_time() - began, 2)
        print(f"{taken[name]:6.2f} s  {name}", flush=True)
    slowest = dict(sorted(taken.items(), key=lambda each: -each[1])[:5])
    on_two = max(sum(taken.values()) / 2, *taken.values())
    result = {
        "figures": len(taken),
        "cpu_seconds": round(sum(taken.values()), 1),
        "on_two_cores": round(on_two, 1),
        "slowest": slowest,
        "meets": on_two <= MOST,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
