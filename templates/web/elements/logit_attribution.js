/**
 * <talkgen-logit-attribution recording="BASE64">: what each layer's attention and MLP add to a token's logit, as bars up
 * and down, and below them what there is of it so far.
 *
 * One of the likeliest tokens is chosen, and one that is taken off: what is left is what decides between the two. The
 * arrow keys go from one to the next, and from layer to layer.
 *
 * @typedef {{ text, p, logit, embedding, attention, mlp, bias }} Candidate
 * @typedef {{ tokens, candidates }} LogitAttributionAnswer
 */

import { showShare } from "../bars.js";
import { LiveElement } from "../element.js";
import { make, moveFocus } from "../parts.js";
import { visibleText } from "../pieces.js";
import { checkRadio, makeRadio, makeRadios } from "../radios.js";

const NUMBERED = 3; // the largest bars, whose values stand beside them
const NUMBERS_IN_A_ROW = 7; // that have room beside each other
const TICK = 5; // layers from one number below the columns to the next
const ALL_TICKED = 12; // columns that each have a number

const ATTRIBUTION_LOOK = `
.sides { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; gap: 6px 14px; margin-bottom: 8px; color: var(--muted); font-size: 22px; }
.side { display: flex; flex-wrap: wrap; gap: 6px; }
.side .button { padding: 0 10px; white-space: pre; }
.side small { color: var(--muted); font-size: 20px; }
.plot { --attention: var(--tg-attention, #56b4e9); --mlp: var(--tg-recurrent, #e69f00); display: grid; gap: 2px; font-size: 20px; }
.legend { display: flex; flex-wrap: wrap; gap: 0 22px; color: var(--muted); }
.legend b::before { content: ""; display: inline-block; width: 0.8em; height: 0.8em; margin-inline-end: 0.35em; border-radius: 3px; background: var(--colour); }
.legend b { color: var(--ink); font-weight: 600; }
.columns { display: grid; padding-inline: 1em; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
.column { display: grid; grid-template-rows: var(--tall, 178px) var(--low, 72px) 26px; border-radius: 4px; cursor: default; }
.column:hover { background: var(--surface); }
.column:focus-visible { outline-offset: -2px; }
.cell { position: relative; min-width: 0; background: linear-gradient(var(--line), var(--line)) 0 var(--zero) / 100% 1.5px no-repeat; }
.cell + .cell { margin-top: 8px; }
.cell i { position: absolute; top: var(--top); height: max(1px, var(--size)); left: var(--from); right: var(--to); border-radius: 2px; background: var(--colour); }
.cell u { position: absolute; left: var(--middle); translate: -50% 0; text-decoration: none; font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; line-height: 1.1; pointer-events: none; }
.cell u[data-up] { bottom: calc(100% - var(--top) + 2px); }
.cell u[data-down] { top: calc(var(--top) + var(--size) + 2px); }
.column > span { display: grid; justify-content: center; grid-template-columns: 0; color: var(--muted); text-align: center; white-space: nowrap; line-height: 26px; }
.column > span:not([data-shown]) { visibility: hidden; }
@container (max-width: 760px) { .sides { grid-template-columns: minmax(0, 1fr); gap: 2px; } .plot { --low: 56px; } .legend { gap: 0 14px; } }
`;

class TalkgenLogitAttribution extends LiveElement {
  static look = ATTRIBUTION_LOOK;

  build(body) {
    const sides = make("div", "sides tools"); // a phone's slide has room for the columns alone
    this.of = makeRadios("side", "Token", (i) => this.#choose(i, this.off));
    this.less = makeRadios("side", "Token that is taken off", (i) => this.#choose(this.chosen, i - 1));
    sides.append(make("span", "", {}, "logit of"), this.of, make("span", "", {}, "less"), this.less);
    const legend = make("div", "legend");
    for (const [name, colour] of [["attention", "--attention"], ["MLP", "--mlp"]]) {
      legend.append(make("b", "", { style: `--colour: var(${colour})` }, name));
    }
    legend.append(make("span", "", {}, "what each layer adds · below: so far"));
    this.columns = make("div", "columns", { role: "row" });
    this.columns.addEventListener("pointerover", (event) => this.#tell(event.target));
    this.columns.addEventListener("focusin", (event) => this.#tell(event.target));
    this.columns.addEventListener("keydown", (event) => moveFocus(event, this.cells, this.cells.length));
    const grid = make("div", "", { role: "grid", "aria-label": "What each layer adds" });
    grid.append(this.columns);
    const plot = make("div", "plot");
    plot.append(legend, grid);
    body.append(sides, plot);
  }

  show([answer]) {
    const asked = JSON.stringify(answer.tokens);
    if (asked !== this.asked) [this.chosen, this.off] = [0, Math.min(this.params.less, answer.candidates.length) - 1];
    [this.asked, this.answer] = [asked, answer];
    this.#draw();
  }

  words([{ candidates }]) {
    const { parts, total } = this.sums;
    const [strongest] = sortBySize(parts);
    const most = `most by ${strongest.name}: ${signed(strongest.value)}`;
    const [of, less] = [candidates[this.chosen], candidates[this.off]].map((each) => each && `“${visibleText(each.text)}”`);
    return `logit of ${of}${less ? ` less that of ${less}` : ""}: ${signed(total)} · ${most}`;
  }

  #choose(of, less) {
    [this.chosen, this.off] = [of, less === of ? -1 : less];
    this.#draw();
    this.status.dataset.kind = "count";
    this.status.textContent = this.words([this.answer]);
  }

  #draw() {
    const { candidates } = this.answer;
    const name = ({ text, p }) => [visibleText(text), showShare(p)];
    fillSide(this.of, candidates.map(name), this.chosen);
    fillSide(this.less, [["nothing", ""], ...candidates.map(name)], this.off + 1, this.chosen + 1);
    const columns = layersOf(candidates[this.chosen], candidates[this.off]);
    const parts = columns.flatMap((column) => column.parts);
    this.sums = { parts, total: columns.at(-1).sum };
    const named = largestApart(columns);
    const scale = scaleOf(parts.map((part) => part.value), 0.14);
    const below = scaleOf(columns.map((column) => column.sum), 0);
    const every = columns.length > ALL_TICKED ? TICK : 1;
    this.columns.replaceChildren(...columns.map((column, i) => makeColumn(column, scale, below, named, i % every === 0 || column.layer === null)));
    this.cells = [...this.columns.children];
    this.cells[0].tabIndex = 0;
  }

  #tell(target) {
    const label = target.closest?.(".column")?.getAttribute("aria-label");
    if (label) this.note(label);
  }
}

/** What comes in, each layer and the norm's bias, where there is one: their parts, and what there is of the sum by then. */
function layersOf(of, less) {
  const value = (pick) => pick(of) - (less ? pick(less) : 0);
  const columns = [{ label: "in", layer: null, parts: [{ kind: "other", name: "the embedding", value: value((each) => each.embedding) }] }];
  of.attention.forEach((_, i) => {
    const part = (kind, name) => ({ kind, name: `${name} of layer ${i + 1}`, value: value((each) => each[kind][i]) });
    columns.push({ label: `${i + 1}`, layer: i + 1, parts: [part("attention", "the attention"), part("mlp", "the MLP")] });
  });
  if (of.bias) columns.push({ label: "norm", layer: null, parts: [{ kind: "other", name: "the last norm's bias", value: value((each) => each.bias) }] });
  let sum = 0;
  for (const column of columns) {
    for (const part of column.parts) sum += part.value;
    column.sum = sum;
  }
  return columns;
}

function sortBySize(parts) {
  return parts.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

/** The largest parts whose numbers have room beside each other. */
function largestApart(columns) {
  const at = new Map(columns.flatMap((column, i) => column.parts.map((part) => [part, i])));
  const found = [];
  for (const part of sortBySize([...at.keys()])) {
    const near = found.some((other) => Math.abs(at.get(other) - at.get(part)) < columns.length / NUMBERS_IN_A_ROW);
    if (!near && found.length < NUMBERED) found.push(part);
  }
  return new Set(found);
}

/** Where zero and other values are, in % from the top, with `spare` of the height for numbers at both ends. */
function scaleOf(values, spare) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (high - low || 1) / (1 - 2 * spare);
  return (value) => 100 * spare + (100 * (high - value)) / room;
}

function makeColumn(column, scale, below, named, shown) {
  const told = column.parts.map((part) => `${part.name} ${signed(part.value)}`).join(", ");
  const made = make("div", "column", { role: "gridcell", tabindex: -1, "aria-label": `${told} · so far ${signed(column.sum)}` });
  const [adds, sums] = [make("div", "cell"), make("div", "cell")];
  adds.style.setProperty("--zero", `${scale(0)}%`);
  sums.style.setProperty("--zero", `${below(0)}%`);
  const width = 76 / column.parts.length;
  column.parts.forEach((part, i) => {
    const bar = makePartBar(part.value, scale, PART_COLOURS[part.kind], 12 + i * width, 12 + (column.parts.length - 1 - i) * width);
    adds.append(bar);
    if (named.has(part)) adds.append(makePartNumber(part.value, bar));
  });
  sums.append(makePartBar(column.sum, below, "color-mix(in srgb, var(--muted) 60%, transparent)", 6, 6));
  made.append(adds, sums, make("span", "", shown ? { "data-shown": "" } : {}, column.label));
  return made;
}

const PART_COLOURS = { attention: "var(--attention)", mlp: "var(--mlp)", other: "var(--muted)" };

function makePartBar(value, scale, colour, from, to) {
  const bar = make("i");
  const [top, bottom] = [scale(Math.max(0, value)), scale(Math.min(0, value))];
  bar.style.cssText = `--top: ${top}%; --size: ${bottom - top}%; --colour: ${colour}; --from: ${from}%; --to: ${to}%; --middle: ${(100 + from - to) / 2}%`;
  return bar;
}

function makePartNumber(value, bar) {
  const number = make("u", "", { [value < 0 ? "data-down" : "data-up"]: "" }, signed(value));
  for (const name of ["--top", "--size", "--middle"]) number.style.setProperty(name, bar.style.getPropertyValue(name));
  return number;
}

/** Fills a group of radio buttons with names and their shares; one of them may be `barred`. */
function fillSide(group, names, chosen, barred = -1) {
  const held = group.contains(group.getRootNode().activeElement);
  group.replaceChildren(
    ...names.map(([text, share], i) => {
      const radio = makeRadio("button", `${text} `);
      if (share) radio.append(make("small", "", {}, share));
      radio.disabled = i === barred;
      return radio;
    }),
  );
  checkRadio(group, chosen);
  if (held) group.children[chosen].focus();
}

/** A number with its sign and two decimals. */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

if (!customElements.get("talkgen-logit-attribution")) customElements.define("talkgen-logit-attribution", TalkgenLogitAttribution);
