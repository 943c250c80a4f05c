/**
 * <talkgen-live recording="BASE64">: type a prompt, see its tokens and what a real model thinks comes next.
 *
 * The recording is shown at once and stays true on its own. While the element is on stage and the server has the model,
 * its answers take the recording's place; when it is gone or slow, a model that lies in the page answers, and where there
 * is none, the recording is back. Two recorded models stand side by side. One question is on its way at a time; when its
 * answer is drawn, the text that is there by then is asked.
 */

import { ask, forcedHere, listen, modelThere } from "./backend.js";
import { showShare } from "./bars.js";
import { askInPage, isInPage } from "./in_page.js";
import { LOOK } from "./look.js";
import { Panel, PANEL_LOOK } from "./panel.js";
import { alignPieces, visibleText } from "./pieces.js";
import { PROMPT_LOOK, PromptBox } from "./prompt.js";
import { decodeAttribute, nearestPrompt, recordedAnswer } from "./recording.js";
import { watchStage } from "./stage.js";

const DEADLINE = 1000; // ms after which an answer counts as none: the recorded one is shown, until it comes
const AGAIN = 1000; // ms until a server that could not answer is asked again
const KEPT_FROM_THE_DECK = ["keydown", "keypress", "wheel", "touchstart", "touchmove", "touchend"];

const LIVE_LOOK = `
.live { display: grid; gap: 6px; --row: 42px; --row-text: 29px; }
.live[data-rows="many"] { --row: 35px; --row-text: 28px; }
.live[data-rows="crowd"] { --row: 25px; --row-text: 22px; }
.status { min-height: 1.4em; margin: 0; color: var(--muted); font-size: 20px; line-height: 1.4; }
.status[data-kind="notice"] { color: var(--ink); }
.hint { display: none; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.live:focus-within .hint { display: inline; }
.panels { display: grid; grid-template-rows: auto auto; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); column-gap: 32px; }
@media print { .status { visibility: hidden; } }
${PROMPT_LOOK}${PANEL_LOOK}`;

class TalkgenLive extends HTMLElement {
  connectedCallback() {
    this.recording = decodeAttribute(this.getAttribute("recording"));
    this.leaveStage = () => {};
    this.fallen = "recorded"; // who answers without the server: nobody while it does, the recording, or the page
    this.#build();
    this.box.text = this.recording.prompt;
    this.#showRecorded();
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.#enter() : this.#leave()));
  }

  disconnectedCallback() {
    this.unwatch();
    this.#leave();
  }

  #build() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = LOOK + LIVE_LOOK;
    const frame = document.createElement("div");
    frame.className = "live";
    const { bars } = this.recording.settings;
    frame.dataset.rows = bars > 10 ? "crowd" : bars > 6 || this.recording.models.length > 1 ? "many" : "few";
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "Next-token prediction");
    this.box = new PromptBox(
      () => this.#ask(),
      (event) => this.#onPromptKey(event),
    );
    this.status = document.createElement("p");
    this.status.className = "status";
    this.status.setAttribute("role", "status");
    const panels = document.createElement("div");
    panels.className = "panels";
    this.panels = this.recording.models.map(
      (model) => new Panel(model, (text) => this.#append(text), (event) => this.#backToPrompt(event)),
    );
    panels.append(...this.panels.map((panel) => panel.element));
    frame.append(this.box.element, this.status, panels);
    frame.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape());
    // Deck tools listen on the document and take the element, not the box in it, for the target.
    KEPT_FROM_THE_DECK.forEach((name) => frame.addEventListener(name, (event) => event.stopPropagation(), { passive: true }));
    root.replaceChildren(style, frame);
  }

  #enter() {
    this.onStage = true;
    if (!this.#isLive) this.#fallBack();
    this.leaveStage = listen(() => this.#ask());
  }

  #leave() {
    this.onStage = false;
    this.leaveStage();
    this.#cancel();
    this.shadowRoot.activeElement?.blur();
  }

  #cancel() {
    clearTimeout(this.again);
    this.asking?.controller.abort();
    this.asking = null;
  }

  /** Hands the clicker back, and stops the reading of a long text. */
  #escape() {
    this.shadowRoot.activeElement?.blur();
    if (!this.asking?.late) return;
    this.#cancel();
    this.#note("stopped");
  }

  get #isLive() {
    return this.panels.every((panel) => modelThere(panel.model.name));
  }

  /** Shows what there is to the prompt: the server's answer as soon as it comes, the recorded one where none does. */
  #ask() {
    if (!this.#isLive) {
      this.#cancel();
      return this.#fallBack();
    }
    this.waiting = true;
    if (this.asking && !this.asking.late) return; // its answer is drawn first, and then this text is asked
    this.#cancel();
    this.panels.forEach((panel) => panel.dim("waiting"));
    this.#askServer(this.box.text);
  }

  async #askServer(prompt) {
    const asking = (this.asking = { prompt, controller: new AbortController(), late: false, read: 0 });
    const { signal } = asking.controller;
    const { settings } = this.recording;
    const progress = (far) => this.#progress(asking, far);
    const overdue = setTimeout(() => this.#overdue(asking), DEADLINE);
    try {
      const replies = await Promise.all(
        this.panels.map((panel) => ask({ model: panel.model.name, prompt, ...settings }, signal, progress)),
      );
      if (this.asking !== asking) return;
      this.asking = null;
      this.#showReplies(prompt, replies);
    } catch {
      if (this.asking === asking) this.#giveUp();
    } finally {
      clearTimeout(overdue);
    }
  }

  /** An answer that takes too long: the recorded one is shown; where nothing is being read, it is given up. */
  #overdue(asking) {
    if (this.asking !== asking || forcedHere() === "live") return;
    if (!asking.read) return this.#giveUp();
    if (asking.prompt !== this.box.text) {
      this.#cancel();
      this.#fallBack();
      return this.#ask();
    }
    asking.late = true;
    this.#fallBack();
    this.#progress(asking, asking);
  }

  #progress(asking, { read, tokens }) {
    Object.assign(asking, { read, tokens });
    if (this.asking === asking && asking.late) this.#note(`reading, ${read} of ${tokens} tokens · Esc stops it`);
  }

  /** Shows what there is without the server, and asks it again in a while. */
  #giveUp() {
    this.#cancel();
    this.#fallBack();
    this.again = setTimeout(() => this.#ask(), AGAIN);
  }

  #showReplies(prompt, replies) {
    const later = Math.max(0, ...replies.map((reply) => reply.later ?? 0));
    const refused = replies.find((reply) => reply.refused)?.refused;
    if (later) {
      this.again = setTimeout(() => this.#ask(), later);
      return;
    }
    this.waiting = this.fallen = false;
    if (refused) {
      this.#note(refused);
      this.panels.forEach((panel) => panel.dim("stale"));
    } else {
      this.panels.forEach((panel, i) => {
        const { answer } = replies[i];
        panel.showLive(answer, answer.model.label, this.recording.settings);
      });
      this.#colour(prompt, replies[0].answer);
    }
    if (prompt !== this.box.text) this.#ask();
  }

  /** Shows the recorded answer, until a model that lies in the page has one; when it had, its next takes its place. */
  #fallBack() {
    const inPage = this.onStage && forcedHere() !== "recorded" && this.panels.every((panel) => isInPage(panel.model.name));
    if (!(inPage && this.fallen === "in page")) this.#showRecorded();
    this.fallen ||= "recorded";
    if (inPage && !this.thinking) this.#askPage();
  }

  /** Asks the page's own models for the text that is there, and again while it changes. */
  async #askPage() {
    const { settings } = this.recording;
    this.thinking = true;
    let prompt;
    do {
      prompt = this.box.text;
      const overdue = setTimeout(() => this.fallen && this.#showRecorded(), DEADLINE);
      const replies = await Promise.all(
        this.panels.map((panel) => askInPage({ model: panel.model.name, prompt, ...settings })),
      );
      clearTimeout(overdue);
      if (!this.fallen || !this.onStage) break;
      this.#showPageReplies(prompt, replies);
    } while (prompt !== this.box.text);
    this.thinking = false;
  }

  #showPageReplies(prompt, replies) {
    const refused = replies.find((reply) => reply.refused)?.refused;
    if (refused) {
      this.#showRecorded();
      this.#note(refused);
      return;
    }
    this.fallen = "in page";
    this.waiting = false;
    this.panels.forEach((panel, i) => panel.showInPage(replies[i].answer, this.recording.settings));
    this.#colour(prompt, replies[0].answer);
  }

  #showRecorded() {
    const { recording } = this;
    this.waiting = false;
    const known = recordedAnswer(recording, recording.models[0].name, this.box.text) !== null;
    const prompt = known ? this.box.text : nearestPrompt(recording, this.box.text);
    this.shown = prompt;
    this.panels.forEach((panel) => {
      const answer = recordedAnswer(recording, panel.model.name, prompt);
      panel.showRecorded(answer, recording.recorded.date, recording.settings, !known);
    });
    this.#colour(prompt, recordedAnswer(recording, recording.models[0].name, prompt));
    if (!known) this.#note("no recorded answer for this text");
  }

  #colour(prompt, answer) {
    this.shown = prompt;
    const pieces = answer.tokens.map(({ text }) => text);
    this.box.colour(alignPieces(prompt, pieces));
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = " · Enter takes the likeliest, Esc hands the clicker back";
    this.status.dataset.kind = "count";
    const spoken = document.createElement("span");
    spoken.className = "spoken";
    const [first] = answer.candidates;
    spoken.textContent = `, the likeliest next is ${visibleText(first.text)}, ${showShare(first.p)}`;
    this.status.replaceChildren(`${pieces.length} ${pieces.length === 1 ? "token" : "tokens"}`, spoken, hint);
  }

  #note(text) {
    this.status.dataset.kind = "notice";
    this.status.textContent = text;
  }

  /** Appends a token to the text that the bars answer; not to a text whose answer is still on its way. */
  #append(text) {
    if (this.waiting) return;
    this.box.text = this.shown + text;
    this.#ask();
  }

  #onPromptKey(event) {
    const lastLine = !this.box.text.includes("\n", this.box.area.selectionEnd);
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (this.shown === this.box.text) this.panels[0].bars.pickFirst();
    } else if (event.key === "ArrowDown" && lastLine) {
      event.preventDefault();
      this.panels[0].bars.focus();
    }
  }

  #backToPrompt(event) {
    if (event.key.startsWith("Arrow")) event.preventDefault();
    this.box.focus();
  }
}

if (!customElements.get("talkgen-live")) customElements.define("talkgen-live", TalkgenLive);
