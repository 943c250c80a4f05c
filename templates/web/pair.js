/**
 * How one query and one key become a weight: both vectors, their product number by number, the sum, its scale, the softmax.
 *
 * At first it is the last token's query and the key that takes most of its weight.
 */

import { Columns, COLUMNS_LOOK, signed } from "./columns.js";
import { make } from "./parts.js";
import { visibleText } from "./pieces.js";
import { checkRadio, makeRadio, makeRadios } from "./radios.js";

const GREY = "color-mix(in srgb, var(--muted) 75%, transparent)";

export const PAIR_LOOK = `
.pair:not([hidden]) { display: grid; gap: 8px; font-size: 22px; }
.asked { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; margin: 4px 0; color: var(--muted); }
.asked > div { display: flex; flex-wrap: wrap; gap: 6px; }
.asked > div:first-of-type { margin-inline-end: 16px; }
.asked .button { padding: 0 10px; white-space: pre; }
.vectors { --rows: 52px 52px 128px; display: grid; grid-template-columns: auto minmax(0, 1fr); font-size: 24px; }
.vectors ol { display: grid; grid-template-rows: var(--rows); align-items: center; margin: 0; padding: 0; list-style: none; white-space: nowrap; }
.sum { margin: 0; font-size: 26px; line-height: 1.35; font-variant-numeric: tabular-nums; }
.sum b { color: var(--accent); }
@container (max-width: 760px) { .asked { display: grid; grid-template-columns: minmax(0, 1fr); } .vectors { --rows: 40px 40px 110px; } .sum { font-size: 22px; } }
${COLUMNS_LOOK}`;

export class Pair {
  /** `tell(words)` is called with the words of a number that is looked at, and of a pair that is chosen. */
  constructor(tell) {
    this.tell = tell;
    this.element = make("div", "pair");
    this.queries = makeRadios("", "Query", (i) => this.#pick(i, this.key));
    this.keys = makeRadios("", "Key", (j) => this.#pick(this.query, j));
    const asked = make("div", "asked tools"); // a phone's slide has room for the numbers alone
    asked.append(make("span", "", {}, "query of"), this.queries, make("span", "", {}, "key of"), this.keys);
    this.columns = new Columns("Query, key and their product, number by number", tell);
    const names = make("ol");
    names.append(...["q", "k", "q × k"].map((name) => make("li", "", {}, name)));
    const vectors = make("div", "vectors");
    vectors.append(names, this.columns.element);
    this.sum = make("p", "sum", { role: "status" });
    this.element.append(asked, vectors, this.sum);
  }

  /** Shows an answer of `qkv`; of the same tokens the pair that is shown already. */
  show(answer) {
    this.answer = answer;
    const names = answer.tokens.map(visibleText);
    if (names.join(" ") === this.named) return this.#choose(this.query, this.key);
    this.named = names.join(" ");
    for (const group of [this.queries, this.keys]) group.replaceChildren(...names.map((name) => makeRadio("button", name)));
    const last = answer.weights.at(-1);
    this.#choose(names.length - 1, last.indexOf(Math.max(...last)));
  }

  #pick(query, key) {
    this.#choose(query, key);
    const [who, what] = [query, key].map((i) => visibleText(this.answer.tokens[i]));
    this.tell(`“${who}” takes ${showWhole(this.answer.weights[query][key])} of what it gets from “${what}”`);
  }

  #choose(query, key) {
    [this.query, this.key] = [query, key];
    checkRadio(this.queries, query);
    checkRadio(this.keys, key);
    const { q, k } = this.answer;
    const columns = q[query].map((value, d) => drawProduct(d, value, k[key][d]));
    this.columns.show(columns, [{ numbers: 0, spare: 0 }, { numbers: 0, spare: 0 }, { numbers: 3, spare: 0.19 }]);
    this.#showSum();
  }

  #showSum() {
    const { query, key, answer } = this;
    const [score, root, ahead] = [answer.scores[query][key], Math.sqrt(answer.width), key > query];
    const bold = (text) => make("b", "", {}, text);
    const among = ahead ? "it comes later: " : query ? `softmax among ${query + 1}: ` : "softmax of one: ";
    this.sum.replaceChildren(
      "sum ", bold(plain(score)), ` ÷ √${answer.width} = `, bold(plain(score / root)), ` → ${among}`,
      bold(`${ahead ? "−∞, " : ""}${showWhole(answer.weights[query][key])}`),
    );
  }
}

/** The d-th numbers of a query and a key, and their product, as a column. */
function drawProduct(d, query, key) {
  const product = query * key;
  const told = `number ${d + 1}: ${plain(query)} × ${plain(key)} = ${plain(product)}`;
  const colour = product < 0 ? "var(--tg-bad, #d55e00)" : "var(--tg-attention, #56b4e9)";
  return { told, bars: [[{ value: query, colour: GREY }], [{ value: key, colour: GREY }], [{ value: product, colour }]] };
}

/** A share in whole percents. */
function showWhole(share) {
  return `${Math.round(100 * share)}%`;
}

/** A number with two decimals and a sign where it is below zero. */
function plain(value) {
  return signed(value).replace("+", "");
}
