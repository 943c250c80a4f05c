/** What elements in web/ are made of: tags with their attributes, a shadow root in an element's look, keys in a grid. */

import { LOOK } from "./look.js";

/** An answer that is another text's: grey in a dashed frame, since what is faint cannot be read from the back row. */
export const markAnothers = (part, stale, waiting) => `
${part} { outline: 2px dashed transparent; outline-offset: 2px; }
${stale}, ${waiting} { outline-color: var(--muted); filter: grayscale(1); }
${waiting} { transition: outline-color 0s 500ms, filter 0s 500ms; }
`;

/** A line under an element for who looks, and one for who listens alone. */
export const STATUS_LOOK = `
.status { min-height: 1.4em; margin: 0; color: var(--muted); font-size: 20px; line-height: 1.4; }
.status[data-kind="notice"] { color: var(--ink); }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print { .status { visibility: hidden; } }
`;

/** Fills the shadow root of `element` with `frame`, in the look of all elements and in its own. */
export function dress(element, look, frame) {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = LOOK + look;
  root.replaceChildren(style, frame);
}

/** An element of HTML with a class and attributes. */
export function make(tag, name = "", attributes = {}, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  if (text !== "") made.textContent = text;
  return made;
}

/** An element of SVG with attributes. */
export function draw(tag, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  if (text !== "") made.textContent = text;
  return made;
}

/** Moves the focus among `cells` of a grid of `columns` with the arrow keys; whether the key was one. */
export function moveFocus(event, cells, columns) {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  const next = cells[cells.indexOf(event.target) + (step ?? NaN)];
  if (step) event.preventDefault();
  next?.focus();
  return Boolean(step);
}
