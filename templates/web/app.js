/**
 * <talkgen-app src="/demos/NAME" label="NAME">: a Gradio app of the talk's own server, in a frame.
 *
 * The frame is opened when its slide is first on stage and the server is there. When the server is gone, what the app
 * showed last stays in sight, still and dimmed, and the badge says so; when it is back, the app is opened again. So it is
 * where the presenter wants nothing live. Without a server a line says what would stand there. Keys meant for the deck
 * are handed on to it, and Esc leaves the frame.
 */

import { forcedHere, listen, serverThere } from "./backend.js";
import { BADGE_LOOK, makeBadge, setBadge } from "./badge.js";
import { dress } from "./parts.js";
import { watchStage } from "./stage.js";

const CLICKER = ["PageUp", "PageDown"]; // what a clicker sends, also while a button or a slider has the focus
const TURNS = [...CLICKER, "ArrowLeft", "ArrowRight"];
const TAKES_KEYS = "input, textarea, select, [contenteditable], [role=slider], [role=listbox], [role=combobox]";

const APP_LOOK = `
:host { height: 480px; }
.app { display: grid; grid-template-rows: auto 1fr; height: 100%; }
iframe, .instead { grid-area: 2 / 1; width: 100%; height: 100%; border: 2px solid var(--line); border-radius: var(--radius); }
iframe { background: Canvas; }
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
    this.instead = document.createElement("p");
    this.instead.className = "instead";
    this.instead.textContent = `${this.#label} runs here while the talk is presented`;
    this.area.append(this.badge, this.frame, this.instead);
    dress(this, APP_LOOK, this.area);
  }

  get #label() {
    return this.getAttribute("label");
  }

  #enter() {
    this.leaveStage = listen(() => this.#follow());
  }

  #leave() {
    this.leaveStage();
    this.leaveStage = () => {};
    this.frame.blur();
  }

  /** Opens the app where the server is there, and stills it where it is gone. */
  #follow() {
    const { state } = this.area.dataset;
    const there = serverThere() && forcedHere() !== "recorded";
    if (there && state !== "live" && state !== "opening") this.#open();
    else if (!there && state !== "none") this.#show("gone");
  }

  #open() {
    this.#show("opening");
    this.frame.src = `${this.getAttribute("src")}/`;
  }

  #opened() {
    const page = this.frame.contentDocument;
    if (this.area.dataset.state !== "opening" || !page || page.URL === "about:blank") return;
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
    this.frame.hidden = state === "none";
    this.frame.inert = state === "gone";
    this.instead.hidden = state !== "none";
    const words = { none: "not here", opening: "opening", live: "live", gone: "gone, as it was last" }[state];
    setBadge(this.badge, state === "live" ? "live" : "recorded", `${words} · ${this.#label}`);
  }
}

if (!customElements.get("talkgen-app")) customElements.define("talkgen-app", TalkgenApp);
