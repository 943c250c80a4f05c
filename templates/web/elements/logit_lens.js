/**
 * <talkgen-logit-lens recording="BASE64">: what a model would say after each layer, a row a layer, the last one on top.
 *
 * A column a token of the text: what stands in it is the likeliest next token there, the stronger the likelier. Beside the
 * last column: the rank that the final answer has at that layer. The arrow keys go from cell to cell.
 *
 * @typedef {{ text, p }} Guess
 * @typedef {{ layer, guesses, rank, p }} Layer
 * @typedef {{ tokens, layers, says }} LogitLensAnswer
 */

import { showShare } from "../bars.js";
import { LiveElement } from "../element.js";
import { make, moveFocus } from "../parts.js";
import { visibleText } from "../pieces.js";

const FEW = 6; // layers, which have room for larger rows

const LENS_LOOK = `
.lens { display: grid; gap: 3px; font-size: 22px; }
.lens > * { display: contents; }
.lens > * > * { min-width: 0; overflow: hidden; padding: 0 6px; line-height: var(--high, 36px); text-overflow: ellipsis; white-space: pre; }
.cell { border: 2px solid transparent; border-radius: 5px; background: color-mix(in srgb, var(--tg-attention, #56b4e9) calc(36% * var(--p)), var(--surface)); text-align: center; cursor: default; line-height: calc(var(--high, 36px) - 4px) !important; }
.cell[data-said] { border-color: var(--accent); font-weight: 700; }
.cell:focus-visible { outline-offset: -3px; }
.side, .token { color: var(--muted); }
.side { text-align: end; font-variant-numeric: tabular-nums; }
.lens .head { background: none; box-shadow: none; color: var(--ink); font-weight: 600; text-align: center; }
.rank { font-variant-numeric: tabular-nums; text-align: end; }
.rank[data-first] { color: var(--accent); font-weight: 700; }
@container (min-width: 761px) { .lens[data-few] { --high: 52px; font-size: 26px; } }
@container (max-width: 760px) { .lens { --high: 30px; font-size: 20px; } .lens > * > * { padding: 0 2px; } }
@container (max-width: 420px) { .lens { --narrowest: 4.4em; overflow-x: auto; } }
`;

class TalkgenLogitLens extends LiveElement {
  static look = LENS_LOOK;

  build(body) {
    this.lens = make("div", "lens", { role: "grid", "aria-label": "The likeliest token after each layer" });
    this.lens.addEventListener("pointerover", (event) => this.#tell(event.target));
    this.lens.addEventListener("focusin", (event) => this.#tell(event.target));
    this.lens.addEventListener("keydown", (event) => moveFocus(event, this.cells, this.answer.tokens.length));
    body.append(this.lens);
  }

  show([answer]) {
    this.answer = answer;
    const { tokens, layers, says } = answer;
    this.lens.style.gridTemplateColumns = `5.2em repeat(${tokens.length}, minmax(var(--narrowest, 0px), 1fr)) 5.6em`;
    const heading = { role: "columnheader" };
    const title = makeLensRow([
      make("span", "side", heading, "reads"),
      ...tokens.map((token) => make("span", "head", heading, visibleText(token))),
      make("span", "rank", heading, `“${visibleText(says)}”`),
    ]);
    const rows = layers.toReversed().map(({ layer, guesses, rank, p }) => makeLensRow([
      make("span", "side", { role: "rowheader" }, `layer ${layer}`),
      ...guesses.map((guess, i) => makeCell(guess, layer, i === guesses.length - 1 && guess.text === says)),
      make("span", "rank", { role: "gridcell", ...(rank === 1 && { "data-first": "" }) }, `${rank.toLocaleString("en")}. ${showShare(p)}`),
    ]));
    this.lens.toggleAttribute("data-few", layers.length <= FEW);
    this.lens.replaceChildren(title, ...rows);
    this.cells = [...this.lens.querySelectorAll(".cell")];
    this.cells[0].tabIndex = 0;
  }

  words([{ layers, says, tokens }]) {
    const from = layers[layers.findLastIndex(({ rank }) => rank > 1) + 1].layer;
    return `${tokens.length} tokens · “${visibleText(says)}” is the likeliest from layer ${from} on`;
  }

  #tell(cell) {
    const { layer, text, p } = cell.dataset ?? {};
    if (layer) this.note(`after layer ${layer}: “${visibleText(text)}” ${showShare(Number(p))}`);
  }
}

function makeLensRow(cells) {
  const row = make("div", "", { role: "row" });
  row.append(...cells);
  return row;
}

function makeCell({ text, p }, layer, said) {
  const label = `after layer ${layer}: ${visibleText(text)} ${showShare(p)}`;
  const cell = make("span", "cell", { role: "gridcell", tabindex: -1, "aria-label": label }, visibleText(text));
  cell.style.setProperty("--p", p);
  Object.assign(cell.dataset, { layer, text, p, ...(said && { said: "" }) });
  return cell;
}

if (!customElements.get("talkgen-logit-lens")) customElements.define("talkgen-logit-lens", TalkgenLogitLens);
