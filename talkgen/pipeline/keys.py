"""The keys of what is computed: everything that a figure, a recording or a token split is made from, part by part.

The code, the parameters, what is used of models, runs and sweeps, data files, fonts, a theme, versions. Reads digests
and names alone: imports neither torch nor what it makes keys of.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from talkgen import assets
from talkgen.digest import digest_bytes, digest_file
from talkgen.figures.measure.timing import machine
from talkgen.figures.registry import is_own
from talkgen.fonts import fonts_digest
from talkgen.lm.files.catalog import ModelFiles
from talkgen.lm.files.run import Run
from talkgen.pipeline.draft import FigureDraft, RecordingDraft
from talkgen.pipeline.inputs import TABLES
from talkgen.pipeline.used import Used, use_model, use_run
from talkgen.store.code import is_symbol, source_digest
from talkgen.store.key import Key, code_parts, make_key
from talkgen.store.packages import matter, versions

SCHEMA = 2  # raised when what a key stands for changes

# Where the code of each kind of thing starts, and what it cannot name there: who is behind a Protocol.
_INPUTS = "talkgen.pipeline.inputs:ProjectInputs"
PAGE_MODEL_ROOTS = ("talkgen.lm.answer.page:page_model", f"{_INPUTS}.open_model")
OUTPUT_ROOTS = ("talkgen.pipeline.outputs:run_program",)
TOKENS_ROOTS = ("talkgen.pipeline.tokens:split_tokens", f"{_INPUTS}.open_model")


_DRAWN = "talkgen.pipeline.drawing:draw_picture"


def data_roots(origin: str) -> tuple[str, ...]:
    """Where the code of a figure's numbers starts; of a talk's own figure that is of talkgen's, beside its file."""
    return (*own_roots(origin), _INPUTS) if is_own(origin) else (f"{origin}:compute", _INPUTS)


def picture_roots(origin: str) -> tuple[str, ...]:
    """Where the code of a figure's picture starts."""
    return (_DRAWN, *own_roots(origin)) if is_own(origin) else (f"{origin}:draw", f"{origin}:describe", _DRAWN)


def own_roots(origin: str) -> tuple[str, ...]:
    """What a talk's own figure uses of talkgen's code; what is not there, importing it tells."""
    from talkgen.figures.own import read_source

    return tuple(root for root in sorted(read_source(Path(origin)).talkgen) if is_symbol(root))


def own_parts(origin: str) -> dict[str, Any]:
    """The parts of a talk's own figure beside those of its roots: its files, and the packages that they import."""
    if not is_own(origin):
        return {}
    from talkgen.figures.own import read_source

    source, folder = read_source(Path(origin)), Path(origin).parent
    files = {f"file {file.relative_to(folder).as_posix()}": digest_file(file) for file in source.files}
    return {**files, **matter(source.packages)}


def data_key(figure: FigureDraft, used: Sequence[Used]) -> Key:
    """Of a figure's numbers; what it `used` of models, runs and sweeps is among the parts."""
    device = machine() if figure.timed else "cpu"
    parts: dict[str, Any] = {"schema": SCHEMA, "figure": figure.figure, "device": device}
    parts |= {f"parameter {name}": value for name, value in figure.params.items()}
    parts |= code_parts(*data_roots(figure.origin)) | own_parts(figure.origin)
    for each in used:
        parts |= each.parts
    return make_key("data", parts | {f"table {table}": digest_file(TABLES / table) for table in figure.tables})


def look_parts(theme: Mapping[str, Any]) -> dict[str, Any]:
    """What all that is drawn in a theme's tokens has in its key."""
    fonts = sorted((assets.asset_dir("templates") / "fonts").glob("*.ttf"))
    own = {f"font {font.name}": digest_file(font) for font in fonts}
    return {"theme": theme, **own, "fonts of other letters": fonts_digest()}


def picture_key(figure: FigureDraft, data: Key, look: Mapping[str, Any]) -> Key:
    """Of a figure's picture, drawn from the numbers under the key `data` in a `look`."""
    return make_key(
        "picture",
        {
            "data": data.hexdigest,
            **look,
            "width": figure.width,
            "height": figure.height,
            **code_parts(*picture_roots(figure.origin)),
            **own_parts(figure.origin),
        },
    )


def recording_roots(recording: RecordingDraft) -> tuple[str, ...]:
    """Where the code of a recording starts."""
    return (*recording.roots, f"{_INPUTS}.engine", f"{_INPUTS}.open_model")


def recording_key(recording: RecordingDraft, models: Sequence[ModelFiles]) -> Key:
    """Of what a live block's `models`, in their order, answer."""
    settings = {name: value for name, value in recording.block.items() if name not in ("id", "model", "beside")}
    parts: dict[str, Any] = {f"setting {name}": value for name, value in settings.items()}
    parts["models"] = [files.name for files in models]
    if recording.timed:
        parts["device"] = machine()
    for files in models:
        parts |= use_model(files).parts
        if files.kind in ("checkpoint", "hf"):  # nothing else has a run
            parts |= use_run(recording.run_parts, files.name, Run(files.run_folder), files).parts
    return make_key("recording", parts | code_parts(*recording_roots(recording)))


def diagram_key(source: str, look: Mapping[str, Any]) -> Key:
    """Of a Mermaid diagram drawn in a `look`."""
    from talkgen.export.mermaid import DRIVER

    node = assets.asset_dir("templates") / "node"
    programs = (node / "mermaid" / "package-lock.json", node / "browser" / "package-lock.json", node / DRIVER)
    return make_key(
        "diagram",
        {
            "source": source,
            **look,
            **{f"templates/node/{file.parent.name}/{file.name}": digest_file(file) for file in programs},
            **code_parts("talkgen.export.mermaid:draw_diagrams"),
        },
    )


def output_key(program: str) -> Key:
    """Of what a program prints: made of its text, of Python and of the packages that it imports."""
    parts: dict[str, Any] = {"program": {"digest": digest_bytes(program.encode())}, **versions("Python")}
    imported = imported_packages(program)
    if "talkgen" in imported:
        parts["talkgen"] = source_digest("talkgen")
    return make_key("output", parts | matter(imported - {"talkgen"}) | code_parts(*OUTPUT_ROOTS))


def imported_packages(program: str) -> set[str]:
    """The packages that a program imports anywhere; none of one that is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(program)))
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in names}


def page_model_key(model: ModelFiles) -> Key:
    """Of a model as data that a page answers with."""
    return make_key("page model", {**use_model(model).parts, **code_parts(*PAGE_MODEL_ROOTS)})


def tokens_key(text: str, model: ModelFiles) -> Key:
    """Of a text split by a model's tokenizer."""
    return make_key("tokens", {"the text": text, **use_model(model).parts, **code_parts(*TOKENS_ROOTS)})
