"""The outline's language as frozen types; knows no figure names, no files and no target.

A body is a list of blocks. In YAML a block is a mapping with one key that names it (`figure: compute_graph`) and
further keys that are its options; a bare string is Markdown. Past this module nobody handles untyped dictionaries.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag, field_validator, model_validator
from typing_extensions import TypeAliasType

from talkgen.outline.nesting import misfits

Targets = Literal["marp", "slidev"]
ModelNames = str | tuple[str, ...]  # one name, or several in order of preference


class Node(BaseModel):
    """Anything in an outline: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Block(Node):
    """A piece of a slide's body; `key` is the YAML key that names it."""

    key: ClassVar[str]
    id: str | None = Field(None, description="A name to refer to this block by, in expressions and links.")


class Markdown(Block):
    """Text in Markdown; a bare string in the body."""

    key = "markdown"
    markdown: str

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"markdown": value} if isinstance(value, str) else value


Bullet = TypeAliasType("Bullet", "str | dict[str, list[Bullet]]")


class Bullets(Block):
    """A list; an item with children is a mapping of its text to them."""

    key = "bullets"
    bullets: list[Bullet] = Field(min_length=1)
    numbered: bool = False
    reveal: bool = Field(False, description="Show one item a click.")


class Figure(Block):
    """A computed figure."""

    key = "figure"
    figure: str
    params: dict[str, JsonValue] = {}
    height: int | None = Field(None, gt=0, le=720, description="Height on the slide in px of a 720 px slide.")
    caption: str | None = None


class Live(Block):
    """A live element: a prompt answered by a real model, recorded for when it is gone."""

    key = "live"
    live: str
    prompt: str = ""
    model: ModelNames | None = None
    beside: ModelNames | None = Field(None, description="A second model, shown next to the first.")
    bars: int = Field(8, ge=1, le=20)
    temperature: float = Field(1.0, gt=0, le=5)
    top_k: int | None = Field(None, ge=1)
    top_p: float | None = Field(None, gt=0, le=1)


class Gradio(Block):
    """A Gradio app from demos/, in a frame."""

    key = "gradio"
    gradio: str
    height: int = Field(480, gt=0, le=720)


class Tokens(Block):
    """Text split into chips by a model's own tokenizer."""

    key = "tokens"
    tokens: str
    model: ModelNames | None = None
    size: Literal["normal", "large", "huge"] = "normal"
    ids: bool = Field(False, description="Show each token's number under it.")


class Math(Block):
    """A displayed formula in TeX."""

    key = "math"
    math: str


class Code(Block):
    """A code listing; `steps` highlights lines click by click."""

    key = "code"
    code: str
    language: str = ""
    steps: str | None = Field(
        None,
        pattern=r"^(all|[\d,\s-]+)(\|(all|[\d,\s-]+))*$",
        description="Line numbers to highlight, a click after each '|': 1|2-3|all.",
    )


class Mermaid(Block):
    """A Mermaid diagram."""

    key = "mermaid"
    mermaid: str


class Image(Block):
    """A picture from a file beside the outline (or an https address)."""

    key = "image"
    image: str
    alt: str = ""
    width: int | None = Field(None, gt=0)
    height: int | None = Field(None, gt=0)
    background: bool = False
    side: Literal["left", "right"] | None = None
    size: str | None = Field(None, description="Background size: cover, contain, or a percentage.")
    filters: dict[str, str] = Field({}, description="CSS filters, as {brightness: '0.5'}.")
    caption: str | None = None


class Video(Block):
    """A video from a file beside the outline."""

    key = "video"
    video: str
    controls: bool = True
    autoplay: bool = False
    loop: bool = False


class Embed(Block):
    """A web page in a frame; asks the network, so the build reports it."""

    key = "embed"
    embed: str
    title: str = ""
    height: int = Field(480, gt=0, le=720)


class TableRows(Node):
    """A table's cells, as Markdown text."""

    head: list[str]
    rows: list[list[str]]
    align: list[Literal["left", "center", "right"]] = []

    @model_validator(mode="after")
    def _check_cells(self) -> Self:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.head):
                raise ValueError(f"row {number} has {len(row)} cells, the head has {len(self.head)}")
        if self.align and len(self.align) != len(self.head):
            raise ValueError(f"align has {len(self.align)} entries, the head has {len(self.head)} cells")
        return self


class Table(Block):
    """A table."""

    key = "table"
    table: TableRows


class Quote(Block):
    """Somebody's words."""

    key = "quote"
    quote: str
    by: str | None = None


class Columns(Block):
    """Blocks side by side."""

    key = "columns"
    columns: list[list[AnyBlock]] = Field(min_length=2, max_length=4)
    widths: list[int] | None = Field(None, description="Relative widths, one a column.")

    @model_validator(mode="after")
    def _check_widths(self) -> Self:
        if self.widths and (len(self.widths) != len(self.columns) or min(self.widths) < 1):
            raise ValueError(f"widths must be {len(self.columns)} positive numbers, one a column")
        return self


class Toc(Block):
    """The talk's table of contents."""

    key = "toc"
    toc: bool = True
    columns: int = Field(1, ge=1, le=3)


class Html(Block):
    """HTML, passed to both targets as it is."""

    key = "html"
    html: str

    @field_validator("html")
    @classmethod
    def _fits(cls, value: str) -> str:
        if wrong := sorted(misfits(value)):
            raise ValueError(f"<{wrong[0]}> is opened and not closed where it should be, or the other way round")
        return value


class RawText(Node):
    """Source for one target each."""

    marp: str | None = None
    slidev: str | None = None


class Raw(Block):
    """Source passed to a target untouched."""

    key = "raw"
    raw: RawText


class Include(Block):
    """Blocks from another file: a YAML list of blocks, or Markdown. Gone once an outline is loaded."""

    key = "include"
    include: str


BLOCKS: dict[str, type[Block]] = {
    kind.key: kind
    for kind in (
        Markdown, Bullets, Figure, Live, Gradio, Tokens, Math, Code, Mermaid, Image, Video, Embed, Table, Quote,
        Columns, Toc, Html, Raw, Include,
    )
}  # fmt: skip


def block_key(value: Any) -> str | None:
    """The name of the block that `value` is: its one key that names a block; None where it has none or several."""
    if isinstance(value, str):
        return "markdown"
    if isinstance(value, Block):
        return value.key
    if isinstance(value, dict):
        # `columns` is a block and also an option of `toc`; the first key of the mapping decides.
        return next((key for key in value if key in BLOCKS), None)
    return None


AnyBlock = Annotated[
    Annotated[Markdown, Tag("markdown")]
    | Annotated[Bullets, Tag("bullets")]
    | Annotated[Figure, Tag("figure")]
    | Annotated[Live, Tag("live")]
    | Annotated[Gradio, Tag("gradio")]
    | Annotated[Tokens, Tag("tokens")]
    | Annotated[Math, Tag("math")]
    | Annotated[Code, Tag("code")]
    | Annotated[Mermaid, Tag("mermaid")]
    | Annotated[Image, Tag("image")]
    | Annotated[Video, Tag("video")]
    | Annotated[Embed, Tag("embed")]
    | Annotated[Table, Tag("table")]
    | Annotated[Quote, Tag("quote")]
    | Annotated[Columns, Tag("columns")]
    | Annotated[Toc, Tag("toc")]
    | Annotated[Html, Tag("html")]
    | Annotated[Raw, Tag("raw")]
    | Annotated[Include, Tag("include")],
    Discriminator(block_key),
]
Columns.model_rebuild()

LAYOUTS = ("default", "cover", "section", "center", "two-cols", "image-left", "image-right", "quote", "full", "end")


class Slide(Node):
    """One slide. `title` is inline Markdown; `directives` go to Marp and `frontmatter` to Slidev untouched."""

    title: str | None = None
    subtitle: str | None = None
    layout: str = "default"
    body: list[AnyBlock] = []
    notes: str = ""
    id: str | None = None
    class_: str | None = Field(None, alias="class")
    transition: str | None = None
    background: str | None = Field(None, description="A colour, a gradient, or an image beside the outline.")
    hide: bool = False
    toc: bool = Field(True, description="Listed in the table of contents.")
    duration: float | None = Field(None, gt=0, description="Planned minutes.")
    directives: dict[str, JsonValue] = {}
    frontmatter: dict[str, JsonValue] = {}


class ThemeNames(Node):
    """A theme of each target's own."""

    marp: str | None = None
    slidev: str | None = None


class Outline(Node):
    """A talk."""

    title: str
    author: str | None = None
    description: str | None = None
    lang: str = "en"
    theme: str | ThemeNames = "night"
    size: Literal["16:9", "4:3"] = "16:9"
    paginate: bool = False
    header: str | None = None
    footer: str | None = None
    transition: str | None = None
    style: str | None = Field(None, description="CSS added to both decks.")
    model: ModelNames | None = Field(None, description="The default model; several are tried in order.")
    vars: dict[str, JsonValue] = {}
    expressions: bool = Field(True, description="Whether {{ … }} is evaluated.")
    directives: dict[str, JsonValue] = {}
    frontmatter: dict[str, JsonValue] = {}
    slides: list[Slide] = Field(min_length=1)
