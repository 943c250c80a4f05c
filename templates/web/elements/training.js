/**
 * <talkgen-training recording="BASE64">: a run's loss curve, and what the model wrote at the checkpoint that the slider is
 * at; "Train here" trains a tiny model on stage, whose curve and samples grow.
 *
 * @typedef {{ step, loss }} Point
 * @typedef {{ step, loss, text }} Sample
 * @typedef {{ curve, samples, steps, parameters, unit, done }} TrainingAnswer
 */

import { Chart, CHART_LOOK } from "../chart.js";
import { LiveElement } from "../element.js";
import { make } from "../parts.js";

const TRAINING_LOOK = `
.sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 28px; }
.wrote { min-height: 210px; margin: 0; padding: 14px 18px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); font: 400 26px/1.4 var(--tg-font-mono, monospace), monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.wrote span { color: var(--muted); }
.caption { margin: 0 0 6px; font-size: 24px; font-weight: 600; }
.slider { width: 100%; margin: 10px 0; accent-color: var(--accent); }
.tools { display: flex; flex-wrap: wrap; gap: 8px; }
@container (max-width: 760px) { .sides { grid-template-columns: minmax(0, 1fr); gap: 8px; } .wrote { min-height: 120px; } .chart { --tall: 210px; } }
${CHART_LOOK}`;

class TalkgenTraining extends LiveElement {
  static look = TRAINING_LOOK;

  build(body) {
    this.chart = new Chart("step", "nats", { logarithmic: true });
    this.caption = make("p", "caption");
    this.wrote = make("p", "wrote");
    this.slider = make("input", "slider", { type: "range", min: 0, step: 1, "aria-label": "Checkpoint" });
    this.slider.addEventListener("input", () => this.#go(Number(this.slider.value)));
    this.trainHere = make("button", "button", { type: "button" }, "Train here");
    this.trainHere.addEventListener("click", () => this.#train());
    this.lookBack = make("button", "button", { type: "button" }, "Back to the run");
    this.lookBack.addEventListener("click", () => this.turn({ train: 0 }));
    this.stopping = make("button", "button", { type: "button" }, "Stop");
    this.stopping.addEventListener("click", () => this.stop());
    const [tools, right, sides] = [make("div", "tools"), make("div"), make("div", "sides")];
    tools.append(this.trainHere, this.stopping, this.lookBack);
    right.append(this.caption, this.wrote, this.slider, tools);
    sides.append(this.chart.element, right);
    body.append(sides);
  }

  /** What there is of it stays to be looked at. */
  onStopped() {
    this.stopping.hidden = true;
  }

  #train() {
    this.turn({ train: this.source.isLive ? this.params.train + 1 : 1 });
  }

  /** Any training on the spot is recorded as the first one. */
  recordedFor(params) {
    return super.recordedFor({ ...params, train: Math.min(1, params.train) });
  }

  show([answer], [{ params, prompt }]) {
    const [grew, own] = [answer.samples.length !== this.answer?.samples.length, params.train === 0];
    Object.assign(this, { answer, prompt });
    this.slider.max = Math.max(0, answer.samples.length - 1);
    this.lookBack.hidden = own;
    this.stopping.hidden = answer.done;
    this.trainHere.textContent = own ? "Train here" : "Train again";
    this.#go(grew || this.at === undefined ? answer.samples.length - 1 : this.at);
  }

  maker([{ params }]) {
    return params.train ? "a new model, trained here" : null;
  }

  words([{ curve, steps, parameters, unit, done }]) {
    if (!parameters) return "a new model is made · Esc stops it";
    const loss = curve.length ? ` · loss ${curve.at(-1).loss.toFixed(2)} nats a ${unit}` : "";
    const what = done ? `${steps.toLocaleString("en")} steps` : `step ${curve.at(-1)?.step ?? 0} of ${steps}, Esc stops it`;
    return `${parameters.toLocaleString("en")} parameters · ${what}${loss}`;
  }

  /** Shows the sample `at`, and where it stands on the curve. */
  #go(at) {
    this.at = at;
    this.slider.value = at;
    const { curve, samples } = this.answer;
    const sample = samples[at];
    const now = curve.length && sample ? Math.min(Math.max(sample.step, curve[0].step), curve.at(-1).step) : null;
    this.chart.show([{ name: "training loss", color: "attention", points: curve.map(({ step, loss }) => [step, loss]) }], now);
    if (!sample) {
      this.caption.textContent = "Nothing is learned yet:";
      this.wrote.replaceChildren(make("span", "", {}, this.prompt));
      return;
    }
    this.caption.textContent = sample.step ? `It writes at step ${sample.step.toLocaleString("en")}:` : "It writes before the first step:";
    this.wrote.replaceChildren(make("span", "", {}, this.prompt), sample.text);
    this.slider.setAttribute("aria-valuetext", `step ${sample.step}, loss ${sample.loss.toFixed(2)}`);
  }
}

if (!customElements.get("talkgen-training")) customElements.define("talkgen-training", TalkgenTraining);
