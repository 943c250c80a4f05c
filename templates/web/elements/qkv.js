/**
 * <talkgen-qkv recording="BASE64">: one head of attention, number by number, in seven steps.
 *
 * The steps are buttons; the arrow keys go from one to the next. The second one is that of a single query and key. Colours are sizes: blue above zero, red below.
 *
 * @typedef {{ tokens, width, q, k, v, scores, weights, output }} QkvAnswer
 */

import { LiveElement } from "../element.js";
import { Pair, PAIR_LOOK } from "../pair.js";
import { make } from "../parts.js";
import { visibleText } from "../pieces.js";
import { checkRadio, makeRadio, makeRadios } from "../radios.js";

const OF_A_HEAD = ["Q, K, V", "q · k", "scores QKᵀ", "÷ √d", "mask", "softmax", "weights · V"];
const [PAIR, SCORES, SCALED, MASKED, SHARES, OUTPUT] = [2, 3, 4, 5, 6, 7];
const WEIGHTS = "softmax: the weights";

const QKV_LOOK = `
.steps { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 6px; }
.sheets:not([hidden]) { display: grid; gap: 6px 22px; grid-template-columns: repeat(3, minmax(0, 1fr)); }
.sheet-title { margin: 0 0 2px; color: var(--muted); font-size: 20px; }
.heat { display: grid; grid-template-columns: 4.4em minmax(0, 1fr); gap: 1px 8px; font-size: 20px; line-height: 22px; }
.heat .who, .numbers .who { overflow: hidden; text-align: end; text-overflow: ellipsis; white-space: pre; }
.strip { display: flex; height: 20px; border-radius: 3px; overflow: hidden; }
.strip i { flex: 1; background: color-mix(in srgb, var(--side) calc(100% * var(--size)), var(--surface)); }
.wide { grid-column: span 2; }
.numbers { display: grid; gap: 3px; align-content: start; font-size: 22px; line-height: 27px; font-variant-numeric: tabular-nums; }
.numbers .row { display: contents; }
.numbers b { overflow: hidden; border-radius: 4px; background: color-mix(in srgb, var(--tg-attention, #56b4e9) calc(45% * var(--size)), var(--surface)); font-weight: 400; text-align: center; }
.numbers b[data-masked] { background: none; color: var(--muted); }
[data-later] { visibility: hidden; }
@container (max-width: 760px) { .sheets { grid-template-columns: minmax(0, 1fr); gap: 4px; } .wide { grid-column: auto; } .numbers { font-size: 20px; line-height: 26px; } .strip { height: 18px; } .heat { line-height: 19px; } }
${PAIR_LOOK}`;

class TalkgenQkv extends LiveElement {
  static look = QKV_LOOK;

  build(body) {
    this.step = this.params.step;
    // A phone's slide has room for the step alone at which the element stands.
    this.steps = makeRadios("steps tools", "Step", (i) => this.#go(i + 1));
    this.steps.append(...OF_A_HEAD.map((name, i) => makeRadio("button", `${i + 1}. ${name}`)));
    this.sheets = make("div", "sheets");
    this.pair = new Pair((words) => this.note(words));
    body.append(this.steps, this.sheets, this.pair.element);
  }

  show([answer]) {
    this.answer = answer;
    this.pair.show(answer);
    this.#go(this.step);
  }

  words([{ tokens, weights, width }]) {
    const last = weights.at(-1);
    const best = last.indexOf(Math.max(...last));
    const [who, what] = [tokens.at(-1), tokens[best]].map(visibleText);
    return `d = ${width} · “${who}” takes ${Math.round(100 * last[best])}% of what it gets from “${what}”`;
  }

  #go(step) {
    this.step = step;
    checkRadio(this.steps, step - 1);
    this.sheets.hidden = step === PAIR;
    this.pair.element.hidden = step !== PAIR;
    const { q, k, v, output } = this.answer;
    const largest = (rows) => Math.max(...rows.flat().map(Math.abs), 1e-9);
    const shared = largest([...q, ...k]);
    this.sheets.replaceChildren(
      this.#heat("queries Q", q, shared),
      this.#heat("keys K", k, shared),
      this.#heat("values V", v, largest(v)),
      this.#numbers(),
      later(this.#heat("output = weights · V", output, largest(v)), this.step < OUTPUT),
    );
  }

  /** A matrix as colours, a row a token. */
  #heat(title, rows, largest) {
    const heat = make("div", "heat", { role: "img", "aria-label": title });
    rows.forEach((row, i) => {
      const strip = make("span", "strip");
      strip.append(
        ...row.map((value) => {
          const cell = make("i");
          cell.style.setProperty("--size", Math.min(1, Math.abs(value) / largest).toFixed(3));
          cell.style.setProperty("--side", value >= 0 ? "var(--tg-attention, #56b4e9)" : "var(--tg-bad, #d55e00)");
          return cell;
        }),
      );
      heat.append(make("span", "who", {}, visibleText(this.answer.tokens[i])), strip);
    });
    return titled(title, heat);
  }

  /** The scores as far as the step has brought them. */
  #numbers() {
    const { tokens, scores, weights, width } = this.answer;
    const { step } = this;
    const scaled = `scores ÷ √${width}`;
    const titles = { [SCALED]: scaled, [MASKED]: `${scaled}, nobody looks ahead`, [SHARES]: WEIGHTS, [OUTPUT]: WEIGHTS };
    const title = titles[step] ?? OF_A_HEAD[SCORES - 1];
    const numbers = make("div", "numbers", { role: "table", "aria-label": title });
    numbers.style.gridTemplateColumns = `4.4em repeat(${tokens.length}, minmax(0, 5.2em))`;
    const who = (role) => (token) => make("span", "who", { role }, visibleText(token));
    const rows = scores.map((row, i) => [who("rowheader")(tokens[i]), ...row.map((score, j) => this.#number(score, weights[i][j], j > i))]);
    for (const cells of [[make("span", "", { role: "cell" }), ...tokens.map(who("columnheader"))], ...rows]) {
      const row = make("div", "row", { role: "row" });
      row.append(...cells);
      numbers.append(row);
    }
    const box = titled(title, numbers);
    box.className = "wide";
    return later(box, step < SCORES);
  }

  #number(score, weight, ahead) {
    const { step } = this;
    const masked = ahead && step >= MASKED;
    const value = step >= SHARES ? weight : step >= SCALED ? score / Math.sqrt(this.answer.width) : score;
    const cell = make("b", "", { role: "cell", ...(masked && { "data-masked": "" }) }, masked ? "−∞" : value.toFixed(2).replace("-", "−"));
    cell.style.setProperty("--size", step >= SHARES && !masked ? weight : 0);
    return cell;
  }
}

function titled(title, content) {
  const box = make("section");
  box.append(make("p", "sheet-title", {}, title), content);
  return box;
}

function later(box, hidden) {
  box.toggleAttribute("data-later", hidden);
  return box;
}

if (!customElements.get("talkgen-qkv")) customElements.define("talkgen-qkv", TalkgenQkv);
