/**
 * <talkgen-live recording="BASE64">: type a prompt, see its tokens and what a real model thinks comes next.
 *
 * The recording is shown at once and stays true on its own. While the element is on stage and the server has the model,
 * its answers take the recording's place; when it is gone or slow, a model that lies in the page answers, and where there
 * is none, the recording is back. Two recorded models stand side by side. One question is on its way at a time; when its
 * answer is drawn, the text that is there by then is asked.
 */

import { ask } from "./backend.js";
import { showShare } from "./bars.js";
import { Panel, PANEL_LOOK } from "./panel.js";
import { dress, STATUS_LOOK } from "./parts.js";
import { alignPieces, visibleText } from "./pieces.js";
import { PROMPT_LOOK, PromptBox } from "./prompt.js";
import { decodeAttribute, nearestPrompt, recordedAnswer } from "./recording.js";
import { Source } from "./source.js";
import { keepFromTheDeck, watchStage } from "./stage.js";

const LIVE_LOOK = `
.live { display: grid; gap: 6px; --row: 42px; --row-text: 29px; }
.live[data-rows="many"] { --row: 35px; --row-text: 28px; }
.live[data-rows="crowd"] { --row: 25px; --row-text: 22px; }
.hint { display: none; }
.live:focus-within .hint { display: inline; }
.panels { display: grid; grid-template-rows: auto auto; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); column-gap: 32px; }
${STATUS_LOOK}${PROMPT_LOOK}${PANEL_LOOK}`;

class TalkgenLive extends HTMLElement {
  connectedCallback() {
    this.recording = decodeAttribute(this.getAttribute("recording"));
    this.source = new Source(this.recording.models, ask, this);
    this.#build();
    this.box.text = this.recording.prompt;
    this.source.showRecorded();
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.source.enter() : this.#leave()));
  }

  disconnectedCallback() {
    this.unwatch();
    this.#leave();
  }

  #build() {
    const frame = document.createElement("div");
    frame.className = "live";
    const { bars } = this.recording.settings;
    frame.dataset.rows = bars > 10 ? "crowd" : bars > 6 || this.recording.models.length > 1 ? "many" : "few";
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "Next-token prediction");
    this.box = new PromptBox(
      () => this.source.ask(),
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
    keepFromTheDeck(frame);
    dress(this, LIVE_LOOK, frame);
  }

  #leave() {
    this.source.leave();
    this.shadowRoot.activeElement?.blur();
  }

  /** Hands the clicker back, and stops the reading of a long text. */
  #escape() {
    this.shadowRoot.activeElement?.blur();
    if (this.source.stop()) this.note("stopped");
  }

  /** What is asked now, one question a model. */
  questions() {
    const { settings } = this.recording;
    return this.panels.map((panel) => ({ model: panel.model.name, prompt: this.box.text, ...settings }));
  }

  wait() {
    this.panels.forEach((panel) => panel.dim("waiting"));
  }

  refuse(text) {
    this.note(text);
    this.panels.forEach((panel) => panel.dim("stale"));
  }

  showLive([{ prompt }], answers) {
    this.panels.forEach((panel, i) => panel.showLive(answers[i], answers[i].model.label, this.recording.settings));
    this.#colour(prompt, answers[0]);
  }

  showInPage([{ prompt }], answers) {
    this.panels.forEach((panel, i) => panel.showInPage(answers[i], this.recording.settings));
    this.#colour(prompt, answers[0]);
  }

  showRecorded() {
    const { recording } = this;
    const known = recordedAnswer(recording, recording.models[0].name, this.box.text) !== null;
    const prompt = known ? this.box.text : nearestPrompt(recording, this.box.text);
    this.shown = prompt;
    this.panels.forEach((panel) => {
      const answer = recordedAnswer(recording, panel.model.name, prompt);
      panel.showRecorded(answer, recording.recorded.date, recording.settings, !known);
    });
    this.#colour(prompt, recordedAnswer(recording, recording.models[0].name, prompt));
    if (!known) this.note("no recorded answer for this text");
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

  note(text) {
    this.status.dataset.kind = "notice";
    this.status.textContent = text;
  }

  /** Appends a token to the text that the bars answer; not to a text whose answer is still on its way. */
  #append(text) {
    if (this.source.waiting) return;
    this.box.text = this.shown + text;
    this.source.ask();
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
