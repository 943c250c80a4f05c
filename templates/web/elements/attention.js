/**
 * <talkgen-attention recording="BASE64">: where each head of a model looks, and what the next token owes to a head.
 *
 * Left every head as a small map: hover or arrow keys show it large, a click or Enter keeps it, O switches it off. In the
 * middle the weights of that head (or the rollout) over the text's tokens; below them, in a colour of its own, what the
 * likeliest next token rests on. Right the next token: bars as they are now, outlined as they are with every head.
 *
 * @typedef {{ text, p, before }} Moved
 * @typedef {{ tokens, layers, heads, weights, rollout, rests, bars, other }} AttentionAnswer
 */

import { Bars, BARS_LOOK } from "../bars.js";
import { LiveElement } from "../element.js";
import { draw, make, moveFocus } from "../parts.js";
import { visibleText } from "../pieces.js";

const CELL = 40; // px of a token's row in the large map, before it is scaled
const UNDER = 14; // px between the map and what the next token rests on
const RESTS_ON = "rests on";
const LONGEST_NAME = 11; // letters of a token beside the large map
const LAYERS_ACROSS = 12; // from more than these on, a layer is a column

const ATTENTION_LOOK = `
.parts { display: grid; grid-template-columns: auto minmax(0, 1fr) minmax(0, 0.8fr); gap: 28px; align-items: start; }
.label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.caption { margin: 0 0 4px; color: var(--muted); font-size: 20px; line-height: 1.3; }
.heads { display: grid; gap: 3px; }
.head { position: relative; width: var(--side); height: var(--side); padding: 0; border: 2px solid transparent; border-radius: 4px; background: var(--surface); cursor: pointer; }
.head canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.head[aria-pressed="true"] { border-color: var(--accent); }
.head[data-off] canvas { opacity: 0.12; }
.head[data-off]::after { content: ""; position: absolute; inset: 0; background: linear-gradient(to top right, transparent calc(50% - 2px), var(--tg-bad, #d55e00) calc(50% - 2px) calc(50% + 2px), transparent calc(50% + 2px)); }
/* painted heads take its colour */
.map { display: block; color: var(--tg-attention, #56b4e9); width: 100%; max-height: var(--tall, 380px); overflow: visible; }
.map text { fill: var(--ink); font-size: 22px; }
.map .share { font-size: 20px; }
.map .on-dark { fill: var(--tg-background, Canvas); font-weight: 600; }
.map .column { fill: var(--muted); }
.weight { fill: var(--tg-attention, #56b4e9); transition: fill-opacity 140ms ease-out; }
.under { fill: var(--surface); }
.rests .weight { fill: var(--accent); }
.rests .column { fill: var(--accent); font-weight: 700; }
.row:focus { outline: none; }
.row:focus .name, .row:hover .name { fill: var(--accent); font-weight: 700; }
.bars { --bar: var(--tg-attention, #56b4e9); grid-template-columns: min(42%, 7em) 1fr 3em; }
.before { z-index: 1; border-color: var(--ink); }
.tools { display: flex; flex-wrap: wrap; gap: 6px; width: 245px; margin-top: 10px; }
/* many heads take the width of two parts: what else there is stands below them, and the map has the rest */
@container (min-width: 861px) {
  .parts[data-across] { grid-template: "count count map" auto "heads heads map" auto "tools next map" 1fr / 210px minmax(0, 1fr) minmax(0, 1.4fr); gap: 0 24px; --row: 30px; --row-text: 24px; --tall: 390px; }
  .parts[data-across] .side { display: contents; }
  .parts[data-across] .count { grid-area: count; }
  .parts[data-across] .heads { grid-area: heads; justify-content: start; }
  .parts[data-across] .tools { grid-area: tools; width: auto; }
  .parts[data-across] .middle { grid-area: map; }
  .parts[data-across] .next { grid-area: next; margin-top: 10px; }
}
@container (max-width: 860px) {
  .parts { grid-template-columns: auto minmax(0, 1fr); gap: 14px 20px; }
  .next { grid-column: 1 / -1; }
  .frame { --row: 28px; --row-text: 22px; }
  .map { --tall: 230px; }
}
@container (max-width: 600px) { .map { --tall: none; } .map .share { font-size: 22px; } }
@container (max-width: 420px) { .parts { grid-template-columns: minmax(0, 1fr); } }
@media (prefers-reduced-motion: reduce) { .weight { transition: none; } }
${BARS_LOOK}`;

class TalkgenAttention extends LiveElement {
  static look = ATTENTION_LOOK;

  build(body) {
    const { layer, head } = this.params;
    this.kept = layer && head ? { layer, head } : null; // what stays in sight; null is the rollout
    this.seen = this.kept;
    this.parts = make("div", "parts");
    this.parts.append(this.#buildHeads(), this.#buildMap(), this.#buildNext());
    body.append(this.parts);
    this.frame.addEventListener("keydown", (event) => this.#onKey(event));
  }

  #buildHeads() {
    const side = make("div", "side");
    this.count = make("p", "caption count");
    this.heads = make("div", "heads", { role: "group", "aria-label": "Heads: arrows move, O switches one off" });
    this.heads.addEventListener("pointerover", (event) => this.#look(event.target.closest(".head")));
    this.heads.addEventListener("focusin", (event) => this.#look(event.target));
    this.heads.addEventListener("pointerleave", () => this.#look(null));
    this.heads.addEventListener("focusout", () => this.#look(null));
    this.heads.addEventListener("click", (event) => this.#keep(event.target.closest(".head")));
    const tools = make("div", "tools");
    this.toggle = makeButton("Switch head off", () => this.#switch(this.kept), "O");
    this.rollout = makeButton("Rollout", () => this.#keep(null), "R");
    this.reset = makeButton("All on", () => this.turn({ off: [] }));
    tools.append(this.toggle, this.rollout, this.reset);
    side.append(this.count, this.heads, tools);
    return side;
  }

  #buildMap() {
    const middle = make("div", "middle");
    this.mapTitle = make("p", "caption");
    this.map = draw("svg", { class: "map", role: "group" });
    middle.append(this.mapTitle, this.map);
    return middle;
  }

  #buildNext() {
    const next = make("div", "next");
    this.nextTitle = make("p", "caption");
    this.bars = new Bars("Likeliest next tokens", (text) => this.#append(text), () => this.box.focus());
    next.append(this.nextTitle, this.bars.element);
    return next;
  }

  show([answer], [question]) {
    this.answer = answer;
    this.weights = unpack(answer);
    this.#drawHeads();
    this.#drawMap();
    this.off = question.params.off;
    this.bars.show(
      { candidates: answer.bars.map(({ text, p, before }) => ({ text, p: before, p_sampled: p })) },
      { temperature: 0 },
      Math.max(...answer.bars.flatMap(({ p, before }) => [p, before])),
    );
    this.#mark();
  }

  words([answer]) {
    return `${answer.tokens.length} tokens · next is likeliest “${visibleText(likeliestBar(answer).text)}”`;
  }

  #drawHeads() {
    const { layers, heads, tokens } = this.answer;
    const across = layers > LAYERS_ACROSS;
    const columns = across ? layers : heads;
    const side = Math.max(13, Math.min(58, Math.floor((across ? 480 : 260) / columns)));
    this.heads.style.setProperty("--side", `${side}px`);
    this.heads.style.gridTemplateColumns = `repeat(${columns}, ${side}px)`;
    this.columns = columns;
    this.parts.toggleAttribute("data-across", across);
    this.count.textContent = across ? `${layers} layers across, ${heads} heads down` : `${layers} layers of ${heads} heads`;
    if (this.heads.children.length !== layers * heads) this.#makeHeads(layers, heads, across);
    for (const head of this.heads.children) {
      const canvas = head.firstChild;
      canvas.width = canvas.height = tokens.length;
      paint(canvas, this.weights.of(Number(head.dataset.layer), Number(head.dataset.head)), getComputedStyle(this.map).color);
    }
  }

  #makeHeads(layers, heads, across) {
    const cells = [];
    for (let i = 0; i < layers * heads; i++) {
      const layer = (across ? i % layers : Math.floor(i / heads)) + 1;
      const head = (across ? Math.floor(i / layers) : i % heads) + 1;
      const cell = make("button", "head", { type: "button", tabindex: i ? -1 : 0, title: `layer ${layer}, head ${head}` });
      Object.assign(cell.dataset, { layer, head });
      cell.append(make("canvas"));
      cells.push(cell);
    }
    this.heads.replaceChildren(...cells);
  }

  /** The large map: a row a token that looks, a column a token looked at, whose name stands above its topmost cell. */
  #drawMap() {
    const { tokens } = this.answer;
    if (this.named === tokens.join("\n")) return; // the rows that are there keep the focus
    this.named = tokens.join("\n");
    const n = tokens.length;
    const names = tokens.map((token) => shorten(visibleText(token)));
    const left = 13 * Math.max(RESTS_ON.length, ...names.map((name) => name.length)) + 12;
    this.wide = { left: left + n * CELL, right: 0, high: (n + 1) * CELL + UNDER };
    this.#makeRoom(names.at(-1));
    const makeRow = (name, y, count, after) => {
      const row = draw("g", { class: "row", tabindex: -1, role: "img" });
      row.append(draw("text", { class: "name", x: left - 10, y: y + 28, "text-anchor": "end" }, name));
      const cells = Array.from({ length: count }, (_, j) => {
        const place = { x: left + j * CELL + 1, y: y + 1, width: CELL - 2, height: CELL - 2, rx: 4 };
        const cell = draw("rect", { class: "weight", ...place });
        const share = draw("text", { class: "share", x: place.x + CELL / 2 - 1, y: y + 27, "text-anchor": "middle" });
        row.append(draw("rect", { class: "under", ...place }), cell, share);
        return [cell, share];
      });
      row.append(draw("text", { class: "column", x: left + count * CELL + 8, y: y + 28 }, after));
      const tell = () => this.note(row.getAttribute("aria-label"));
      row.addEventListener("pointerenter", tell);
      row.addEventListener("focus", tell);
      row.addEventListener("keydown", (event) => moveFocus(event, [...this.map.children], 1));
      return { row, cells };
    };
    this.rows = names.map((name, i) => makeRow(name, i * CELL, i + 1, name));
    this.rests = makeRow(RESTS_ON, n * CELL + UNDER, n, "");
    this.rests.row.classList.add("rests");
    this.rows.at(-1).row.setAttribute("tabindex", 0);
    this.map.replaceChildren(...this.rows.map(({ row }) => row), this.rests.row);
  }

  /** Room for a name behind a row of the large map, which grows with it and does not shrink again. */
  #makeRoom(name) {
    this.wide.right = Math.max(this.wide.right, 13 * name.length + 14);
    const { left, right, high } = this.wide;
    this.map.setAttribute("viewBox", `0 0 ${left + right} ${high}`);
  }

  /** What is looked at, in colours; and what is off. */
  #mark() {
    const shown = this.seen;
    const weights = shown ? this.weights.of(shown.layer, shown.head) : this.weights.rollout;
    this.rows.forEach(({ row, cells }, i) => {
      cells.forEach((cell, j) => fillCell(cell, weights(i, j)));
      row.setAttribute("aria-label", `“${this.#name(i)}” looks at ${this.#list((j) => weights(i, j), i + 1)}`);
    });
    this.rests.cells.forEach((cell, j) => fillCell(cell, this.answer.rests[j]));
    this.rests.row.setAttribute("aria-label", this.#saysRests());
    const next = shorten(visibleText(likeliestBar(this.answer).text));
    this.#makeRoom(next); // it is another with every head that is off
    this.rests.row.querySelector(".column").textContent = next;
    this.mapTitle.textContent = shown ? `Layer ${shown.layer}, head ${shown.head}: who looks where` : "Rollout: what stands where after all layers";
    const off = new Set(this.off);
    for (const cell of this.heads.children) {
      const { layer, head } = cell.dataset;
      const kept = this.kept && +layer === this.kept.layer && +head === this.kept.head;
      cell.setAttribute("aria-pressed", Boolean(kept));
      cell.toggleAttribute("data-off", off.has(`${layer}.${head}`));
      cell.setAttribute("aria-label", `layer ${layer}, head ${head}${off.has(`${layer}.${head}`) ? ", off" : ""}`);
    }
    this.nextTitle.textContent = off.size ? `Next token, ${off.size} ${off.size === 1 ? "head" : "heads"} off` : "Next token";
    this.rollout.setAttribute("aria-pressed", !this.kept);
    this.reset.hidden = !off.size;
    this.toggle.hidden = !this.kept;
    if (!this.kept) return;
    const name = `${this.kept.layer}.${this.kept.head}`;
    this.toggle.textContent = `Switch head ${off.has(name) ? "on" : "off"}`;
    this.toggle.setAttribute("aria-pressed", off.has(name));
  }

  #saysRests() {
    const { rests, tokens } = this.answer;
    const list = this.#list((j) => rests[j], tokens.length);
    return `“${visibleText(likeliestBar(this.answer).text)}” rests on ${list}, by gradient × input`;
  }

  #name(i) {
    return visibleText(this.answer.tokens[i]);
  }

  /** The three of `count` tokens that have the largest shares. */
  #list(share, count) {
    const order = Array.from({ length: count }, (_, j) => j).sort((a, b) => share(b) - share(a)).slice(0, 3);
    return order.map((j) => `“${this.#name(j)}” ${Math.round(100 * share(j))}%`).join(", ");
  }

  #look(cell) {
    this.seen = cell?.dataset?.layer ? { layer: +cell.dataset.layer, head: +cell.dataset.head } : this.kept;
    this.#mark();
  }

  #keep(cell) {
    this.kept = cell ? { layer: +cell.dataset.layer, head: +cell.dataset.head } : null;
    this.seen = this.kept;
    this.#mark();
  }

  #onKey(event) {
    if (event.target.closest?.(".prompt")) return;
    const at = this.seen ?? this.kept;
    if (event.target.closest?.(".head") && moveFocus(event, [...this.heads.children], this.columns)) return;
    if (event.key === "o" || event.key === "O") this.#switch(at);
    if (event.key === "r" || event.key === "R") this.#keep(null);
  }

  #switch(which) {
    if (!which) return;
    const name = `${which.layer}.${which.head}`;
    const off = this.params.off.includes(name) ? this.params.off.filter((each) => each !== name) : [...this.params.off, name];
    this.turn({ off: off.sort((a, b) => a.localeCompare(b, undefined, { numeric: true })) });
  }

  #append(text) {
    if (this.source.waiting) return;
    this.box.text += text;
    this.source.ask();
  }
}

/** The weights of an answer: `of(layer, head)` and `rollout` are functions of a row and a column. */
function unpack({ tokens, heads, weights, rollout }) {
  const n = tokens.length;
  const size = (n * (n + 1)) / 2;
  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const [all, rolled] = [bytes(weights), bytes(rollout)];
  const triangle = (values, start) => (i, j) => values[start + (i * (i + 1)) / 2 + j] / 255;
  return { of: (layer, head) => triangle(all, ((layer - 1) * heads + head - 1) * size), rollout: triangle(rolled, 0) };
}

/** The next token's longest bar as it is now. */
function likeliestBar({ bars }) {
  return bars.reduce((most, bar) => (bar.p > most.p ? bar : most), bars[0]);
}

/** Shows a share in a cell of the large map: in colour, and in words where it can be seen. */
function fillCell([cell, words], share) {
  cell.setAttribute("fill-opacity", share.toFixed(3));
  words.classList.toggle("on-dark", share > 0.6);
  words.textContent = share >= 0.095 ? Math.round(100 * share) : "";
}

function makeButton(text, clicked, key = "") {
  const button = make("button", "button", { type: "button", ...(key && { "aria-keyshortcuts": key }) }, text);
  button.addEventListener("click", clicked);
  return button;
}

function paint(canvas, weights, color) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = color;
  for (let i = 0; i < canvas.height; i++) {
    for (let j = 0; j <= i; j++) {
      pen.globalAlpha = weights(i, j);
      pen.fillRect(j, i, 1, 1);
    }
  }
}

function shorten(text) {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 1)}…` : text;
}

if (!customElements.get("talkgen-attention")) customElements.define("talkgen-attention", TalkgenAttention);
