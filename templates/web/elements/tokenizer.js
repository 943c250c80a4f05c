/**
 * <talkgen-tokenizer recording="BASE64">: a text cut into its tokens while it is typed, each with its number, and how
 * many there are; with fewer merges, as the tokenizer cut when it had learned less. A second model stands below.
 *
 * @typedef {{ id, text }} Token
 * @typedef {{ tokens, characters, bytes, vocabulary }} TokenizerAnswer
 */

import { LiveElement } from "../element.js";
import { make } from "../parts.js";
import { TOKEN_COLOURS } from "../look.js";
import { appendVisible, visibleText } from "../pieces.js";

const MOST_SHOWN = 120; // chips: more cannot be read from a slide

const TOKENIZER_LOOK = `
.cut { display: grid; gap: 4px; margin-top: 10px; }
.count { margin: 0; color: var(--muted); font-size: 22px; }
.count b { color: var(--ink); font-size: 30px; font-variant-numeric: tabular-nums; }
.chips { display: flex; flex-wrap: wrap; gap: 0.22em 0.16em; max-height: 330px; margin: 0; padding: 0; overflow: hidden; list-style: none; }
.chip { display: grid; justify-items: center; }
.chips .token { padding: 0.06em 0.28em 0.12em; border-radius: var(--radius); font-size: 32px; line-height: 1.25; white-space: pre; }
.id { color: var(--muted); font: 400 20px/1.25 var(--tg-font-mono, monospace), monospace; }
.body[data-many] .chips { max-height: 150px; }
`;

class TalkgenTokenizer extends LiveElement {
  static look = TOKENIZER_LOOK;
  static inPage = true;

  build(body) {
    body.toggleAttribute("data-many", this.recording.models.length > 1);
    this.cuts = this.recording.models.map(({ label }) => {
      const cut = make("section", "cut", { "aria-label": label });
      const [count, chips] = [make("p", "count"), make("ol", "chips")];
      cut.append(count, chips);
      return { label, count, chips, cut };
    });
    body.append(...this.cuts.map(({ cut }) => cut));
  }

  show(answers) {
    answers.forEach((answer, i) => {
      const { label, count, chips } = this.cuts[i];
      const number = make("b", "", {}, answer.tokens.length);
      const each = answer.tokens.length ? (answer.characters / answer.tokens.length).toFixed(1) : "0";
      count.replaceChildren(number, ` tokens · ${each} characters a token`, answers.length > 1 ? ` · ${label}` : "");
      chips.replaceChildren(...answer.tokens.slice(0, MOST_SHOWN).map(cutToken));
    });
  }

  words([{ characters, bytes, vocabulary }]) {
    const known = vocabulary.toLocaleString("en");
    return `${characters} characters, ${bytes} bytes · a vocabulary of ${known} tokens`;
  }
}

function cutToken({ id, text }, i) {
  const chip = make("li", "chip");
  const token = make("span", `token token-${i % TOKEN_COLOURS}`, { role: "img", "aria-label": `${visibleText(text)}, ${id}` });
  appendVisible(token, text);
  chip.append(token, make("span", "id", { "aria-hidden": "true" }, id));
  return chip;
}

if (!customElements.get("talkgen-tokenizer")) customElements.define("talkgen-tokenizer", TalkgenTokenizer);
