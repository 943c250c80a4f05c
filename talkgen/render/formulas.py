"""Formulas between dollars: where both tools see one, and what of it they may not see.

The two rules are those of markdown-it-katex, which Marp and Slidev carry: `$x$` within a line, without spaces
inside the dollars and without a digit behind them, and lines between `$$`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Two braces, also escaped or as entities, of which Vue would make an expression where KaTeX shows a formula's source.
_BRACES = re.compile(r"(\\?\{|&(?:#0*123|#x0*7b|lbrace|lcub);)(?=\\?\{|&(?:#|lb|lc))", re.IGNORECASE)
_CUT = re.compile(r"^([ \t]*)(?=---|```)", re.MULTILINE)  # at such lines Slidev cuts, or counts a fence


def math_inline(state: StateInline, silent: bool) -> bool:
    """The rule for a formula within a line."""
    source, start = state.src, state.pos + 1
    if source[state.pos] != "$" or source[start : start + 1] in (" ", "\t", ""):
        return False
    end = _closing(source, start, state.posMax)
    if end == start:  # two dollars in a line open nothing
        if not silent:
            state.pending += "$$"
        state.pos += 2
        return True
    if end == -1 or source[end - 1] in " \t" or "0" <= source[end + 1 : end + 2] <= "9":
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.markup, token.content = "$", source[start:end]
    state.pos = end + 1
    return True


def _closing(source: str, start: int, end: int) -> int:
    """Where the next dollar stands that no backslash escapes; -1 where there is none."""
    at = source.find("$", start, end)
    while at != -1:
        text = at
        while source[text - 1] == "\\":
            text -= 1
        if (at - text) % 2 == 0:
            return at
        at = source.find("$", at + 1, end)
    return -1


def math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule for lines between `$$`; in the tools one that is never closed swallows all that follows, not here."""
    if state.is_code_block(start) or not _line(state, start).startswith("$$"):
        return False
    if start > _last_closing(state):
        return False
    lines, last = [_line(state, start)[2:]], start
    while not lines[-1].rstrip().endswith("$$"):
        last += 1
        if last >= end or (not state.isEmpty(last) and state.sCount[last] < state.blkIndent):
            return False
        lines.append(_line(state, last))
    if silent:
        return True
    lines[-1] = lines[-1].rstrip()[:-2]
    token = state.push("math_block", "math", 0)
    token.block, token.markup, token.map = True, "$$", [start, last + 1]
    token.content = "\n".join(line for line in lines if line.strip())  # a blank line would end it
    state.line = last + 1
    return True


def _last_closing(state: StateBlock) -> int:
    """The last line of the text that could close a formula; sought once, as very many may open one."""
    if "last_closing" not in state.env:
        ends = (number for number in range(len(state.eMarks) - 1) if _line(state, number).rstrip().endswith("$$"))
        state.env["last_closing"] = max(ends, default=-1)
    last: int = state.env["last_closing"]
    return last


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def disarmed(formula: str) -> str:
    """The same formula, of which nothing becomes a tag, an expression, a fence or a separator of slides."""
    formula = _TAG.sub(r"\\lt ", formula)
    formula = _BRACES.sub(r"\1 ", formula)
    return _CUT.sub(r"\1{}", formula)


def displayed(formula: str) -> str:
    """A displayed formula as both tools read it."""
    lines = [line.rstrip() for line in disarmed(formula).split("\n") if line.strip()]
    return f"$${lines[0].strip()}$$" if len(lines) == 1 else "\n".join(["$$", *lines, "$$"])
