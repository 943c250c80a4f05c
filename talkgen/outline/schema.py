"""A talk and its slides as frozen types; the blocks of their bodies are in `blocks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, JsonValue, model_validator

from talkgen.outline.blocks import AnyBlock, ModelNames
from talkgen.outline.node import FileName, Holds, Mark, Name, Node, Ordered, Prose

Targets = Literal["marp", "slidev"]

Fit = Literal["shrink", "keep"]
Floor = Annotated[int, Field(ge=10, le=60)]
DARK_THEMES = ("dracula", "shibainu")  # of Slidev's, which have no light side
LAYOUTS = ("default", "cover", "section", "center", "two-cols", "image-left", "image-right", "quote", "full", "end")


class Slide(Ordered):
    """One slide. `title` is inline Markdown; `directives` go to Marp and `frontmatter` to Slidev untouched."""

    title: Prose | None = None
    subtitle: Prose | None = None
    level: int | None = Field(None, ge=1, le=6, description="Of the title's heading, where it is not the talk's.")
    layout: Name = "default"
    body: list[AnyBlock] = []
    notes: str = ""
    id: Name | None = None
    class_: Name | None = Field(None, alias="class")
    theme: Name | None = Field(None, description="One of talkgen's themes, on this slide, instead of the talk's.")
    transition: Name | None = None
    background: Annotated[str | None, Holds.BACKGROUND] = Field(
        None, description="A colour, a gradient, or an image beside the outline."
    )
    hide: bool = False
    toc: bool = Field(True, description="Listed in the table of contents.")
    duration: float | None = Field(None, gt=0, description="Planned minutes.")
    fit: Fit | None = Field(None, description="On this slide, instead of the talk's.")
    floor: Floor | None = Field(None, description="On this slide, instead of the talk's.")
    header: Prose | None = Field(None, description="On this slide, instead of the talk's; empty for none.")
    footer: Prose | None = Field(None, description="On this slide, instead of the talk's; empty for none.")
    directives: Annotated[dict[str, JsonValue], Mark.VERBATIM, Holds.DIRECTIVES] = {}
    frontmatter: Annotated[dict[str, JsonValue], Mark.VERBATIM, Holds.FRONTMATTER] = {}
    vars: Annotated[dict[str, JsonValue], Mark.VERBATIM] = Field({}, description="On this slide, before the talk's.")
    item: Annotated[JsonValue, Mark.VERBATIM] = Field(None, description="What a slide of a repeated one is about.")
    folder: Name | None = Field(None, description="Where its files are, seen from the outline; set by an include.")


class ThemeNames(Node):
    """A theme of each target's own, and the theme of ours that figures and live blocks are drawn in."""

    marp: Name | None = Field(None, description="default, gaia, uncover, or the path of a style sheet.")
    slidev: Name | None = Field(None, description="An npm theme, as in seriph or name@1.2.3, or a folder's path.")
    figures: Name | None = Field(None, description="The theme that figures are drawn in, where the tools' are.")
    styles: list[FileName] = Field([], description="Style sheets of Marp themes that a native talk builds on.")


def _without_title(schema: dict[str, Any]) -> None:
    """Native talks may go without a title."""
    schema["required"].remove("title")
    schema["anyOf"] = [{"required": ["title"]}, {"required": ["native"]}]


class Outline(Ordered):
    """A talk. One that is `native` to a target is its own source there: nothing is escaped, left out or added."""

    model_config = ConfigDict(json_schema_extra=_without_title)

    title: str
    native: Targets | None = Field(None, description="The tool whose deck this was, which gets it back as it was.")
    trust: bool = Field(
        False, description="Of a deck native to Marp: scripts and all other HTML in it are let through."
    )
    level: int = Field(1, ge=1, le=6, description="Of the titles' headings in a talk that is native to a target.")
    author: str | None = None
    description: str | None = None
    lang: Name = "en"
    theme: Name | ThemeNames = "night"
    size: Literal["16:9", "4:3"] = "16:9"
    paginate: bool = False
    fit: Fit = Field("keep", description="Whether what does not fit on a slide shrinks until it does.")
    floor: Floor = Field(20, description="With 'fit: shrink': px of a 720 px slide that all text keeps at least.")
    header: Prose | None = None
    footer: Prose | None = None
    transition: Name | None = None
    style: Annotated[str | None, Mark.VERBATIM, Holds.CSS] = Field(None, description="CSS added to both decks.")
    model: ModelNames | None = Field(None, description="The default model; several are tried in order.")
    vars: Annotated[dict[str, JsonValue], Mark.VERBATIM] = {}
    slot: float | None = Field(None, gt=0, description="The minutes that there are for the talk.")
    terms: Annotated[list[str], Mark.VERBATIM] = Field([], description="Key terms, each spelled as it has to be.")
    bibliography: FileName | None = Field(None, description="A BibTeX file beside the outline, for [@key] in texts.")
    execute: bool = Field(False, description="Whether the talk's own Python is run for its output.")
    expressions: bool = Field(True, description="Whether {{ … }} is evaluated.")
    directives: Annotated[dict[str, JsonValue], Mark.VERBATIM, Holds.DIRECTIVES] = {}
    frontmatter: Annotated[dict[str, JsonValue], Mark.VERBATIM, Holds.FRONTMATTER] = {}
    slides: list[Slide] = Field(min_length=1, description="The slides, each an item that begins with '- '.")

    @property
    def drawn_in(self) -> str:
        """The theme of ours that figures are drawn in."""
        if isinstance(self.theme, str):
            return self.theme
        return self.theme.figures or ("night" if self.theme.slidev in DARK_THEMES else "paper")

    @model_validator(mode="before")
    @classmethod
    def _without_ours(cls, value: Any) -> Any:
        """A native talk has no theme of ours, and no title where its deck had none."""
        if isinstance(value, dict) and value.get("native") in get_args(Targets):
            return {**value, "title": value.get("title", ""), "theme": value.get("theme", {})}
        return value

    @model_validator(mode="after")
    def _check_native(self) -> Self:
        if self.native and isinstance(self.theme, str):
            raise ValueError(f"a talk that is native to {self.native} names its theme as 'theme: {{{self.native}: …}}'")
        return self
