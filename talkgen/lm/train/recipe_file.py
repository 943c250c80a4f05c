"""Reads a recipe from YAML, or by the name of a shipped model; every problem with its place. Needs no torch."""

from __future__ import annotations

from pathlib import Path

from talkgen.assets import pretrained_dir, sweeps_dir
from talkgen.errors import ModelError, did_you_mean
from talkgen.lm.train.recipe import Recipe
from talkgen.lm.train.sweep import SweepRecipe
from talkgen.yamlfile import read_yaml, validate

SMALL_PAIR = ("small", "small-lstm")


def find_recipe(name: str) -> Recipe:
    """The recipe in the file `name`, or the one a shipped model of that name was trained from.

    Raises:
        ModelError: there is neither, or the file is at fault: every problem, each with its place.
    """
    path = Path(name)
    if path.is_dir():
        path = path / "config.yaml"
    if not path.is_file():
        shipped = {folder.parent.name: folder for folder in pretrained_dir().glob("*/config.yaml")}
        if name not in shipped:
            files = map(str, path.parent.glob("*.y*ml"))
            raise ModelError(f"there is no recipe {name}", did_you_mean(name, [*shipped, *files]))
        path = shipped[name]
    return read_recipe(path)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file; the files it names start at its folder.

    Raises:
        ModelError: the file cannot be read, is not YAML, or is not a recipe.
    """
    return validate(read_yaml(path, ModelError), Recipe, ModelError).anchored(path.parent)


def find_sweep(name: str | None) -> SweepRecipe:
    """The sweep in the file `name`, or the shipped one.

    Raises:
        ModelError: the file cannot be read, is not YAML, or is not a sweep: every problem, each with its place.
    """
    path = Path(name) if name else sweeps_dir() / "scaling" / "sweep.yaml"
    recipe = validate(read_yaml(path, ModelError), SweepRecipe, ModelError)
    anchored = recipe.recipe(recipe.models[0], recipe.rates[0], recipe.seeds[0]).anchored(path.parent)
    return recipe.model_copy(update={"data": anchored.data, "tokenizer": anchored.tokenizer})
