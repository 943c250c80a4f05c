/**
 * The box a prompt is typed in, its tokens coloured in place.
 *
 * A transparent text area lies over a mirror of its text. The mirror gives the box its height and holds the colours; both
 * set text in the same way, so caret and letters meet. What is typed is only ever shown as text.
 */

import { TOKEN_COLOURS } from "./look.js";
import { keptParts } from "./pieces.js";

export const PROMPT_LOOK = `
.prompt { position: relative; max-height: 4.9em; overflow-y: auto; scrollbar-width: none; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); }
.prompt:focus-within { border-color: var(--accent); }
.sheet { display: grid; }
.mirror, textarea { grid-area: 1 / 1; width: 100%; margin: 0; padding: 0.28em 0.5em; border: 0; font: inherit; font-size: 30px; line-height: 1.45; letter-spacing: inherit; tab-size: 4; white-space: pre-wrap; overflow-wrap: break-word; text-align: start; font-kerning: none; font-variant-ligatures: none; }
.mirror { color: var(--ink); pointer-events: none; }
.mirror .token { padding: 0.12em 0; border-radius: 4px; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.space { background: radial-gradient(circle, color-mix(in srgb, currentColor 60%, transparent) 2px, transparent 2.6px); }
.newline::before { content: "⏎"; position: absolute; opacity: 0.6; }
textarea { display: block; height: 100%; resize: none; overflow: hidden; outline: none; background: none; color: transparent; caret-color: var(--ink); -webkit-text-fill-color: transparent; }
textarea::selection { background: color-mix(in srgb, var(--accent) 45%, transparent); }
`;

/** The prompt box. */
export class PromptBox {
  /** `typed()` is called after each change by hand, `key(event)` with the keys that have a meaning of their own. */
  constructor(typed, key) {
    this.element = document.createElement("div");
    this.element.className = "prompt";
    this.element.innerHTML =
      '<div class="sheet"><div class="mirror" aria-hidden="true"></div><textarea rows="1" spellcheck="false" autocomplete="off" autocapitalize="off" aria-label="Prompt"></textarea></div>';
    [this.mirror, this.area] = this.element.firstChild.children;
    this.parts = [];
    this.area.addEventListener("input", () => {
      this.#paint();
      typed();
    });
    this.area.addEventListener("keydown", key);
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.#paint();
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Colours the text by `parts`, the strings its tokens cover. */
  colour(parts) {
    this.parts = parts;
    this.#paint();
  }

  /** Takes the focus, the caret behind the text. */
  focus() {
    this.area.focus();
    this.area.setSelectionRange(this.text.length, this.text.length);
  }

  #paint() {
    const kept = keptParts(this.parts, this.text);
    const rest = this.text.slice(kept.join("").length);
    this.mirror.replaceChildren(
      ...kept.map((part, i) => paintPart(part, `token token-${i % TOKEN_COLOURS}`)),
      paintPart(rest, ""),
      "\u200b", // keeps the height of a last empty line
    );
  }
}

function paintPart(text, name) {
  const part = document.createElement("span");
  part.className = name;
  for (const run of text.match(/ |\n|[^ \n]+/g) ?? []) {
    if (run === " " || run === "\n") {
      const blank = document.createElement("span");
      blank.className = run === " " ? "space" : "newline";
      blank.textContent = run;
      part.append(blank);
    } else {
      part.append(run);
    }
  }
  return part;
}
