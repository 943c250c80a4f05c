/**
 * A small line chart: a few series over one axis, in the deck's colours, each named at its end.
 */

import { draw } from "./parts.js";

export const CHART_LOOK = `
.chart { display: block; width: 100%; max-height: var(--tall, 262px); overflow: visible; }
.chart text { fill: var(--muted); font-size: 23px; }
.chart .series { fill: none; stroke: var(--colour); stroke-width: 4; stroke-linejoin: round; }
.chart .name { fill: var(--colour); font-weight: 600; }
.chart .dot { fill: var(--colour); }
.chart .grid { stroke: var(--line); stroke-width: 1.5; }
.chart .now { stroke: var(--accent); stroke-width: 3; }
@container (max-width: 600px) { .chart { max-height: none; } }
`;

const [WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM] = [560, 300, 66, 24, 16, 58]; // px of the drawing, and its margins

export class Chart {
  /** `x` names the lower axis, `unit` what is measured. */
  constructor(x, unit, { logarithmic = false } = {}) {
    Object.assign(this, { x, unit, logarithmic });
    this.element = draw("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  }

  /** Shows `series`, each `{name, color, points: [[x, y], …]}`; a line stands at `now`, where that is given. */
  show(series, now = null) {
    const points = series.flatMap((each) => each.points);
    const far = Math.max(...points.map(([x]) => x), 1);
    const near = Math.min(...points.map(([x]) => x), far);
    const top = niceTop(Math.max(...points.map(([, y]) => y), 1e-9));
    this.placeX = (x) => LEFT + ((this.#scale(x) - this.#scale(near)) / (this.#scale(far) - this.#scale(near) || 1)) * (WIDE - LEFT - RIGHT);
    const placeY = (y) => HIGH - BOTTOM - (y / top) * (HIGH - TOP - BOTTOM);
    const parts = [0, 0.5, 1].flatMap((share) => [
      draw("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: placeY(top * share), y2: placeY(top * share) }),
      draw("text", { x: LEFT - 10, y: placeY(top * share) + 7, "text-anchor": "end" }, showNumber(top * share)),
    ]);
    parts.push(
      draw("text", { x: LEFT, y: HIGH - 30 }, showNumber(near)),
      draw("text", { x: WIDE - RIGHT, y: HIGH - 30, "text-anchor": "end" }, showNumber(far)),
      draw("text", { x: (LEFT + WIDE - RIGHT) / 2, y: HIGH - 30, "text-anchor": "middle" }, `${this.x} · ${this.unit}`),
    );
    if (now !== null) parts.push(draw("line", { class: "now", x1: this.placeX(now), x2: this.placeX(now), y1: TOP, y2: HIGH - BOTTOM }));
    series.forEach(({ name, color, points: line }, i) => {
      const group = draw("g", { style: `--colour: var(--tg-${color}, ${FALLBACK[color]})` });
      const d = line.map(([x, y], at) => `${at ? "L" : "M"}${this.placeX(x).toFixed(1)} ${placeY(y).toFixed(1)}`).join("");
      if (line.length) {
        const [x, y] = line.at(-1);
        group.append(draw("path", { class: "series", d }), draw("circle", { class: "dot", cx: this.placeX(x), cy: placeY(y), r: 5 }));
      }
      group.append(draw("text", { class: "name", x: LEFT + 8 + (i * (WIDE - LEFT - RIGHT)) / Math.max(2, series.length), y: HIGH - 4 }, `— ${name}`));
      parts.push(group);
    });
    this.element.replaceChildren(...parts);
    const ends = series.filter((each) => each.points.length).map((each) => `${each.name} ${showNumber(each.points.at(-1)[1])} ${this.unit}`);
    this.element.setAttribute("aria-label", `${this.unit} by ${this.x}: at ${showNumber(far)}, ${ends.join(", ")}`);
  }

  #scale(x) {
    return this.logarithmic ? Math.log(x + 1) : x;
  }
}

const FALLBACK = { attention: "#56b4e9", recurrent: "#e69f00", good: "#2fbf95", accent: "#d55e00" };

/** The next of 1, 2, 5, 10 … at or above `value`. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 7, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

function showNumber(value) {
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));
}
