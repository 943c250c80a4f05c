"""The blocks of a slide's body as frozen types: the one place that lists them; knows no figure names and no target.

In YAML a block is a mapping with one key that names it (`figure: compute_graph`) and further keys that are its options;
a bare string is Markdown. A block is a class here, listed in `AnyBlock`: loading, the schema, the renderers' dispatch
and what is done with its texts follow from that. Past this module nobody handles untyped dictionaries.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, JsonValue, field_validator, model_validator
from typing_extensions import TypeAliasType

from talkgen.outline.nesting import misfits
from talkgen.outline.node import FileName, Holds, Mark, Name, Node, Prose
from talkgen.yamlfile import NamedUnion

_WIDTH = "Width on the slide, in px of a slide that is 720 px high; a number alone."
_HEIGHT = "Height on the slide, in px of a slide that is 720 px high; a number alone."
ModelNames = Annotated[str | tuple[str, ...], Mark.VERBATIM]  # one name, or several in order of preference


class Block(Node):
    """A piece of a slide's body; `key` is the YAML key that names it."""

    key: ClassVar[str]
    others: ClassVar[str] = ""  # the field that takes the settings of what the block names
    id: Name | None = Field(None, description="A name to refer to this block by, in expressions and links.")
    reveal: bool = Field(False, description="Shown at a click; of a list, an item a click.")
    tight: bool = Field(False, description="In a native talk's source, no blank line stands before it.")


class Markdown(Block):
    """Text in Markdown; a bare string in the body."""

    key = "markdown"
    markdown: Prose

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"markdown": value} if isinstance(value, str) else value


Bullet = TypeAliasType("Bullet", "str | dict[str, list[Bullet]]")


class Bullets(Block):
    """A list; an item with children is a mapping of its text to them."""

    key = "bullets"
    bullets: Annotated[list[Bullet], Holds.MARKDOWN] = Field(min_length=1)
    numbered: bool = False


class Figure(Block):
    """A computed figure."""

    key, others = "figure", "params"
    reveal: bool | Literal["steps"] = Field(  # type: ignore[assignment]  # what every block takes, and one more
        False, description="Shown at a click; or, 'steps', a click a step of a figure that has the parameter 'step'."
    )
    figure: Name
    params: Annotated[dict[str, JsonValue], Mark.INPUT] = {}
    height: int | None = Field(None, gt=0, le=720, description=_HEIGHT)
    caption: Prose | None = None


class Live(Block):
    """A live element: a prompt answered by a real model, recorded for when it is gone."""

    key, others = "live", "params"
    live: Name
    prompt: Annotated[str, Mark.INPUT] = ""
    model: ModelNames | None = None
    beside: ModelNames | None = Field(None, description="A second model, shown next to the first.")
    bars: int = Field(8, ge=1, le=20, description="How many tokens are shown, the likeliest first.")
    temperature: float = Field(
        1.0, gt=0, le=5, description="How flat it is drawn: 1 is the model's own, less is surer."
    )
    top_k: int | None = Field(None, ge=1, description="How many of the likeliest tokens are drawn from.")
    top_p: float | None = Field(None, gt=0, le=1, description="The share of the likeliest tokens that are drawn from.")
    answer: Annotated[str | None, Mark.INPUT] = Field(None, description="What comes next, of a vote: its first token.")
    params: Annotated[dict[str, JsonValue], Mark.INPUT] = Field({}, description="The element's own settings.")
    dials: Annotated[dict[str, list[JsonValue]] | None, Mark.INPUT] = Field(
        None, description="Which settings stand on the slide, each with the values to choose from; all are recorded."
    )


class Gradio(Block):
    """A Gradio app from demos/, in a frame; without a server its picture, where it has one."""

    key = "gradio"
    gradio: Name
    height: int = Field(480, gt=0, le=720, description=_HEIGHT)
    picture: FileName | None = Field(None, description="What stands there without a server: talkgen demo --picture.")


class Tokens(Block):
    """Text split into chips by a model's own tokenizer."""

    key = "tokens"
    tokens: Annotated[str, Mark.INPUT]
    model: ModelNames | None = None
    size: Literal["normal", "large", "huge"] = "normal"
    ids: bool = Field(False, description="Show each token's number under it.")


class Math(Block):
    """A displayed formula in TeX."""

    key = "math"
    math: str


class Code(Block):
    """A code listing; `steps` highlights lines click by click, `output` shows what it prints."""

    key = "code"
    code: Annotated[str, Mark.VERBATIM]
    language: Name = ""
    options: Name = Field("", description="What else a native talk's tool is told: {maxHeight: '100px'}.")
    output: bool = Field(False, description="Run it when the talk is built, and show what it prints below it.")
    file: Name | None = Field(None, description="The file that it is from; set by 'code: {file: …}'.")
    program: Annotated[str | None, Mark.VERBATIM] = Field(None, description="All of that file.")
    steps: Name | None = Field(
        None,
        pattern=r"^(all|[\d,\s-]+)(\|(all|[\d,\s-]+))*$",
        description="Line numbers to highlight, a click after each '|': 1|2-3|all.",
    )
    long: Literal["wrap", "scroll"] | None = Field(
        None, description="What a line does that is longer than the listing is wide; it is cut off otherwise."
    )


class Mermaid(Block):
    """A Mermaid diagram, drawn in the theme's colours."""

    key = "mermaid"
    mermaid: Annotated[str, Mark.VERBATIM]
    alt: str = Field("", description="What it shows, for those who do not see it; its own words where empty.")
    options: Name = Field("", description="What a native talk's tool is told: {scale: 0.8}.")
    height: int | None = Field(None, gt=0, le=720, description="Most px that it may take of a 720 px slide.")


class Image(Block):
    """A picture from a file beside the outline (or an https address): in the text, behind it, or on one side of it.

    Several behind a slide, or on one side, share the room.
    """

    key = "image"
    image: FileName
    alt: str = ""
    width: int | None = Field(None, gt=0, description=_WIDTH)
    height: int | None = Field(None, gt=0, description=_HEIGHT)
    background: bool = Field(False, description="Behind the text.")
    side: Literal["left", "right"] | None = Field(None, description="On this side, and the text beside it.")
    share: int = Field(50, ge=15, le=85, description="With 'side': how many percent of the slide's width it takes.")
    size: str | None = Field(
        None, pattern=r"^(cover|contain|\d{1,3}(\.\d+)?%)$", description="Of a background: cover, contain, or as 66%."
    )
    filters: Annotated[dict[str, str], Mark.VERBATIM] = Field({}, description="CSS filters, as {brightness: '0.5'}.")
    invert: bool = Field(False, description="Dark for light: for a drawing on white behind a dark slide.")
    scrim: float | None = Field(None, gt=0, le=1, description="Share of the slide's colour that lies over it.")
    caption: Prose | None = None
    credit: Prose | None = Field(None, description="Whose picture it is, small beside it.")

    @property
    def is_layer(self) -> bool:
        """Whether it stands behind or beside what else is on its slide."""
        return self.background or self.side is not None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if "share" in self.model_fields_set and not self.side:
            raise ValueError("share goes with 'side: left' or 'side: right'")
        for name in ("size", "scrim"):
            if getattr(self, name) is not None and not self.is_layer:
                raise ValueError(f"{name} is for a background: set 'background: true', or a side")
        if self.caption and self.is_layer:
            raise ValueError("a background has no caption: write a credit")
        if self.reveal and self.is_layer:
            raise ValueError("a background is there with its slide: it cannot be revealed")
        return self


class Video(Block):
    """A film from a file beside the outline; `start` and `end` are seconds of it, sizes px of the slide."""

    key = "video"
    video: FileName
    poster: FileName | None = Field(None, description="The picture that is shown before it starts.")
    start: float = Field(0, ge=0, description="Seconds of the film at which it starts.")
    end: float | None = Field(None, gt=0, description="Seconds of the film at which it stops.")
    width: int | None = Field(None, gt=0, description=_WIDTH)
    height: int | None = Field(None, gt=0, le=720, description=_HEIGHT)
    controls: bool = True
    autoplay: bool = False
    loop: bool = False

    @model_validator(mode="after")
    def _check_part(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"it ends at {self.end:g} s, before it starts at {self.start:g} s")
        return self


class Embed(Block):
    """A web page in a frame; asks the network, so the build reports it."""

    key = "embed"
    embed: str
    title: str = ""
    height: int = Field(480, gt=0, le=720, description=_HEIGHT)


class TableRows(Node):
    """A table's cells, as Markdown text."""

    head: list[Prose]
    rows: list[list[Prose]]
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
    table: TableRows = Field(description="Rows of cells below a head: {head: [a, b], rows: [[1, 2], [3, 4]]}.")


class Quote(Block):
    """Somebody's words."""

    key = "quote"
    quote: Prose
    by: Prose | None = None


class Callout(Block):
    """What the audience should take away, set off from the rest."""

    key = "callout"
    callout: Prose
    kind: Literal["note", "tip", "important", "warning"] = "note"
    title: Prose | None = None


class Columns(Block):
    """Blocks side by side."""

    key = "columns"
    columns: list[list[AnyBlock]] = Field(min_length=2, max_length=4)
    widths: list[int] | None = Field(None, description="Relative widths, one a column.")
    around: Annotated[list[str], Mark.VERBATIM, Holds.HTML] = Field(
        [],
        description="Tags of an author's own before, between and after the columns, for ours. Blank lines part "
        "them from the columns; in a native talk's source none does where they end, or begin, with a line break.",
    )

    @model_validator(mode="after")
    def _check_widths(self) -> Self:
        if self.widths and (len(self.widths) != len(self.columns) or min(self.widths) < 1):
            raise ValueError(f"widths must be {len(self.columns)} positive numbers, one a column")
        return self

    @model_validator(mode="after")
    def _check_around(self) -> Self:
        if self.around and (len(self.around) != len(self.columns) + 1 or misfits("\n".join(self.around))):
            raise ValueError(f"around must be {len(self.columns) + 1} texts, whose tags fit each other")
        return self


class Toc(Block):
    """The talk's table of contents."""

    key = "toc"
    toc: bool = Field(True, description="'toc: true' lists the titles of the talk.")
    columns: int = Field(1, ge=1, le=3, description="Side by side.")


class References(Block):
    """The works that the talk cites, or all of its bibliography, by author."""

    key = "references"
    references: Literal["cited", "all"] = Field(description="The works that the talk cites, or all that it could.")
    columns: int = Field(1, ge=1, le=3, description="Side by side.")


class Html(Block):
    """HTML, passed to both targets as it is."""

    key = "html"
    html: Annotated[str, Mark.VERBATIM, Holds.HTML]

    @field_validator("html")
    @classmethod
    def _fits(cls, value: str) -> str:
        if wrong := sorted(misfits(value)):
            raise ValueError(f"<{wrong[0]}> is opened and not closed where it should be, or the other way round")
        return value


class RawText(Node):
    """Source for one target each."""

    marp: Annotated[str | None, Mark.VERBATIM, Holds.MARP] = None
    slidev: Annotated[str | None, Mark.VERBATIM, Holds.SLIDEV] = None


class Raw(Block):
    """Source passed to a target untouched."""

    key = "raw"
    raw: RawText


class Include(Block):
    """Blocks from another file: a YAML list of blocks, or Markdown. Gone once an outline is loaded."""

    key = "include"
    include: Name


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
    Markdown
    | Bullets
    | Figure
    | Live
    | Gradio
    | Tokens
    | Math
    | Code
    | Mermaid
    | Image
    | Video
    | Embed
    | Table
    | Quote
    | Callout
    | Columns
    | Toc
    | References
    | Html
    | Raw
    | Include,
    NamedUnion(block_key),
]
BLOCKS: dict[str, type[Block]] = {kind.key: kind for kind in get_args(get_args(AnyBlock)[0])}
Columns.model_rebuild()
