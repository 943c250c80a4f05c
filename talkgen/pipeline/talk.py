"""A talk's outline as a build needs it: what it asks for, remembered between builds; itself where that is not enough.

Reading an outline and checking its figures' parameters costs more than all else of a build that has nothing to do. What
came of it is kept with the digests of the files, of the code and the values that it was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from talkgen import assets
from talkgen.digest import digest_file
from talkgen.errors import OutlineError, Problem, TalkgenError, did_you_mean
from talkgen.figures.registry import is_own, own_figures
from talkgen.memo import keep, recall
from talkgen.pipeline.draft import BlockPath, Draft, FigureDraft, draft_from_json, draft_to_json
from talkgen.pipeline.values import value_at
from talkgen.store.code import source_digest
from talkgen.store.packages import versions

if TYPE_CHECKING:
    from talkgen.outline.source import Source
    from talkgen.style import Style

_MEMO = "drafts"


class Talk:
    """The talk in the file `path`; `given` goes before its own `vars` of these names.

    What it asks for is remembered as soon as it is known; of one that `keeps` nothing by itself, when `keep` says so.
    """

    def __init__(self, path: Path, given: Mapping[str, Any] = MappingProxyType({}), *, keeps: bool = True) -> None:
        self.path, self._given, self._keeps = path, given, keeps
        self._record: tuple[dict[str, Any], Draft] | None = None  # to be remembered
        self.project = assets.project_dir(path)

    @cached_property
    def source(self) -> Source:
        """The outline itself.

        Raises:
            OutlineError: with every problem of the outline and of what it includes; or it changed meanwhile.
        """
        from talkgen.outline.load import load_outline

        source = load_outline(self.path, self._given)
        if self._known and not _files_are(self._known["files"]):
            raise OutlineError(f"{self.path} changed while it was being built", "build again")
        return source

    @cached_property
    def style(self) -> Style:
        """The theme; of an outline that names each target's own, the one that figures are drawn in."""
        from talkgen.style import load_style

        return load_style(self._theme_name, self.project)

    @cached_property
    def styles(self) -> Mapping[str, Style]:
        """The themes of single slides, by their names."""
        from talkgen.style import load_style

        names = sorted({slide.theme for slide in self.source.outline.slides if slide.theme})
        return {name: load_style(name, self.project) for name in names}

    def style_of(self, theme: str | None) -> Style:
        """The theme of a slide, which has one of its own or none."""
        return self.styles[theme] if theme else self.style

    @property
    def _theme_name(self) -> str:
        return self.source.outline.drawn_in

    @cached_property
    def _known(self) -> Mapping[str, Any] | None:
        """What is remembered, if it was made from the files and by the code that are there now."""
        known = recall(_MEMO, str(self.path.resolve()))
        try:
            is_same = known["made by"] == _makers() and _files_are(known["files"])
            is_same = is_same and known["given"] == dict(self._given)
            is_same = is_same and known["figures"] == sorted(own_figures(self.path.parent))
            is_same = is_same and all(Path(file).is_file() == there for file, there in known["slides"])
            themes = [assets.theme_file(name, self.project) for name in (known["theme"], *known["looks"])]
            return known if is_same and all(str(theme) in known["files"] for theme in themes) else None
        except (TypeError, KeyError, AttributeError):  # nothing, or not what we wrote
            return None

    @property
    def is_known(self) -> bool:
        """Whether the outline is as it was when it was last drafted."""
        return self._known is not None

    @property
    def model(self) -> str | Sequence[str]:
        """The deck's own model: one name, or several in the order in which they are tried."""
        names: str | Sequence[str] | None = self._known["model"] if self._known else self.source.outline.model
        return names or "small"

    @property
    def variables(self) -> Mapping[str, Any]:
        """The outline's `vars`, and what is given instead of some.

        Raises:
            OutlineError: one is given that the outline does not have.
        """
        own = dict(self._known["vars"] if self._known else self.source.outline.vars)
        unknown = [Problem(f"the talk has no variable '{name}'", _near(name, own)) for name in self._given.keys() - own]
        if unknown:
            raise OutlineError(unknown)
        return own | dict(self._given)

    @property
    def tokens(self) -> Mapping[str, Any]:
        """The theme as plain data."""
        return dict(self._known["tokens"] if self._known else self.style.model_dump(mode="json"))

    @property
    def looks(self) -> Mapping[str, Any]:
        """The themes of single slides as plain data, by their names."""
        if self._known:
            return dict(self._known["looks"])
        return {name: style.model_dump(mode="json") for name, style in self.styles.items()}

    def draft(self, values: Mapping[str, Any]) -> Draft:
        """What the outline asks for; `values` is what its parameters, prompts and texts to split may name.

        Raises:
            OutlineError: as reading it does, or an expression cannot be evaluated.
        """
        if self._known and all(value_at(values, chain) == value for chain, value in self._known["inputs"]):
            return draft_from_json(self._known["draft"])
        from talkgen.pipeline.drafting import make_draft

        draft = make_draft(self.source, values, self.style, self.styles)
        if not draft.problems:
            self._remember(draft, values)
        return draft

    def keep(self) -> None:
        """Remembers what it asks for, where that is not done yet."""
        record, self._record = self._record, None
        if record:
            about, draft = record
            keep(_MEMO, str(self.path.resolve()), about | {"draft": draft_to_json(draft)})

    def _remember(self, draft: Draft, values: Mapping[str, Any]) -> None:
        from talkgen.pipeline.drafting import files_of_slides

        themes = [assets.theme_file(name, self.project) for name in (self._theme_name, *self.styles)]
        files = {*self.source.files, *filter(None, themes), *own_files(draft)}
        about = {
            "made by": _makers(),
            "files": {str(file.absolute()): digest_file(file) for file in files},
            "given": dict(self._given),
            "figures": sorted(own_figures(self.path.parent)),
            "slides": [[str(file.absolute()), file.is_file()] for _, file in files_of_slides(self.source)],
            "model": self.source.outline.model,
            "vars": self.source.outline.vars,
            "theme": self._theme_name,
            "tokens": self.style.model_dump(mode="json"),
            "looks": {name: style.model_dump(mode="json") for name, style in self.styles.items()},
            "inputs": [[list(chain), value_at(values, chain)] for chain in sorted(draft.inputs, key=repr)],
        }
        self._record = about, draft
        if self._keeps:
            self.keep()

    def problems_at(self, path: BlockPath, error: TalkgenError) -> list[Problem]:
        """What went wrong with the value at `path` of the outline, with its place."""
        from talkgen.yamlfile import where_path

        return error.at(self.source.place(path), where_path(path))


def own_files(draft: Draft) -> set[Path]:
    """The files of a talk's own figures, with what they are made of beside them."""
    own = {block.origin for block in draft.blocks if isinstance(block, FigureDraft) and is_own(block.origin)}
    if not own:
        return set()
    from talkgen.figures.own import read_source

    return {file for origin in own for file in read_source(Path(origin)).files}


def _near(name: str, own: Mapping[str, Any]) -> str:
    return did_you_mean(name, own) or f"add it to the outline: 'vars: {{{name}: …}}'"


def _makers() -> dict[str, str]:
    """What makes a draft of an outline."""
    return {"code": source_digest("talkgen"), **versions("Python", "pydantic", "PyYAML", "Jinja2")}


def _files_are(digests: Mapping[str, str]) -> bool:
    try:
        return all(digest_file(Path(name)) == digest for name, digest in digests.items())
    except OSError:
        return False
