/**
 * <talkgen-live recording="BASE64">: type a prompt, see its tokens and what a real model thinks comes next.
 *
 * The recording is shown at once and stays true on its own. While the element is on stage and the server has the model,
 * its answers take the recording's place; when it is gone or slow, a model that lies in the page answers, and where there
 * is none, the recording is back. Two recorded models stand side by side. One question is on its way at a time; when its
 * answer is drawn, the text that is there by then is asked. Dials change how the next token is drawn; a text can be
 * undone, rewound to a token, and branch from there.
 */

import { ask } from "./backend.js";
import { showShare } from "./bars.js";
import { Dial, DIAL_LOOK } from "./dial.js";
import { Panel, PANEL_LOOK } from "./panel.js";
import { dress, make, STATUS_LOOK } from "./parts.js";
import { Phone } from "./phone.js";
import { alignPieces, visibleText } from "./pieces.js";
import { PROMPT_LOOK, PromptBox } from "./prompt.js";
import { RecordedElement } from "./recorded.js";
import { decodeAttribute, nearestPrompt, recordedAnswer } from "./recording.js";
import { Source } from "./source.js";
import { keepFromTheDeck, watchStage } from "./stage.js";
import { Strip, STRIP_LOOK } from "./strip.js";
import { Trail } from "./trail.js";

const LIVE_LOOK = `
:host { container-type: inline-size; }
.live { display: grid; gap: 6px; --row: 42px; --row-text: 29px; }
.live[data-rows="many"] { --row: 35px; --row-text: 28px; }
.live[data-rows="crowd"] { --row: 25px; --row-text: 22px; }
.live[data-models="2"] { --row: 32px; --row-text: 26px; }
.live:has(.strip:not([hidden])) { --row: 26px; --row-text: 22px; }
.live[data-rows="many"]:has(.strip:not([hidden])) { --row: 22px; }
.line, .tools, .dials { display: flex; flex-wrap: wrap; gap: 4px 24px; }
.line { align-items: start; justify-content: space-between; flex-wrap: nowrap; }
.tools { flex: none; gap: 6px; }
.tool { min-width: 36px; height: 32px; padding: 0 9px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--ink); font: inherit; font-size: 20px; line-height: 1; cursor: pointer; }
.tool:hover:enabled, .tool[aria-pressed="true"] { border-color: var(--accent); }
.tool:disabled { opacity: 0.4; cursor: default; }
@container (max-width: 420px) { .line { flex-wrap: wrap; } }
@media print { .tools { visibility: hidden; } }
.hint { display: none; }
.live:focus-within .hint { display: inline; }
.panels { display: grid; grid-template-rows: auto auto; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); column-gap: 32px; }
:host(:popover-open) .panels { grid-template-rows: none; grid-auto-flow: row; row-gap: 16px; }
${STATUS_LOOK}${PROMPT_LOOK}${DIAL_LOOK}${STRIP_LOOK}${PANEL_LOOK}`;

class TalkgenLive extends RecordedElement {
  connectedCallback() {
    this.recording = decodeAttribute(this.getAttribute("recording"));
    this.settings = { ...this.recording.settings };
    this.trail = new Trail(this.recording.prompt);
    this.source = new Source(this.recording.models, ask, this);
    this.#build();
    this.box.text = this.recording.prompt;
    this.source.showRecorded();
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.#enter() : this.#leave()));
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
    frame.dataset.models = this.recording.models.length;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "Next-token prediction");
    this.box = new PromptBox(
      () => this.#typed(),
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
    this.strip = new Strip(
      (text) => this.#go(text),
      (words) => this.note(words),
    );
    const line = make("div", "line");
    line.append(this.status, this.#buildTools());
    frame.append(this.box.element, line, ...this.#buildDials(), this.strip.element, panels);
    frame.addEventListener("keydown", (event) => this.#onKey(event));
    keepFromTheDeck(frame);
    dress(this, LIVE_LOOK, frame);
    this.phone = new Phone(this, frame);
  }

  #buildTools() {
    const tools = make("div", "tools", { role: "group", "aria-label": "Text" });
    const button = (label, text, pressed) => {
      const made = make("button", "tool", { type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", pressed);
      tools.append(made);
      return made;
    };
    this.undo = button("Undo", "undo", () => this.#step(-1));
    this.redo = button("Redo", "redo", () => this.#step(1));
    this.toggle = button("Tokens and their numbers", "tokens", () => this.#toggleStrip());
    this.toggle.setAttribute("aria-pressed", false);
    return tools;
  }

  /** The dials in a row, where there are any. */
  #buildDials() {
    const names = Object.entries(this.recording.dials);
    if (!names.length) return [];
    const row = make("div", "dials");
    for (const [name, values] of names) {
      const turned = (value) => {
        this.settings[name] = value;
        this.source.ask();
      };
      row.append(new Dial(name, values, this.settings[name], turned).element);
    }
    return [row];
  }

  #enter() {
    this.phone.enter();
    this.source.enter();
  }

  #leave() {
    this.phone.leave();
    this.source.leave();
    this.shadowRoot.activeElement?.blur();
  }

  /** Hands the clicker back, and stops the reading of a long text. */
  #escape() {
    this.shadowRoot.activeElement?.blur();
    if (this.source.stop()) this.note("stopped");
  }

  #onKey(event) {
    if (event.key === "Escape") return this.#escape();
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const by = { z: event.shiftKey ? 1 : -1, y: 1 }[event.key.toLowerCase()];
    if (!by) return;
    event.preventDefault();
    this.#step(by);
  }

  #typed() {
    this.trail.type(this.box.text);
    this.#mark();
    this.source.ask();
  }

  /** Goes to a text that was chosen. */
  #go(text) {
    this.trail.go(text);
    this.#showText();
  }

  #step(by) {
    if (this.trail.step(by)) this.#showText();
  }

  #showText() {
    this.box.text = this.trail.text;
    this.#mark();
    this.source.ask();
  }

  #toggleStrip() {
    this.strip.toggle();
    this.toggle.setAttribute("aria-pressed", this.strip.open);
    this.panels.forEach((panel) => panel.bars.showIds(this.strip.open));
    this.#mark();
    this.source.ask();
  }

  /** Shows which of the tools can be used; the branches where the strip is open. */
  #mark() {
    this.undo.disabled = !this.trail.canUndo;
    this.redo.disabled = !this.trail.canRedo;
    const { length } = this.trail.branches;
    this.toggle.textContent = length ? `tokens +${length}` : "tokens";
    if (!this.strip.open || !this.answers) return;
    const answers = this.answers.map((answer, i) => ({ ...answer, cell: this.panels[i].element.dataset.cell }));
    this.strip.show(this.shown, answers[0].tokens, this.trail.branches, answers);
  }

  /** What is asked now, one question a model. */
  questions() {
    const more = this.strip.open ? { leave_out: true } : {};
    return this.panels.map((panel) => ({ model: panel.model.name, prompt: this.box.text, ...this.settings, ...more }));
  }

  wait() {
    this.panels.forEach((panel) => panel.mark("waiting"));
  }

  refuse(text) {
    this.note(text);
    this.panels.forEach((panel) => panel.mark("stale"));
  }

  /** Shows the bars while what they owe to each token is not known yet. */
  showPart(questions, parts) {
    if (parts.every(Boolean)) this.showLive(questions, parts);
  }

  showLive(questions, answers) {
    this.panels.forEach((panel, i) => panel.showLive(answers[i], answers[i].model?.label ?? panel.model.label, questions[i]));
    this.#colour(questions[0].prompt, answers);
  }

  showInPage(questions, answers) {
    this.panels.forEach((panel, i) => panel.showInPage(answers[i], questions[i]));
    this.#colour(questions[0].prompt, answers);
  }

  showRecorded() {
    const { recording, settings } = this;
    const known = recordedAnswer(recording, recording.models[0].name, this.box.text) !== null;
    const prompt = known ? this.box.text : nearestPrompt(recording, this.box.text);
    const answers = this.panels.map((panel) => recordedAnswer(recording, panel.model.name, prompt, settings));
    this.panels.forEach((panel, i) => panel.showRecorded(answers[i], recording.recorded.date, settings, !known));
    this.#colour(prompt, answers);
    if (!known) this.note("no recorded answer for this text");
  }

  #colour(prompt, answers) {
    this.shown = prompt;
    this.answers = answers;
    this.#mark();
    const [answer] = answers;
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
    this.#go(this.shown + text);
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
