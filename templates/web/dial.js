/**
 * A parameter that can be chosen on the slide: buttons for a few values, a slider for more. One tab stop; the arrow keys
 * choose.
 */

import { checkRadio, makeRadio, makeRadios } from "./radios.js";

export const DIAL_LOOK = `
.dial { display: flex; flex-wrap: wrap; align-items: center; gap: 0 10px; font-size: 22px; color: var(--muted); }
.choices { display: flex; border: 2px solid var(--line); border-radius: var(--radius); overflow: hidden; }
.choice { min-width: 40px; min-height: 34px; padding: 0 10px; border: 0; background: var(--surface); color: var(--ink); font: inherit; font-variant-numeric: tabular-nums; cursor: pointer; }
.choice + .choice { border-inline-start: 2px solid var(--line); }
.choice[aria-checked="true"] { background: var(--accent); color: var(--tg-background, Canvas); font-weight: 600; }
.choice:focus-visible { outline-offset: -3px; outline-color: var(--ink); }
.dial input { width: 200px; accent-color: var(--accent); }
.dial output { min-width: 2.6em; color: var(--ink); font-variant-numeric: tabular-nums; }
`;

const MOST_BUTTONS = 6;

export class Dial {
  /** `values` are those of the parameter `name`; `turned(value)` is called when another one is chosen. */
  constructor(name, values, value, turned) {
    Object.assign(this, { name, values, turned });
    this.element = document.createElement("div");
    this.element.className = "dial";
    const label = document.createElement("span");
    label.textContent = name.replaceAll("_", " ");
    this.element.append(label, ...(values.length > MOST_BUTTONS ? this.#slider() : [this.#buttons()]));
    this.set(value);
  }

  /** Shows that `value` is chosen. */
  set(value) {
    this.index = this.values.indexOf(value);
    if (this.input) {
      this.input.value = this.index;
      this.output.textContent = showValue(value);
      this.input.setAttribute("aria-valuetext", showValue(value));
      return;
    }
    checkRadio(this.choices, this.index);
  }

  #buttons() {
    this.choices = makeRadios("choices", this.name.replaceAll("_", " "), (i) => this.#choose(i));
    this.choices.append(...this.values.map((value) => makeRadio("choice", showValue(value))));
    return this.choices;
  }

  #slider() {
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "range", min: 0, max: this.values.length - 1, step: 1 });
    this.input.setAttribute("aria-label", this.name.replaceAll("_", " "));
    this.output = document.createElement("output");
    this.input.addEventListener("input", () => this.#choose(Number(this.input.value)));
    return [this.input, this.output];
  }

  #choose(index) {
    if (index === this.index) return;
    this.set(this.values[index]);
    this.turned(this.values[index]);
  }
}

function showValue(value) {
  if (value === null) return "all";
  if (typeof value === "boolean") return value ? "on" : "off";
  return String(value);
}
