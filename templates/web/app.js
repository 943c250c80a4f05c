/**
 * <talkgen-app src="/demos/NAME" label="NAME" poster="FILE">: a Gradio app of the talk's own server, in a frame.
 *
 * The frame is opened when its slide is first on stage and the server is there. When the server is gone, its recorded
 * picture takes its place; where it has none, what the app showed last stays in sight, still and dimmed, and the badge
 * says so. So it is where the presenter wants nothing live. When the server is back, the app goes on where it was, with
 * what was typed into it; it is opened anew where the server was started anew, which knows nothing of it. Without a
 * server and a picture a line says what would stand there. Keys meant for the deck are handed on to it, and Esc leaves
 * the frame.
 */

import { forcedHere, listen, serverRun, serverThere } from "./backend.js";
import { BADGE_LOOK, makeBadge, setBadge } from "./badge.js";
import { dress } from "./parts.js";
import { Phone } from "./phone.js";
import { watchStage } from "./stage.js";

const CLICKER = ["PageUp", "PageDown"]; // what a clicker sends, also while a button or a slider has the focus
const TURNS = [...CLICKER, "ArrowLeft", "ArrowRight"];
const TAKES_KEYS = "input, textarea, select, [contenteditable], [role=slider], [role=listbox], [role=combobox]";

const APP_LOOK = `
:host { height: 480px; }
.app { display: grid; grid-template-rows: auto minmax(0, 1fr); height: 100%; }
iframe, img, .instead { grid-area: 2 / 1; width: 100%; height: 100%; border: 2px solid var(--line); border-radius: var(--radius); }
iframe { background: Canvas; }
img { object-fit: contain; object-position: top; }
.app[data-state="gone"] iframe { opacity: 0.5; pointer-events: none; }
.instead { display: grid; place-items: center; margin: 0; color: var(--muted); background: var(--surface); }
[hidden] { display: none; }
${BADGE_LOOK}`;

class TalkgenApp extends HTMLElement {
  connectedCallback() {
    this.leaveStage = () => {};
    this.#build();
    this.#show("none");
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.#enter() : this.#leave()));
  }

  disconnectedCallback() {
    this.unwatch();
    this.#leave();
  }

  #build() {
    this.area = document.createElement("div");
    this.area.className = "app";
    this.badge = makeBadge();
    this.frame = document.createElement("iframe");
    this.frame.title = this.#label;
    this.frame.hidden = true;
    this.frame.addEventListener("load", () => this.#opened());
    this.picture = document.createElement("img");
    this.picture.alt = `${this.#label}, a picture of the app`;
    if (this.#poster) this.picture.src = this.#poster;
    this.instead = document.createElement("p");
    this.instead.className = "instead";
    this.instead.textContent = `${this.#label} runs here while the talk is presented`;
    this.area.append(this.badge, this.frame, this.picture, this.instead);
    dress(this, APP_LOOK, this.area);
    this.phone = new Phone(this, this.area);
  }

  get #label() {
    return this.getAttribute("label");
  }

  get #poster() {
    return this.getAttribute("poster");
  }

  #enter() {
    this.phone.enter();
    this.leaveStage = listen(() => this.#follow());
  }

  #leave() {
    this.phone.leave();
    this.leaveStage();
    this.leaveStage = () => {};
    this.frame.blur();
  }

  /** Opens the app where the server is there, or goes on with it, and stills it where it is gone. */
  #follow() {
    const { state } = this.area.dataset;
    const there = serverThere() && forcedHere() !== "recorded";
    if (there && this.run !== undefined && this.run === serverRun()) this.#show("live");
    else if (there && state !== "opening") this.#open();
    else if (!there && state !== "none") this.#show("gone");
  }

  #open() {
    this.run = undefined; // of the server that the app in the frame is of
    this.#show("opening");
    this.frame.src = `${this.getAttribute("src")}/?__theme=${this.#scheme()}`;
  }

  /** Whether the slide is dark or light, by the colour of its text: Gradio would ask the system, which knows no deck. */
  #scheme() {
    const [red, green, blue] = getComputedStyle(this.parentElement ?? this).color.match(/[\d.]+/g).map(Number);
    return 0.299 * red + 0.587 * green + 0.114 * blue > 127 ? "dark" : "light";
  }

  #opened() {
    const page = this.frame.contentDocument;
    if (this.area.dataset.state !== "opening" || !page || page.URL === "about:blank") return;
    this.run = serverRun();
    this.#show("live");
    page.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
  }

  #onKey(event) {
    if (event.key === "Escape") return this.#handBack();
    if (!TURNS.includes(event.key)) return;
    if (event.target.closest?.(TAKES_KEYS) && !(CLICKER.includes(event.key) && !event.target.closest("textarea"))) return;
    event.preventDefault();
    this.#handBack();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, code: event.code, bubbles: true }));
  }

  /** Gives the clicker back to the deck. */
  #handBack() {
    this.frame.blur();
    window.focus();
  }

  #show(state) {
    this.area.dataset.state = state;
    const pictured = Boolean(this.#poster) && (state === "none" || state === "gone");
    this.frame.hidden = state === "none" || pictured;
    this.frame.inert = state === "gone";
    this.picture.hidden = !pictured;
    this.instead.hidden = state !== "none" || pictured;
    const still = { none: "not here", gone: "gone, as it was last" };
    const words = { opening: "opening", live: "live", ...(pictured ? { none: "recorded", gone: "recorded" } : still) }[state];
    setBadge(this.badge, state === "live" ? "live" : "recorded", `${words} · ${this.#label}`);
  }
}

if (!customElements.get("talkgen-app")) customElements.define("talkgen-app", TalkgenApp);
