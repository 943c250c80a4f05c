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
import { Columns, COLUMNS_LOOK, signed, sortBySize } from "../columns.js";
import { LiveElement } from "../element.js";
import { make } from "../parts.js";
import { visibleText } from "../pieces.js";
import { checkRadio, makeRadio, makeRadios } from "../radios.js";

const TICK = 5; // layers from one number below the columns to the next
const ALL_TICKED = 12; // columns that each have a number
const PART_COLOURS = { attention: "var(--attention)", mlp: "var(--mlp)", other: "var(--muted)" };

const ATTRIBUTION_LOOK = `
.sides { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; gap: 6px 14px; margin-bottom: 8px; color: var(--muted); font-size: 22px; }
.side { display: flex; flex-wrap: wrap; gap: 6px; }
.side .button { padding: 0 10px; white-space: pre; }
.side small { color: var(--muted); font-size: 20px; }
.side [aria-checked="true"] small { color: var(--ink); }
.plot { --attention: var(--tg-attention, #56b4e9); --mlp: var(--tg-recurrent, #e69f00); --rows: 178px 72px 26px; display: grid; gap: 2px; font-size: 20px; }
.legend { display: flex; flex-wrap: wrap; gap: 0 22px; color: var(--muted); }
.legend b::before { content: ""; display: inline-block; width: 0.8em; height: 0.8em; margin-inline-end: 0.35em; border-radius: 3px; background: var(--colour); }
.legend b { color: var(--ink); font-weight: 600; }
@container (max-width: 760px) { .sides { grid-template-columns: minmax(0, 1fr); gap: 2px; } .plot { --rows: 178px 56px 26px; } .legend { gap: 0 14px; } }
${COLUMNS_LOOK}`;

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
    this.columns = new Columns("What each layer adds", (words) => this.note(words));
    const plot = make("div", "plot");
    plot.append(legend, this.columns.element);
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
    const every = columns.length > ALL_TICKED ? TICK : 1;
    this.columns.show(
      columns.map((column, i) => drawLayer(column, i % every === 0 || column.layer === null)),
      [{ numbers: 3, spare: 0.14 }, { numbers: 0, spare: 0 }],
    );
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

/** A layer as a column: what its parts add, and what there is so far. */
function drawLayer({ label, parts, sum }, named) {
  const told = parts.map((part) => `${part.name} ${signed(part.value)}`).join(", ");
  const bars = parts.map(({ kind, value }) => ({ value, colour: PART_COLOURS[kind] }));
  const soFar = { value: sum, colour: "color-mix(in srgb, var(--muted) 60%, transparent)" };
  return { told: `${told} · so far ${signed(sum)}`, name: named ? label : "", bars: [bars, [soFar]] };
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

if (!customElements.get("talkgen-logit-attribution")) customElements.define("talkgen-logit-attribution", TalkgenLogitAttribution);
