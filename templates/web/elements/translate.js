/**
 * <talkgen-translate recording="BASE64">: a sentence and its translation, and where each word of it looked.
 *
 * A word that is pointed at, or reached with the arrow keys, shows its lines alone. Words in an order that the model never saw are named.
 *
 * @typedef {{ source, target, text, weights, strange }} TranslateAnswer
 */

import { LiveElement } from "../element.js";
import { draw, make, moveFocus } from "../parts.js";

const [EACH, SHEET_HIGH, ENGLISH, FRENCH] = [130, 300, 46, 254]; // px of the drawing: a word's room, and the lines of words

const TRANSLATE_LOOK = `
.french { margin: 6px 0; font-size: 38px; font-weight: 600; }
.strange { margin: 0; color: var(--tg-bad, #d55e00); font-size: 22px; font-weight: 700; }
.paths { overflow-x: auto; }
.alignment { display: block; width: 100%; max-height: 290px; }
.alignment text { fill: var(--ink); font-size: 32px; text-anchor: middle; }
.alignment path { fill: none; stroke: var(--tg-attention, #56b4e9); stroke-width: calc(1px + 13px * var(--w)); stroke-opacity: calc(0.12 + 0.88 * var(--w)); transition: stroke-opacity 160ms; }
.alignment .word:focus { outline: none; }
.alignment .word:focus text, .alignment .word:hover text { fill: var(--accent); font-weight: 700; }
.alignment[data-one] path:not([data-shown]) { stroke-opacity: 0.04; }
@container (max-width: 600px) { .alignment { min-width: calc(84px * var(--words)); max-height: none; } }
@media (prefers-reduced-motion: reduce) { .alignment path { transition: none; } }
`;

class TalkgenTranslate extends LiveElement {
  static look = TRANSLATE_LOOK;
  promptLabel = "English";

  build(body) {
    this.french = make("p", "french", { lang: "fr" });
    this.strange = make("p", "strange", { role: "status" });
    this.alignment = draw("svg", { class: "alignment", role: "group" });
    const paths = make("div", "paths");
    paths.append(this.alignment);
    body.append(this.french, this.strange, paths);
  }

  show([answer]) {
    this.answer = answer;
    const { source, target, text, weights, strange } = answer;
    this.french.textContent = text;
    this.strange.textContent = strange.length ? `chance: it never saw words in this order: “${strange.join(" ")}”` : "";
    const most = Math.max(source.length, target.length);
    const place = (i, count) => ((i + 0.5) * EACH * most) / count;
    this.alignment.setAttribute("viewBox", `0 0 ${EACH * most} ${SHEET_HIGH}`);
    this.alignment.style.setProperty("--words", most);
    const lines = weights.flatMap((row, t) =>
      row.map((weight, s) => {
        const [from, to] = [place(t, target.length), place(s, source.length)];
        const d = `M${from} ${FRENCH - 30}C${from} 150 ${to} 150 ${to} ${ENGLISH + 14}`;
        return draw("path", { d, style: `--w: ${weight}`, "data-word": t });
      }),
    );
    const above = source.map((word, s) => draw("text", { x: place(s, source.length), y: ENGLISH }, word));
    const words = target.map((word, t) => {
      const group = draw("g", { class: "word", tabindex: t ? -1 : 0, role: "img", "aria-label": this.#says(t) });
      group.append(draw("text", { x: place(t, target.length), y: FRENCH + 10 }, word));
      ["pointerenter", "focus"].forEach((name) => group.addEventListener(name, () => this.#pick(t)));
      ["pointerleave", "blur"].forEach((name) => group.addEventListener(name, () => this.#pick(null)));
      group.addEventListener("keydown", (event) => moveFocus(event, words, words.length));
      return group;
    });
    this.alignment.replaceChildren(...lines, ...above, ...words);
  }

  words([{ source, target }]) {
    return `${source.length - 1} words read, ${target.length} written · → ends the sentence`;
  }

  #says(t) {
    const { source, target, weights } = this.answer;
    const order = source.map((_, s) => s).sort((a, b) => weights[t][b] - weights[t][a]).slice(0, 2);
    return `“${target[t]}” looked at ${order.map((s) => `“${source[s]}” ${Math.round(100 * weights[t][s])}%`).join(", ")}`;
  }

  #pick(t) {
    this.alignment.toggleAttribute("data-one", t !== null);
    for (const line of this.alignment.querySelectorAll("path")) line.toggleAttribute("data-shown", Number(line.dataset.word) === t);
    if (t !== null) this.note(this.#says(t));
  }
}

if (!customElements.get("talkgen-translate")) customElements.define("talkgen-translate", TalkgenTranslate);
