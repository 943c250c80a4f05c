/**
 * A text's tokens in a row, on demand, each with its number: a click on one rewinds the text to its end, and what was left
 * behind can be taken up again.
 */

import { CHIP_LOOK, makeChip } from "./chips.js";
import { make, moveFocus } from "./parts.js";
import { visibleText } from "./pieces.js";

export const STRIP_LOOK = `
.strip { display: grid; gap: 4px; }
.strip[hidden] { display: none; }
.row { display: flex; gap: 5px; overflow-x: auto; scrollbar-width: none; padding: 3px; font-size: 24px; }
.row .chip { flex: none; padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
.row .chip .token { font-family: var(--tg-font-mono, monospace), monospace; }
.row .chip:disabled { cursor: default; }
.row .chip:hover:not(:disabled) .token { outline: 2px solid var(--accent); }
.branches { display: flex; flex-wrap: wrap; gap: 6px; }
.branch { overflow: hidden; max-width: 15em; min-height: 32px; padding: 0 10px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--ink); font: inherit; font-size: 20px; text-overflow: ellipsis; white-space: pre; cursor: pointer; }
.branch:hover { border-color: var(--accent); }
${CHIP_LOOK}`;

export class Strip {
  /** `go(text)` is called with the text that a click leads to. */
  constructor(go) {
    this.element = make("div", "strip", { hidden: "" });
    this.row = make("div", "row", { role: "group", "aria-label": "Tokens: one rewinds the text to its end" });
    this.row.addEventListener("keydown", (event) => moveFocus(event, [...this.row.querySelectorAll("button:enabled")], 1));
    this.branches = make("div", "branches", { role: "group", "aria-label": "Texts left behind" });
    this.element.append(this.row, this.branches);
    this.go = go;
  }

  get open() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = this.open;
  }

  /** Shows the tokens of `text`, and texts that were left. */
  show(text, tokens, left) {
    const focused = [...this.row.children].indexOf(this.row.getRootNode().activeElement);
    const ends = tokenEnds(text, tokens);
    this.row.replaceChildren(
      ...tokens.map(({ text: piece, id }, i) => {
        const chip = makeChip(piece, id, i, "button");
        Object.assign(chip, { type: "button", disabled: ends[i] === null });
        chip.setAttribute("aria-label", `${visibleText(piece)}${id === null ? "" : `, number ${id}`}`);
        chip.addEventListener("click", () => this.go(text.slice(0, ends[i])));
        return chip;
      }),
    );
    const chips = [...this.row.children];
    chips.forEach((chip, i) => (chip.tabIndex = i === chips.length - 1 ? 0 : -1));
    if (focused >= 0) chips[Math.min(focused, chips.length - 1)]?.focus();
    this.row.scrollLeft = this.row.scrollWidth;
    this.branches.replaceChildren(...left.map((other) => this.#makeBranch(text, other)));
  }

  #makeBranch(text, other) {
    let same = 0;
    while (same < other.length && other[same] === text[same]) same++;
    const tail = visibleText(other.slice(same) || other);
    const branch = make("button", "branch", { type: "button" }, `back to …${tail}`);
    branch.addEventListener("click", () => this.go(other));
    return branch;
  }
}

/** Where in `text` each token ends; null for a fragment of a character. */
function tokenEnds(text, tokens) {
  let at = 0;
  return tokens.map(({ text: piece }) => {
    const found = piece ? text.indexOf(piece, at) : -1;
    if (found < 0 || found > at + 2) return null;
    at = found + piece.length;
    return at;
  });
}
