/**
 * <talkgen-tokens data="BASE64" size="normal|large|huge">: a text split into its tokens, one coloured chip each.
 *
 * The data are JSON: pieces (texts), ids (numbers, shown where the element has the attribute `ids`), model (its label).
 */

import { TOKEN_COLOURS } from "./look.js";
import { dress } from "./parts.js";
import { appendVisible, visibleText } from "./pieces.js";
import { decodeAttribute } from "./recording.js";

/** The look of a token in a box of its own, its number below it. */
export const CHIP_LOOK = `
.chip { display: grid; justify-items: center; }
.chip .token { white-space: pre; padding: 0.1em 0.34em 0.16em; border-radius: var(--radius); line-height: 1.25; }
.chip .id { color: var(--muted); font: 400 max(20px, 0.5em)/1.3 var(--tg-font-mono, monospace), monospace; }
`;

const CHIPS_LOOK = `
:host { font-size: var(--tg-size-body, 30px); }
:host([size="large"]) { font-size: calc(1.35 * var(--tg-size-body, 30px)); }
:host([size="huge"]) { font-size: calc(1.75 * var(--tg-size-body, 30px)); }
.chips { display: flex; flex-wrap: wrap; justify-content: var(--tg-chips-justify, flex-start); gap: 0.3em 0.22em; margin: 0.35em 0; padding: 0; list-style: none; }
${CHIP_LOOK}`;

class TalkgenTokens extends HTMLElement {
  connectedCallback() {
    const { pieces, ids, model } = decodeAttribute(this.getAttribute("data"));
    const list = document.createElement("ol");
    list.className = "chips";
    list.dir = "auto"; // tokens run as their text is read, whatever the slide's own direction
    list.setAttribute("aria-label", `${pieces.length} tokens of ${model}`);
    list.append(...pieces.map((piece, i) => makeChip(piece, this.hasAttribute("ids") ? ids[i] : null, i)));
    dress(this, CHIPS_LOOK, list);
  }
}

/** A token as `tag`, with its number below it where that is not null. */
export function makeChip(piece, id, i, tag = "li") {
  const chip = document.createElement(tag);
  chip.className = "chip";
  const token = document.createElement("span");
  token.className = `token token-${i % TOKEN_COLOURS}`;
  token.setAttribute("aria-label", visibleText(piece));
  appendVisible(token, piece);
  chip.append(token);
  if (id !== null) {
    const number = document.createElement("span");
    number.className = "id";
    number.textContent = id;
    chip.append(number);
  }
  return chip;
}

if (!customElements.get("talkgen-tokens")) customElements.define("talkgen-tokens", TalkgenTokens);
