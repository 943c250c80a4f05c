/**
 * Groups of radio buttons: one tab stop, the chosen button; a click and the arrow keys choose.
 */

import { make, moveFocus } from "./parts.js";

/** A group of the class `name` without buttons; `choose(i)` is called with the place of the one that is chosen. */
export function makeRadios(name, label, choose) {
  const group = make("div", name, { role: "radiogroup", "aria-label": label });
  group.addEventListener("click", (event) => {
    const place = [...group.children].indexOf(event.target.closest("[role=radio]:enabled"));
    if (place >= 0) choose(place);
  });
  group.addEventListener("keydown", (event) => {
    if (moveFocus(event, [...group.querySelectorAll(":enabled")], 1)) group.getRootNode().activeElement.click();
  });
  return group;
}

/** A button for such a group. */
export function makeRadio(name, text) {
  return make("button", name, { type: "button", role: "radio" }, text);
}

/** Shows which one of a group is chosen; at -1 none is, and the first has the tab stop. */
export function checkRadio(group, chosen) {
  [...group.children].forEach((radio, i) => {
    radio.setAttribute("aria-checked", i === chosen);
    radio.tabIndex = i === Math.max(0, chosen) ? 0 : -1;
  });
}
