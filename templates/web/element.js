/**
 * The base of the elements in web/elements: a prompt, dials, a badge, a status line, and a body that each draws itself.
 *
 * A subclass has `static look` (its style sheet), `build(body)`, which makes its parts, and `show(answers, questions)`,
 * which fills them with an answer a model; it may have `words(answers)`, the status line, and
 * `maker(questions)`, who answers where it is not the models. `this.turn({name: value})` asks with other parameters; with
 * `static inPage = true` a model in the page can answer. The recording is shown at once; what is known of the rest is in
 * source.js. Recorded are the prompt's answers at every position of the dials, and whatever else the element's Python
 * module names.
 */

import { askElement } from "./backend.js";
import { BADGE_LOOK, makeBadge, setBadge } from "./badge.js";
import { Dial, DIAL_LOOK } from "./dial.js";
import { askInPage } from "./in_page.js";
import { dress, make, markAnothers, STATUS_LOOK } from "./parts.js";
import { Phone } from "./phone.js";
import { PROMPT_LOOK, PromptBox } from "./prompt.js";
import { RecordedElement } from "./recorded.js";
import { decodeAttribute } from "./recording.js";
import { Source } from "./source.js";
import { keepFromTheDeck, watchStage } from "./stage.js";

const ELEMENT_LOOK = `
:host { container-type: inline-size; }
.frame { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; --row: 36px; --row-text: 26px; }
.top { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 4px 28px; }
.top .badge { margin: 0; }
.dials { display: flex; flex-wrap: wrap; gap: 4px 24px; }
.body { min-width: 0; }
${markAnothers(".body", '.body[data-state="stale"]', '.body[data-state="waiting"]')}
.button { min-height: 36px; padding: 0 14px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--ink); font: inherit; font-size: 22px; cursor: pointer; }
.button:hover { border-color: var(--accent); }
.button:is([aria-pressed="true"], [aria-checked="true"]) { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 25%, transparent); }
.button:disabled { opacity: 0.5; cursor: default; }
${STATUS_LOOK}${BADGE_LOOK}${PROMPT_LOOK}${DIAL_LOOK}`;

export class LiveElement extends RecordedElement {
  connectedCallback() {
    this.recording = decodeAttribute(this.getAttribute("recording"));
    this.params = { ...this.recording.params };
    const { models, name } = this.recording;
    const inPage = this.constructor.inPage ? (question) => askInPage({ ...question, element: name }) : null;
    this.source = new Source(models, askElement(name), this, inPage);
    this.#build();
    this.source.showRecorded();
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.#enter() : this.#leave()));
  }

  disconnectedCallback() {
    this.unwatch();
    this.#leave();
  }

  #build() {
    this.frame = make("div", "frame", { role: "group", "aria-label": this.recording.title });
    this.box = new PromptBox(() => this.source.ask(), (event) => this.onPromptKey(event));
    this.box.area.setAttribute("aria-label", this.promptLabel ?? "Text");
    this.box.text = this.recording.prompt;
    this.badge = makeBadge();
    this.dials = Object.entries(this.recording.dials).map(
      ([name, values]) => new Dial(name, values, this.params[name], (value) => this.turn({ [name]: value })),
    );
    this.status = make("p", "status", { role: "status" });
    this.body = make("div", "body");
    const dials = make("div", "dials");
    dials.append(...this.dials.map((dial) => dial.element));
    const top = make("div", "top");
    top.append(this.badge, dials);
    this.frame.append(...(this.constructor.prompt === false ? [] : [this.box.element]), top, this.body, this.status);
    this.build(this.body);
    this.frame.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape());
    keepFromTheDeck(this.frame);
    dress(this, ELEMENT_LOOK + this.constructor.look, this.frame);
    this.phone = new Phone(this, this.frame);
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

  /** Hands the clicker back, and stops what takes long. */
  #escape() {
    this.shadowRoot.activeElement?.blur();
    this.stop();
  }

  /** Stops what takes long; an element may have `onStopped()`, which is told. */
  stop() {
    if (!this.source.stop()) return;
    this.note("stopped");
    this.onStopped?.();
  }

  /** Asks with other parameters. */
  turn(changed) {
    Object.assign(this.params, changed);
    this.dials.forEach((dial) => dial.set(this.params[dial.name]));
    this.source.ask();
  }

  /** What is asked now, one question a model; what only the page needs stays here. */
  questions() {
    return this.recording.models.map(({ name }) => ({ model: name, prompt: this.box.text, params: { ...this.params } }));
  }

  onPromptKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) event.preventDefault();
  }

  wait() {
    this.body.dataset.state = "waiting";
  }

  refuse(text) {
    this.note(text);
    this.body.dataset.state = "stale";
  }

  showPart(questions, parts) {
    this.#show("live", "live", questions, parts, "fresh");
  }

  showLive(questions, answers) {
    this.#show("live", "live", questions, answers, "fresh");
  }

  showInPage(questions, answers) {
    this.#show("page", "in this page", questions, answers, "fresh");
  }

  /** Shows the recorded answer to the question; to another of the same block where there is none. */
  showRecorded() {
    const { recording } = this;
    const known = this.recordedFor(this.params);
    const answers = known ?? recording.models.map(({ name }) => recording.answers[name][0].answer);
    const questions = recording.models.map(({ name }) => ({
      model: name,
      prompt: recording.prompt,
      params: known ? { ...this.params } : recording.params,
    }));
    this.#show("recorded", "recorded", questions, answers, known ? "fresh" : "stale", ` · ${recording.recorded.date}`);
    if (!known) this.note(`no recorded answer for ${this.box.text === recording.prompt ? "these settings" : "this text"}`);
  }

  /** The recorded answers to the box's text with some parameters, one a model; null where they are not all there. */
  recordedFor(params) {
    const { recording } = this;
    if (this.box.text !== recording.prompt) return null;
    const wanted = JSON.stringify({ ...recording.params, ...params });
    const found = recording.models.map(({ name }) =>
      recording.answers[name].find((each) => JSON.stringify({ ...recording.params, ...each.params }) === wanted),
    );
    const whole = ({ answer }, i) => ({ ...recording.answers[recording.models[i].name][0].answer, ...answer });
    return found.every(Boolean) ? found.map(whole) : null;
  }

  #show(state, word, questions, answers, freshness, more = "") {
    const labels = this.maker?.(questions) ?? this.recording.models.map(({ label }) => label).join(" · ");
    setBadge(this.badge, state, `${word} · ${labels}${more}`);
    this.body.dataset.state = freshness;
    this.show(answers, questions, state);
    this.status.dataset.kind = "count";
    this.status.textContent = this.words?.(answers, questions) ?? "";
  }

  note(text) {
    this.status.dataset.kind = "notice";
    this.status.textContent = text;
  }
}
