/**
 * <talkgen-race recording="BASE64">: how long models take to read a text, by its length, as it is measured; a second
 * model runs beside the first.
 *
 * @typedef {{ length, read, step }} Lap
 * @typedef {{ laps, done }} RaceAnswer
 */

import { Chart, CHART_LOOK } from "../chart.js";
import { LiveElement } from "../element.js";
import { make } from "../parts.js";

const RACE_LOOK = `
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 28px; }
.caption { margin: 0 0 4px; font-size: 24px; font-weight: 600; }
.tools { display: flex; justify-content: flex-end; margin-top: 8px; }
@container (max-width: 760px) { .charts { grid-template-columns: minmax(0, 1fr); gap: 10px; } .chart { --tall: 190px; } }
${CHART_LOOK}`;

class TalkgenRace extends LiveElement {
  static look = RACE_LOOK;

  build(body) {
    this.charts = [
      ["read", "The whole text at once"],
      ["step", "One token more"],
    ].map(([lap, title]) => ({ lap, title, chart: new Chart("tokens", "ms") }));
    const charts = make("div", "charts");
    for (const { title, chart } of this.charts) {
      const box = make("section", "", { "aria-label": title });
      box.append(make("p", "caption", {}, title), chart.element);
      charts.append(box);
    }
    const again = make("button", "button", { type: "button" }, "Race again");
    again.addEventListener("click", () => this.turn({ run: this.source.isLive ? this.params.run + 1 : 0 }));
    const tools = make("div", "tools");
    tools.append(again);
    body.append(charts, tools);
  }

  show(answers) {
    const { models } = this.recording;
    for (const { lap, chart } of this.charts) {
      chart.show(
        models.map(({ label, architecture }, i) => ({
          name: label.split(",")[0],
          color: ["lstm", "rnn"].includes(architecture) ? "recurrent" : "attention",
          points: (answers[i]?.laps ?? []).map((each) => [each.length, each[lap]]),
        })),
      );
    }
  }

  words(answers) {
    if (!answers.every((answer) => answer?.done)) return "racing, Esc stops it";
    const lasts = answers.map(({ laps }) => laps.at(-1));
    const times = lasts.map(({ read }, i) => `${this.recording.models[i].label.split(",")[0]} ${read.toFixed(1)} ms`);
    return `${lasts[0].length} tokens: ${times.join(", ")}`;
  }
}

if (!customElements.get("talkgen-race")) customElements.define("talkgen-race", TalkgenRace);
