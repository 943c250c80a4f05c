/**
 * One model's share of a live element: the badge that says where the answer comes from, the entropy, and the bars.
 */

import { BADGE_LOOK, makeBadge, setBadge } from "./badge.js";
import { Bars, BARS_LOOK, isFiltered } from "./bars.js";
import { markAnothers } from "./parts.js";

export const PANEL_LOOK = `
.panel { display: grid; grid-row: span 2; grid-template-rows: subgrid; min-width: 0; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; column-gap: 1em; }
.entropy { margin: 0; color: var(--muted); font-size: 20px; line-height: 1.4; font-variant-numeric: tabular-nums; }
.panel[data-cell="attention"] { --bar: var(--tg-attention, #56b4e9); }
.panel[data-cell="recurrent"] { --bar: var(--tg-recurrent, #e69f00); }
${markAnothers(".bars", ".stale .bars", ".waiting .bars")}
${BADGE_LOOK}${BARS_LOOK}
`;

/** The badge and the bars of one recorded model. */
export class Panel {
  constructor(model, pick, leave) {
    this.model = model;
    this.element = document.createElement("section");
    this.element.className = "panel";
    this.element.dataset.cell = ["lstm", "rnn"].includes(model.architecture) ? "recurrent" : "attention";
    this.element.setAttribute("aria-label", model.label);
    this.badge = makeBadge();
    this.bars = new Bars(`Likeliest next tokens of ${model.label}`, pick, leave);
    this.entropy = document.createElement("p");
    this.entropy.className = "entropy";
    const head = document.createElement("div");
    head.className = "head";
    head.append(this.badge, this.entropy);
    this.element.append(head, this.bars.element);
  }

  /** Shows a live answer of the model `label`. */
  showLive(answer, label, settings) {
    this.#show(answer, settings, "live", `live · ${label}`, false);
  }

  /** Shows the answer of a model that lies in the page. */
  showInPage(answer, settings) {
    this.#show(answer, settings, "page", `in this page · ${this.model.label}`, false);
  }

  /** Shows a recorded answer; `stale` where it is another text's. */
  showRecorded(answer, date, settings, stale) {
    this.#show(answer, settings, "recorded", `recorded · ${this.model.label} · ${date}`, stale);
  }

  /** Greys the bars while they are the answer to another text. */
  mark(name) {
    this.element.classList.toggle("stale", name === "stale");
    this.element.classList.toggle("waiting", name === "waiting");
  }

  #show(answer, settings, state, text, stale) {
    setBadge(this.badge, state, text);
    this.entropy.textContent = entropyWords(answer, settings);
    this.bars.show(answer, settings);
    this.mark(stale ? "stale" : "");
  }
}

/** The entropy in words; where it is drawn from fewer tokens or others, what is left of it. */
function entropyWords({ entropy, kept, entropy_sampled }, settings) {
  const own = `entropy ${entropy.toFixed(1)} bits`;
  if (!isFiltered(settings)) return own;
  const among = settings.top_k == null && settings.top_p == null ? "" : ` among ${kept} ${kept === 1 ? "token" : "tokens"}`;
  return `${own} → ${entropy_sampled.toFixed(1)}${among}`;
}
