/**
 * <talkgen-decoding recording="BASE64">: the tree of beginnings that beam search looks at, growing step by step.
 *
 * Likelier beginnings stand higher; the best text and the one that greedy search finds are in colour. The buttons, or the
 * arrow keys on the tree, go from step to step; Play lets it grow.
 *
 * @typedef {{ text, parent, p, fate }} Beginning
 * @typedef {{ steps, best, greedy, greedy_text, greedy_p, beam_text, beam_p }} DecodingAnswer
 */

import { LiveElement } from "../element.js";
import { draw, make } from "../parts.js";
import { visibleText } from "../pieces.js";

const [COLUMN, ROW, CHIP] = [196, 42, 172]; // px of the tree: from step to step, from text to text, a token's width
const EVERY = 900; // ms from step to step

const DECODING_LOOK = `
.tree { display: block; width: 100%; max-height: 256px; }
.grove { overflow-x: auto; }
.tree:focus-visible { outline-offset: 4px; }
.tree text { fill: var(--ink); font-size: 22px; font-weight: 600; }
.tree .share { fill: var(--muted); font-size: 20px; font-weight: 400; text-anchor: end; }
.tree g { transition: opacity 300ms; }
.tree rect { fill: var(--surface); stroke: var(--colour); stroke-width: 3; }
.tree path { fill: none; stroke: var(--colour); stroke-width: 3; transition: opacity 300ms; }
[data-kind="best"] { --colour: var(--accent); }
[data-kind="greedy"] { --colour: var(--tg-attention, #56b4e9); }
[data-kind="both"] { --colour: var(--tg-good, #2fbf95); }
[data-kind="kept"] { --colour: var(--muted); }
[data-kind="dropped"] { --colour: var(--line); }
.tree [data-kind="dropped"] text { fill: var(--muted); }
.tree [data-later] { opacity: 0; }
.found { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 16px; margin: 4px 0; font-size: 24px; line-height: 1.2; }
.found dt { color: var(--colour); font-weight: 600; }
.found dd { margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.found .p { color: var(--muted); font-variant-numeric: tabular-nums; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
@container (max-width: 600px) {
  .tree { width: var(--wide); max-height: none; }
  .found { grid-template-columns: auto minmax(0, 1fr); }
  .found dd { white-space: pre-wrap; }
  .found .p { grid-column: 2; }
}
@media (prefers-reduced-motion: reduce) { .tree g, .tree path { transition: none; } }
`;

class TalkgenDecoding extends LiveElement {
  static look = DECODING_LOOK;

  build(body) {
    this.tree = draw("svg", { class: "tree", role: "img", tabindex: 0 });
    this.tree.addEventListener("keydown", (event) => this.#onKey(event));
    this.found = make("dl", "found");
    const tools = make("div", "tools");
    this.back = this.#button("◀", "A step back", () => this.#go(this.step - 1));
    this.forth = this.#button("▶", "A step on", () => this.#go(this.step + 1));
    this.playing = this.#button("Play", "Let the tree grow", () => this.#play());
    tools.append(this.back, this.forth, this.playing);
    const grove = make("div", "grove");
    grove.append(this.tree);
    body.append(grove, this.found, tools);
  }

  #button(text, label, clicked) {
    const button = make("button", "button", { type: "button", "aria-label": label }, text);
    button.addEventListener("click", () => {
      this.#stop();
      clicked();
    });
    return button;
  }

  disconnectedCallback() {
    this.#stop();
    super.disconnectedCallback();
  }

  show([answer], [question]) {
    const key = JSON.stringify([answer, question.params.width]);
    if (this.drawn === key) return; // the same tree keeps its step
    this.drawn = key;
    this.#stop();
    this.answer = answer;
    this.#drawTree();
    this.#go(answer.steps.length);
  }

  #drawTree() {
    const { steps, best, greedy } = this.answer;
    const high = Math.max(1, ...steps.map((step) => step.length)) * ROW;
    const wide = steps.length * COLUMN - (COLUMN - CHIP) + 4;
    this.tree.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.tree.style.setProperty("--wide", `${wide}px`);
    const parts = steps.flatMap((step, x) =>
      step.flatMap((beginning, y) => {
        const [isBest, isGreedy] = [best[x] === y, greedy[x] === y];
        const kind = isBest && isGreedy ? "both" : isBest ? "best" : isGreedy ? "greedy" : beginning.fate;
        return [...(x ? [drawLine(x, y, beginning.parent, kind)] : []), drawChip(x, y, beginning, kind)];
      }),
    );
    parts.sort((a, b) => (a.tagName === "g") - (b.tagName === "g")); // lines below the chips
    this.tree.replaceChildren(...parts);
  }

  #go(step) {
    const { steps } = this.answer;
    this.step = Math.max(1, Math.min(step, steps.length));
    for (const part of this.tree.children) part.toggleAttribute("data-later", Number(part.dataset.step) >= this.step);
    this.back.disabled = this.step <= 1;
    this.forth.disabled = this.step >= steps.length;
    this.#tell();
  }

  #tell() {
    const { steps, greedy_text, greedy_p, beam_text, beam_p } = this.answer;
    const seen = steps.slice(0, this.step).reduce((sum, step) => sum + step.length, 0);
    this.tree.setAttribute("aria-label", `Step ${this.step} of ${steps.length}: ${seen} beginnings looked at`);
    const row = (name, kind, text, p) => [
      make("dt", "", { "data-kind": kind }, name),
      make("dd", "", {}, `“${visibleLine(text)}”`),
      make("dd", "p", {}, `p = ${p.toPrecision(2)}`),
    ];
    const same = greedy_text === beam_text;
    this.found.replaceChildren(
      ...row("greedy", same ? "both" : "greedy", greedy_text, greedy_p),
      ...row("beam", same ? "both" : "best", beam_text, beam_p),
    );
    this.note(this.words());
    this.status.dataset.kind = "count";
  }

  words() {
    const { steps, greedy_p, beam_p } = this.answer;
    const ratio = beam_p / greedy_p;
    const end = ratio > 1.005 ? `the beam's text is ${ratio.toFixed(ratio < 2 ? 2 : 1)} times as likely` : "both find the same probability";
    return `step ${this.step} of ${steps.length} · ${end}`;
  }

  #play() {
    this.#go(1);
    this.timer = setInterval(() => {
      this.#go(this.step + 1);
      if (this.step >= this.answer.steps.length) this.#stop();
    }, EVERY);
  }

  #stop() {
    clearInterval(this.timer);
  }

  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#stop();
    this.#go(this.step + step);
  }
}

function drawLine(x, y, parent, kind) {
  const [left, from, right, to] = [(x - 1) * COLUMN + CHIP, parent * ROW + ROW / 2, x * COLUMN, y * ROW + ROW / 2];
  const bend = (COLUMN - CHIP) / 2;
  const d = `M${left} ${from}C${left + bend} ${from} ${right - bend} ${to} ${right} ${to}`;
  return draw("path", { d, "data-kind": kind, "data-step": x });
}

function drawChip(x, y, { text, p }, kind) {
  const chip = draw("g", { "data-kind": kind, "data-step": x });
  const [left, top] = [x * COLUMN + 2, y * ROW + 3];
  const shown = visibleText(text);
  chip.append(
    draw("rect", { x: left, y: top, width: CHIP - 4, height: ROW - 6, rx: 8 }),
    draw("text", { x: left + 9, y: top + 26 }, shown.length > 7 ? `${shown.slice(0, 6)}…` : shown),
    draw("text", { class: "share", x: left + CHIP - 13, y: top + 25 }, shortShare(p)),
  );
  return chip;
}

/** A probability in the room of a chip: .35, .0049, 7.7e-4. */
function shortShare(p) {
  return p >= 0.00095 ? p.toPrecision(2).replace(/^0/, "") : p.toExponential(1);
}

function visibleLine(text) {
  return text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

if (!customElements.get("talkgen-decoding")) customElements.define("talkgen-decoding", TalkgenDecoding);
