/**
 * One model's share of a live element: the badge that says where the answer comes from, and the bars.
 */

import { Bars, BARS_LOOK } from "./bars.js";

export const PANEL_LOOK = `
.panel { display: grid; grid-row: span 2; grid-template-rows: subgrid; min-width: 0; }
.badge { display: flex; align-items: baseline; gap: 0.45em; margin: 0 0 0.15em; color: var(--muted); font-size: 20px; line-height: 1.4; }
.badge::before { content: ""; flex: none; width: 0.55em; height: 0.55em; border: 2px solid currentColor; border-radius: 50%; }
.badge[data-state="live"]::before { border-color: var(--tg-good, #2fbf95); background: var(--tg-good, #2fbf95); }
.panel[data-cell="attention"] { --bar: var(--tg-attention, #56b4e9); }
.panel[data-cell="recurrent"] { --bar: var(--tg-recurrent, #e69f00); }
.stale .bars { opacity: 0.45; }
.waiting .bars { opacity: 0.6; transition: opacity 0s 500ms; }
${BARS_LOOK}
`;

/** The badge and the bars of one recorded model. */
export class Panel {
  constructor(model, pick, leave) {
    this.model = model;
    this.element = document.createElement("section");
    this.element.className = "panel";
    this.element.dataset.cell = ["lstm", "rnn"].includes(model.architecture) ? "recurrent" : "attention";
    this.element.setAttribute("aria-label", model.label);
    this.badge = document.createElement("p");
    this.badge.className = "badge";
    this.badge.append(document.createElement("span"));
    this.bars = new Bars(`Likeliest next tokens of ${model.label}`, pick, leave);
    this.element.append(this.badge, this.bars.element);
  }

  /** Shows a live answer of the model `label`. */
  showLive(answer, label, settings) {
    this.#show(answer, settings, "live", `live · ${label}`, false);
  }

  /** Shows a recorded answer; `stale` where it is another text's. */
  showRecorded(answer, date, settings, stale) {
    this.#show(answer, settings, "recorded", `recorded · ${this.model.label} · ${date}`, stale);
  }

  /** Dims the bars while they are the answer to another text. */
  dim(name) {
    this.element.classList.toggle("stale", name === "stale");
    this.element.classList.toggle("waiting", name === "waiting");
  }

  #show(answer, settings, state, text, stale) {
    this.badge.dataset.state = state;
    this.badge.firstChild.textContent = text;
    this.bars.show(answer, settings);
    this.dim(stale ? "stale" : "");
  }
}
