/**
 * An element on a phone, where a slide is shown at a third of its size.
 *
 * There the element keeps its place on the slide, but what is in it is enlarged until its smallest text can be read, and
 * what then has no room is cut off below. A touch opens it as a page of its own, as wide as the screen, with a button
 * that leads back. The page is the element itself in the browser's top layer: what was typed and asked stays as it is.
 */

import { make } from "./parts.js";
import { keepFromTheDeck } from "./stage.js";

const SMALL_SCREEN = "(max-width: 600px), (max-height: 500px)";
const READABLE = 12.5; // px as shown
const SMALLEST = 20; // px of a slide, of any text in an element
const MEASURE_EVERY = 500; // ms: a deck tool tells nobody that it scales its slides anew

const PHONE_LOOK = `
.open, .back { display: none; border: 2px solid var(--accent); border-radius: var(--radius); background: var(--surface); color: var(--ink); font: inherit; cursor: pointer; }
:host([data-phone]) { position: relative; overflow: hidden; }
:host([data-phone]) :is(.tools, .dials, .hint, .entropy) { display: none; }
:host([data-phone]) .open { position: absolute; inset: 0; display: grid; place-items: end; width: 100%; padding: 0; border: 0; background: linear-gradient(transparent 60%, color-mix(in srgb, var(--tg-background, Canvas) 85%, transparent)); }
.open span { padding: 6px 14px; border: 2px solid var(--accent); border-radius: var(--radius); background: var(--surface); font-size: 24px; }
:host(:popover-open) { position: fixed; inset: 0; width: 100%; max-width: none; height: 100%; margin: 0; padding: 10px; border: 0; overflow: hidden auto; background: var(--tg-background, Canvas); color: var(--ink); }
:host(:popover-open) .back { position: sticky; z-index: 1; top: 0; display: block; min-height: 44px; margin: 0 0 10px auto; padding: 0 18px; font-size: 18px; }
:host(:popover-open) .whole { --row: 60px; zoom: 0.72; }
:host(:popover-open) .whole :is(button, .button, .tool, .choice, input) { height: auto; min-width: 58px; min-height: 58px; }
`;

export class Phone {
  /** Minds `element`, whose shadow root holds `frame`; to be made when it is dressed. */
  constructor(element, frame) {
    this.element = element;
    frame.classList.add("whole");
    this.open = make("button", "open", { type: "button", "aria-label": `Open ${frame.getAttribute("aria-label") ?? ""}` });
    this.open.append(make("span", "", {}, "open"));
    this.back = make("button", "back", { type: "button" }, "back to the slide");
    this.open.addEventListener("click", () => this.#openPage());
    this.back.addEventListener("click", () => this.#close());
    keepFromTheDeck(element, () => this.isOpen); // first: the key that closes the page is not the deck's either
    element.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    element.shadowRoot.append(make("style", "", {}, PHONE_LOOK), this.open);
    element.shadowRoot.insertBefore(this.back, frame);
  }

  get isOpen() {
    return this.element.matches(":popover-open");
  }

  /** The element is what the audience looks at. */
  enter() {
    this.#fit();
    this.timer = setInterval(() => this.#fit(), MEASURE_EVERY);
  }

  /** It is no more. */
  leave() {
    clearInterval(this.timer);
    this.#close();
    this.#enlarge(1);
  }

  #fit() {
    const { parentElement } = this.element;
    if (this.isOpen || !parentElement?.offsetWidth) return;
    const scale = parentElement.getBoundingClientRect().width / parentElement.offsetWidth;
    this.#enlarge(matchMedia(SMALL_SCREEN).matches ? READABLE / (SMALLEST * scale) : 1);
  }

  /** Shows what is in the element `times` as large, in the room that it had. */
  #enlarge(times) {
    const { style } = this.element;
    if (Math.abs((Number(style.zoom) || 1) - Math.max(1, times)) < 0.01) return;
    style.zoom = style.height = "";
    this.element.toggleAttribute("data-phone", times > 1);
    if (times <= 1) return;
    const { offsetHeight } = this.element;
    style.zoom = times.toFixed(3);
    style.height = `${offsetHeight / times}px`;
  }

  #openPage() {
    this.#enlarge(1);
    this.element.popover = "manual";
    this.element.showPopover();
    this.back.focus({ preventScroll: true });
  }

  #close() {
    if (!this.isOpen) return;
    this.element.hidePopover();
    this.element.removeAttribute("popover");
    this.#fit();
  }
}
