/**
 * <talkgen-neurons recording="BASE64">: the neurons of a layer's MLP that are most active at a token, a row each: how active
 * over the text, and the tokens whose logits it raises most there.
 *
 * The tokens are radio buttons; the arrow keys go from cell to cell. Colours are sizes: blue above zero, red below.
 *
 * @typedef {{ text, add }} Written
 * @typedef {{ neuron, active, writes }} Neuron
 * @typedef {{ tokens, layers, width, most }} NeuronsAnswer
 */

import { signed } from "../columns.js";
import { LiveElement } from "../element.js";
import { make, moveFocus } from "../parts.js";
import { visibleText } from "../pieces.js";
import { checkRadio, makeRadio, makeRadios } from "../radios.js";

const NEURONS_LOOK = `
.neurons { display: grid; grid-template-columns: auto repeat(var(--tokens), minmax(62px, 96px)) minmax(430px, 1fr); gap: 4px; font-size: 22px; }
.neurons > *, .row { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; min-width: 0; }
.choose, .row { row-gap: 2px; }
.choose > div { display: grid; grid-column: span var(--tokens); grid-template-columns: subgrid; }
.choose .button { overflow: hidden; padding: 0 4px; text-overflow: ellipsis; white-space: pre; }
.aside { color: var(--muted); font-size: 20px; white-space: nowrap; }
.aside.last { padding-inline-start: 12px; }
.rows { gap: 4px; }
.number { padding-inline-end: 6px; text-align: end; font-variant-numeric: tabular-nums; }
.active { overflow: hidden; border: 2px solid transparent; border-radius: 5px; background: color-mix(in srgb, var(--side) calc(45% * var(--size)), var(--surface)); text-align: center; font-variant-numeric: tabular-nums; line-height: 48px; white-space: nowrap; cursor: default; }
.active[data-chosen] { border-color: var(--accent); }
.row :focus-visible { outline-offset: -3px; }
.writes { display: flex; flex-wrap: wrap; gap: 0 14px; overflow: hidden; max-height: 54px; padding-inline-start: 12px; line-height: 27px; white-space: pre; cursor: default; }
.writes small { color: var(--muted); font-size: 20px; }
@container (max-width: 1095px) {
  .neurons { grid-template-columns: auto repeat(var(--tokens), minmax(60px, 1fr)); font-size: 20px; }
  .active { line-height: 34px; }
  .writes { grid-column: 1 / -1; max-height: none; padding: 0 0 6px; }
  .aside.last { display: none; }
}
/* A phone: tokens and numbers wrap alike, so that a token's number has its token's place. */
@container (max-width: 660px) {
  .neurons { grid-template-columns: minmax(0, 1fr); }
  .choose > div, .row { grid-column: 1; grid-template-columns: repeat(auto-fill, minmax(78px, 1fr)); gap: 4px; }
  .row > :is(.number, .writes) { grid-column: 1 / -1; text-align: start; }
  .writes { white-space: pre-wrap; overflow-wrap: anywhere; }
  .number::before { content: "neuron "; color: var(--muted); }
  .aside { display: none; }
}
`;

class TalkgenNeurons extends LiveElement {
  static look = NEURONS_LOOK;

  build(body) {
    this.at = makeRadios("", "Token whose most active neurons are shown", (place) => this.#pick(place));
    const choose = make("div", "choose");
    choose.append(make("span", "aside", {}, "neuron"), this.at, make("span", "aside last", {}, "adds most to the logits of"));
    this.rows = make("div", "rows", { role: "grid", "aria-label": "The most active neurons" });
    for (const name of ["pointerover", "focusin"]) this.rows.addEventListener(name, ({ target }) => this.#tell(target));
    this.rows.addEventListener("keydown", (event) => moveFocus(event, this.cells, this.answer.tokens.length + 1));
    this.table = make("div", "neurons");
    this.table.append(choose, this.rows);
    body.append(this.table);
  }

  show([answer], [question]) {
    const names = answer.tokens.map(visibleText);
    if (names.join(" ") !== this.named) {
      this.named = names.join(" ");
      this.table.style.setProperty("--tokens", names.length);
      this.at.replaceChildren(...names.map((name) => makeRadio("button", name)));
      this.place = names.length - 1;
    }
    [this.answer, this.layer] = [answer, question.params.layer];
    this.#draw();
  }

  words([{ tokens, layers, width, most }]) {
    const [{ neuron, active }] = most[this.place];
    const first = `“${visibleText(tokens[this.place])}”: number ${neuron}, ${signed(active[this.place])}`;
    return `layer ${this.layer} of ${layers}, ${width.toLocaleString("en")} neurons · most active at ${first}`;
  }

  #pick(place) {
    this.place = place;
    this.#draw();
    this.status.dataset.kind = "count";
    this.status.textContent = this.words([this.answer]);
  }

  #draw() {
    checkRadio(this.at, this.place);
    const neurons = this.answer.most[this.place];
    const largest = Math.max(...neurons.flatMap(({ active }) => active.map(Math.abs)), 1e-9);
    this.rows.replaceChildren(...neurons.map((neuron) => this.#makeRow(neuron, largest)));
    this.cells = [...this.rows.querySelectorAll("[role=gridcell]")];
    this.cells[0].tabIndex = 0;
  }

  #makeRow({ neuron, active, writes }, largest) {
    const row = make("div", "row", { role: "row" });
    row.append(
      make("span", "number", { role: "rowheader" }, `${neuron}`),
      ...active.map((value, place) => this.#makeCell(neuron, value, place, largest)),
      makeWrites(neuron, writes),
    );
    return row;
  }

  #makeCell(neuron, value, place, largest) {
    const told = `neuron ${neuron} at “${visibleText(this.answer.tokens[place])}”: ${signed(value)}`;
    const text = value.toFixed(largest < 10 ? 2 : largest < 100 ? 1 : 0).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
    const cell = make("span", "active", { role: "gridcell", tabindex: -1, "aria-label": told }, text);
    cell.style.setProperty("--size", (Math.abs(value) / largest).toFixed(3));
    cell.style.setProperty("--side", value >= 0 ? "var(--tg-attention, #56b4e9)" : "var(--tg-bad, #d55e00)");
    cell.toggleAttribute("data-chosen", place === this.place);
    return cell;
  }

  #tell(target) {
    const told = target.closest("[role=gridcell]")?.getAttribute("aria-label");
    if (told) this.note(told);
  }
}

function makeWrites(neuron, writes) {
  const told = writes.map(({ text, add }) => `“${visibleText(text)}” ${signed(add)}`).join(", ");
  const cell = make("span", "writes", { role: "gridcell", tabindex: -1, "aria-label": `neuron ${neuron} adds to the logit of ${told}` });
  for (const { text, add } of writes) {
    const word = make("span", "", {}, `${visibleText(text)} `);
    word.append(make("small", "", {}, signed(add)));
    cell.append(word);
  }
  return cell;
}

if (!customElements.get("talkgen-neurons")) customElements.define("talkgen-neurons", TalkgenNeurons);
