/**
 * <talkgen-sampling recording="BASE64">: several continuations of a text side by side, as they are drawn.
 *
 * The fainter a token, the less likely the model found it; its probability is said on hovering. Again draws with the next
 * seed.
 *
 * @typedef {{ text, p }} Drawn
 * @typedef {{ tokens, done, surprise }} Continuation
 * @typedef {{ texts }} SamplingAnswer
 */

import { showShare } from "../bars.js";
import { LiveElement } from "../element.js";
import { make } from "../parts.js";
import { visibleText } from "../pieces.js";

const SAMPLING_LOOK = `
.texts { display: grid; grid-template-columns: repeat(var(--texts), minmax(0, 1fr)); gap: 20px; }
.text { min-height: 250px; padding: 14px 18px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); }
.name { margin: 0 0 6px; color: var(--muted); font-size: 20px; }
.drawn { margin: 0; font-size: var(--size, 28px); line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere; }
.drawn span { border-bottom: 3px solid color-mix(in srgb, var(--accent) calc(100% * (1 - var(--p))), transparent); }
.caret::after { content: "▍"; color: var(--accent); }
.tools { display: flex; justify-content: flex-end; margin-top: 10px; }
@container (max-width: 760px) {
  .texts { grid-template-columns: minmax(0, 1fr); gap: 8px; }
  .text { min-height: 0; padding: 8px 14px; --size: 24px; }
}
`;

class TalkgenSampling extends LiveElement {
  static look = SAMPLING_LOOK;

  build(body) {
    this.texts = make("div", "texts", { role: "group" });
    this.texts.style.setProperty("--texts", this.params.texts);
    this.boxes = Array.from({ length: this.params.texts }, (_, i) => {
      const [box, name, drawn] = [make("section", "text"), make("p", "name"), make("p", "drawn", { "aria-live": "off" })];
      box.append(name, drawn);
      return { box, name, drawn, number: i + 1 };
    });
    this.texts.append(...this.boxes.map(({ box }) => box));
    this.again = make("button", "button", { type: "button" }, "Draw again");
    this.again.addEventListener("click", () => this.#drawAgain());
    const tools = make("div", "tools");
    tools.append(this.again);
    body.append(this.texts, tools);
  }

  /** The next seed; of those on the slide's dial where only these are recorded. */
  #drawAgain() {
    const seeds = this.recording.dials.seed;
    const next = this.params.seed + 1;
    this.turn({ seed: this.source.isLive || !seeds ? next : seeds[(seeds.indexOf(this.params.seed) + 1) % seeds.length] });
  }

  show([{ texts }], [{ params }]) {
    texts.forEach(({ tokens, done, surprise }, i) => {
      const { name, drawn, number } = this.boxes[i];
      const bits = done ? ` · ${surprise.toFixed(1)} bits a token` : "";
      name.textContent = `${number}${bits}`;
      drawn.classList.toggle("caret", !done);
      drawn.replaceChildren(...tokens.map(makeToken));
    });
    this.texts.setAttribute("aria-label", `${texts.length} continuations with seed ${params.seed}`);
  }

  words([{ texts }], [{ params }]) {
    const how = params.temperature === 0 ? "the likeliest token each time" : `temperature ${params.temperature}, seed ${params.seed}`;
    return texts.every(({ done }) => done) ? `${how} · underlined is what the model found unlikely` : `${how} · drawing, Esc stops it`;
  }
}

function makeToken({ text, p }) {
  const token = make("span", "", { title: `${visibleText(text)} ${showShare(p)}` }, text);
  token.style.setProperty("--p", p);
  return token;
}

if (!customElements.get("talkgen-sampling")) customElements.define("talkgen-sampling", TalkgenSampling);
