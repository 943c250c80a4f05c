/**
 * The likeliest next tokens as a vertical list of bars; one click, or the arrow keys and Enter, picks one.
 *
 * A bar's length is the probability with which the token is drawn; where temperature, top-k or top-p change that, an
 * outline keeps the model's own probability in sight, also for tokens that are never drawn, whose names are struck out.
 */

import { appendVisible, visibleText } from "./pieces.js";

export const BARS_LOOK = `
.bars { display: grid; grid-template-columns: min(34%, 10em) 1fr 3.4em; column-gap: 0.5em; margin: 0; padding: 0; list-style: none; }
.bar { display: grid; padding-inline: 6px; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; height: var(--row); border-radius: var(--radius); cursor: pointer; font-size: var(--row-text); line-height: 1; }
.bar:hover { background: var(--surface); }
.bar:focus-visible { outline-offset: -1px; }
.label { overflow: hidden; text-align: end; text-overflow: ellipsis; white-space: pre; line-height: 1.3; font-weight: 600; }
.track { position: relative; height: 62%; }
.fill, .before { position: absolute; inset: 0 auto 0 0; border-radius: 4px; }
.fill { background: var(--bar); transition: width 140ms ease-out; }
.before { border: 2px solid var(--bar); opacity: 0.75; }
.share { text-align: end; font-variant-numeric: tabular-nums; }
[aria-disabled="true"] { cursor: default; }
.pruned .label, .pruned .share { color: var(--muted); font-weight: 400; }
.pruned .label { text-decoration: line-through 2px; }
.label .id { display: inline-block; margin-inline-end: 0.5em; color: var(--muted); font: 400 20px/1 var(--tg-font-mono, monospace), monospace; }
.other { cursor: default; color: var(--muted); }
.other .label { font-weight: 400; font-style: italic; }
.other .fill { background: var(--line); }
.bars:not([data-ids]) .label .id { display: none; }
.other:hover { background: none; }
@media (prefers-reduced-motion: reduce) { .fill { transition: none; } }
`;

/** A probability in the fewest figures that still tell it from its neighbours. */
export function showShare(p) {
  if (p === 0) return "0%";
  if (p < 0.001) return "<0.1%";
  return `${(100 * p).toFixed(p >= 0.0995 ? 0 : 1)}%`;
}

/** Whether settings draw otherwise than the model says. */
export function isFiltered({ temperature, top_k, top_p }) {
  return temperature !== 1 || top_k != null || top_p != null;
}

/** The list element of one model's answer. */
export class Bars {
  /**
   * `pick(text)` is called with the text of a chosen token, `leave(event)` with a key that is meant for the prompt.
   */
  constructor(label, pick, leave) {
    this.element = document.createElement("ol");
    this.element.className = "bars";
    this.element.setAttribute("role", "listbox");
    this.element.setAttribute("aria-label", label);
    this.element.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")));
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.pick = pick;
    this.leave = leave;
    this.candidates = [];
  }

  /**
   * Shows an answer; rows stay where they are, so that bars move and the focus holds. A bar of the probability `most` is
   * as long as can be; where that is not 1, the other tokens together have no bar, for which there is no room.
   */
  show(answer, settings, most = 1) {
    this.candidates = answer.candidates;
    const filtered = isFiltered(settings);
    while (this.element.children.length > answer.candidates.length + 1) this.element.lastChild.remove();
    while (this.element.children.length < answer.candidates.length + 1) this.element.append(makeRow());
    answer.candidates.forEach(({ id, text, p, p_sampled, append }, i) => {
      fillRow(this.element.children[i], text, filtered ? p_sampled : p, filtered ? p : null, i === 0, most);
      markRow(this.element.children[i], id, filtered && p_sampled === 0);
      this.element.children[i].setAttribute("aria-disabled", append === false);
    });
    const shown = answer.candidates.reduce((sum, { p, p_sampled }) => sum + (filtered ? p_sampled : p), 0);
    fillOther(this.element.lastChild, Math.max(0, 1 - shown), most);
  }

  /** Shows the tokens' numbers, or no more. */
  showIds(shown) {
    this.element.toggleAttribute("data-ids", shown);
  }

  /** Moves the focus to the likeliest token. */
  focus() {
    this.element.querySelector("[role=option]")?.focus();
  }

  /** Picks the likeliest token. */
  pickFirst() {
    this.#choose(this.element.firstChild);
  }

  #choose(row) {
    const candidate = this.candidates[[...this.element.children].indexOf(row)];
    if (candidate && candidate.append !== false) this.pick(candidate.text);
  }

  #onKey(event) {
    const row = event.target;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#choose(row);
    } else if (step) {
      event.preventDefault();
      const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
      if (next?.role === "option") next.focus();
      else if (step < 0) this.leave(event);
    } else if ((event.key.length === 1 || event.key === "Backspace") && !event.ctrlKey && !event.metaKey) {
      this.leave(event);
    }
  }
}

function makeRow() {
  const row = document.createElement("li");
  row.innerHTML =
    '<span class="label"></span><span class="track"><span class="before"></span><span class="fill"></span></span><span class="share"></span>';
  return row;
}

function fillRow(row, text, share, before, first, most) {
  const [label, track, number] = row.children;
  row.className = "bar";
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  row.setAttribute("aria-label", `${visibleText(text)} ${showShare(share)}`);
  row.tabIndex = first ? 0 : -1;
  label.replaceChildren();
  appendVisible(label, text);
  track.firstChild.style.width = `${(100 * (before ?? 0)) / most}%`;
  track.firstChild.hidden = before === null;
  track.lastChild.style.width = `${(100 * share) / most}%`;
  number.textContent = showShare(share);
}

/** Shows a token's number, and that it is never drawn. */
function markRow(row, id, pruned) {
  row.classList.toggle("pruned", pruned);
  if (pruned) row.setAttribute("aria-label", `${row.getAttribute("aria-label")}, never drawn`);
  if (id == null) return;
  const number = document.createElement("span");
  number.className = "id";
  number.textContent = id;
  row.firstChild.prepend(number);
}

function fillOther(row, share, most) {
  fillRow(row, "", share, null, false, 1);
  row.children[1].style.visibility = most === 1 ? "" : "hidden";
  row.className = "bar other";
  row.setAttribute("role", "presentation");
  for (const name of ["tabindex", "aria-selected", "aria-label"]) row.removeAttribute(name);
  row.firstChild.textContent = "other";
}
