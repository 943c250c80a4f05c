/**
 * A text's tokens in a row, on demand, each with its number and what the likeliest next token owes to it: the bits that it
 * loses where the token is left out. A click on a token rewinds the text to its end, and what was left behind can be taken
 * up again.
 */

import { showShare } from "./bars.js";
import { CHIP_LOOK, makeChip } from "./chips.js";
import { make, moveFocus } from "./parts.js";
import { visibleText } from "./pieces.js";

const LEAST = 1e-6; // a probability that is sent has six digits
const NOTHING = 0.05; // bits that nobody sees

export const STRIP_LOOK = `
.strip { display: grid; gap: 4px; }
.strip[hidden] { display: none; }
.row { display: flex; gap: 5px; overflow-x: auto; scrollbar-width: none; padding: 3px; font-size: 24px; }
.row .chip { flex: none; padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
.row .chip .token { font-family: var(--tg-font-mono, monospace), monospace; }
.row .chip:disabled { cursor: default; }
.row .chip:hover:not(:disabled) .token { outline: 2px solid var(--accent); }
.owes { display: flex; align-items: end; justify-content: center; gap: 3px; height: 28px; }
.owes i { width: 12px; height: max(2px, 100% * var(--w)); border: 2px solid var(--bar); border-radius: 3px; background: var(--bar); }
.owes i.hinders { background: none; }
.debts { margin: 0; font-size: 20px; line-height: 1.3; }
.debts:empty { display: none; }
.debts span + span { margin-inline-start: 1em; }
.debts span::before { content: ""; display: inline-block; width: 12px; height: 12px; margin-inline-end: 0.4em; border-radius: 3px; background: var(--bar); }
.strip [data-cell="attention"] { --bar: var(--tg-attention, #56b4e9); }
.strip [data-cell="recurrent"] { --bar: var(--tg-recurrent, #e69f00); }
.branches { display: flex; flex-wrap: wrap; gap: 6px; }
.branch { overflow: hidden; max-width: 15em; min-height: 32px; padding: 0 10px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--ink); font: inherit; font-size: 20px; text-overflow: ellipsis; white-space: pre; cursor: pointer; }
.branch:hover { border-color: var(--accent); }
${CHIP_LOOK}`;

export class Strip {
  /** `go(text)` is called with the text that a click leads to, `say(words)` with what a token does. */
  constructor(go, say) {
    this.element = make("div", "strip", { hidden: "" });
    this.row = make("div", "row", { role: "group", "aria-label": "Tokens: one rewinds the text to its end" });
    this.row.addEventListener("keydown", (event) => moveFocus(event, [...this.row.querySelectorAll("button:enabled")], 1));
    this.branches = make("div", "branches", { role: "group", "aria-label": "Texts left behind" });
    this.debts = make("p", "debts");
    this.element.append(this.row, this.debts, this.branches);
    Object.assign(this, { go, say });
  }

  get open() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = this.open;
  }

  /**
   * Shows the tokens of `text`, and texts that were left; `answers` are those of the models to the text, each with the
   * `cell` that its model is made of.
   */
  show(text, tokens, left, answers) {
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
    this.#showDebts(tokens, answers);
    const chips = [...this.row.children];
    chips.forEach((chip, i) => (chip.tabIndex = i === chips.length - 1 ? 0 : -1));
    if (focused >= 0) chips[Math.min(focused, chips.length - 1)]?.focus();
    this.row.scrollLeft = this.row.scrollWidth;
    this.branches.replaceChildren(...left.map((other) => this.#makeBranch(text, other)));
  }

  /** Shows below each token what it is worth to each model that reads the same tokens, and in words which is worth most. */
  #showDebts(tokens, answers) {
    const texts = JSON.stringify(tokens.map(({ text }) => text));
    const known = answers.filter((one) => one.left_out && JSON.stringify(one.tokens.map(({ text }) => text)) === texts);
    const debts = known.map(({ candidates: [{ p }], left_out }) => left_out.map((less) => bits(p) - bits(less)));
    const most = Math.max(1, ...debts.flat().map(Math.abs));
    if (known.length) [...this.row.children].forEach((chip, i) => this.#owe(chip, i, tokens, known, debts, most));
    this.debts.replaceChildren(...known.map((one, k) => largest(one, debts[k], tokens)));
  }

  #owe(chip, i, tokens, known, debts, most) {
    const owes = make("span", "owes");
    for (const [k, { cell }] of known.entries()) {
      const debt = debts[k][i];
      const bar = make("i", debt < -NOTHING ? "hinders" : "", { "data-cell": cell, style: `--w: ${Math.abs(debt) / most}` });
      owes.append(bar);
    }
    chip.append(owes);
    const moved = known.map(({ candidates: [{ text, p }], left_out }) => `“${visibleText(text)}” ${showShare(p)} → ${showShare(left_out[i])}`);
    const words = `without “${visibleText(tokens[i].text)}”: ${moved.join(", ")}`;
    chip.setAttribute("aria-label", `${chip.getAttribute("aria-label")}; ${words}`);
    ["pointerenter", "focus"].forEach((name) => chip.addEventListener(name, () => this.say(words)));
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

function bits(p) {
  return Math.log2(Math.max(p, LEAST));
}

/** Which token the likeliest next one of an answer owes most to. */
function largest({ cell, candidates: [{ text }] }, debts, tokens) {
  const most = Math.max(...debts);
  const which = debts.indexOf(most);
  const words = `“${visibleText(text)}” owes ${most.toFixed(1)} bits to “${visibleText(tokens[which]?.text ?? "")}”`;
  return make("span", "", { "data-cell": cell }, most > NOTHING ? words : `“${visibleText(text)}” owes nothing to a single token`);
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
