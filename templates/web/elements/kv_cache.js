/**
 * <talkgen-kv-cache recording="BASE64">: a text is written token by token, with the keys and values that were kept and
 * without them: two curves of the milliseconds so far, and what the cache has grown to.
 *
 * @typedef {{ tokens, read, cached, again, bytes, layers, heads, width, done }} KvCacheAnswer
 */

import { Chart, CHART_LOOK } from "../chart.js";
import { LiveElement } from "../element.js";
import { make } from "../parts.js";
import { appendVisible } from "../pieces.js";

const CACHE_LOOK = `
.written { display: flex; flex-wrap: wrap; gap: 3px; max-height: 70px; overflow: hidden; margin: 2px 0 6px; font-size: 22px; line-height: 33px; }
.written span { padding: 0 5px; border-radius: 4px; background: var(--surface); white-space: pre; }
.sides { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 28px; }
.memory { display: grid; align-content: start; gap: 6px; font-size: 24px; }
.memory p { margin: 0; }
.big { font-size: 44px; font-weight: 700; line-height: 1.15; font-variant-numeric: tabular-nums; }
.small { color: var(--muted); font-size: 20px; }
.tools { margin-top: 6px; }
@container (max-width: 760px) { .sides { grid-template-columns: minmax(0, 1fr); gap: 8px; } .big { font-size: 32px; } }
${CHART_LOOK}`;

class TalkgenKvCache extends LiveElement {
  static look = CACHE_LOOK;

  build(body) {
    this.written = make("p", "written", { role: "group", "aria-label": "The text that is written" });
    this.chart = new Chart("tokens written", "ms in all");
    this.memory = make("div", "memory");
    [this.size, this.sum, this.gain] = [make("p", "big"), make("p", "small"), make("p")];
    const again = make("button", "button", { type: "button" }, "Measure again");
    again.addEventListener("click", () => this.turn({ run: this.source.isLive ? this.params.run + 1 : 0 }));
    const tools = make("div", "tools");
    tools.append(again);
    this.memory.append(this.size, this.sum, this.gain, tools);
    const sides = make("div", "sides");
    sides.append(this.chart.element, this.memory);
    body.append(this.written, sides);
  }

  show([answer]) {
    const { tokens, read, cached, again, bytes, layers, heads, width } = answer;
    const shown = tokens.map((token) => {
      const span = make("span");
      appendVisible(span, token);
      return span;
    });
    this.written.replaceChildren(...shown);
    const line = (values) => values.reduce((sums, value, i) => [...sums, [i + 1, value + (sums.at(-1)?.[1] ?? 0)]], []);
    this.chart.show([
      { name: "all read again", color: "recurrent", points: line(again) },
      { name: "keys kept", color: "attention", points: line(cached) },
    ]);
    this.size.textContent = showBytes(bytes * (read + tokens.length));
    const numbers = 2 * layers * heads * width;
    this.sum.textContent = `2 × ${layers} layers × ${heads} heads × ${width} numbers × ${bytes / numbers} bytes = ${showBytes(bytes)} a token`;
    this.gain.textContent = cached.length > 1 ? `${(total(again) / total(cached)).toFixed(1)} times as quick` : "";
  }

  words([{ tokens, read, cached, again, done }]) {
    const last = cached.length ? `the last one ${cached.at(-1).toFixed(1)} ms with, ${again.at(-1).toFixed(1)} ms without` : "";
    return `${read} tokens read, ${tokens.length} written · ${done ? last : "measuring, Esc stops it"}`;
  }
}

/** The sum of all but the first, which has to read the prompt either way. */
function total(times) {
  return times.slice(1).reduce((sum, time) => sum + time, 0);
}

function showBytes(bytes) {
  const [unit, size] = bytes >= 1e6 ? ["MB", bytes / 1e6] : ["kB", bytes / 1e3];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}

if (!customElements.get("talkgen-kv-cache")) customElements.define("talkgen-kv-cache", TalkgenKvCache);
