/**
 * Answers prompts with a model that lies in the page: the same JSON as the server's (talkgen/lm/answer/wire.py).
 */

import { Tokenizer } from "./tokenizer.js";
import { LSTM, Transformer } from "./model.js";

const MOST_LEFT_OUT = 24; // tokens, as in talkgen/lm/answer/leaving_out.py

export class Answerer {
  /** `data` is what talkgen/lm/answer/page.py makes of a model. */
  constructor(data) {
    this.learned = data.tokenizer;
    this.tokenizer = new Tokenizer(data.tokenizer);
    this.start = data.tokenizer.start;
    this.about = data.model;
    this.context = data.config.block_size;
    this.model = new (data.config.architecture === "lstm" ? LSTM : Transformer)(data.config, data.tensors);
    this.ids = []; // what the model has read
  }

  /** The answer to a question of `/api/next`, or of the element that it names; `{refused}` with the reason. */
  ask(question) {
    return question.element === "tokenizer" ? this.#cut(question) : this.#next(question);
  }

  /** A text cut into tokens, as talkgen/elements/tokenizer.py does. */
  #cut({ prompt, params }) {
    const { merges } = params;
    const { learned } = this;
    const cutter = merges === null ? this.tokenizer : new Tokenizer({ ...learned, merges: learned.merges.slice(0, merges) });
    const ids = cutter.encode(prompt);
    if (this.tokenizer.encode(prompt).length > this.context) return { refused: `${this.context} tokens fit` };
    return {
      answer: {
        tokens: cutter.pieces(ids).map((text, i) => ({ id: ids[i], text })),
        characters: [...prompt].length,
        bytes: cutter.utf8.encode(prompt).length,
        vocabulary: learned.vocabulary.length,
        model: this.about,
      },
    };
  }

  /** The distribution after `prompt`. */
  #next({ prompt, bars = 8, temperature = 1, top_k = null, top_p = null, leave_out = false }) {
    const began = performance.now();
    const shown = this.tokenizer.encode(prompt);
    const ids = shown.length ? shown : [this.start];
    if (ids.length > this.context) return { refused: `the prompt has ${ids.length} tokens; ${this.context} fit` };
    const reused = this.#read(ids);
    const logits = this.model.logits();
    const p = distribution(logits, 1);
    const sampled = filtered(distribution(logits, temperature), top_k, top_p);
    const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b).slice(0, bars);
    const pieces = this.tokenizer.pieces(order);
    const other = Math.max(0, 1 - order.reduce((sum, id) => sum + p[id], 0));
    const leftOut = leave_out && shown.length <= MOST_LEFT_OUT ? { left_out: this.#leaveOut(shown, order[0]) } : {};
    return {
      answer: {
        tokens: this.tokenizer.pieces(shown).map((text, i) => ({ id: shown[i], text })),
        candidates: order.map((id, i) => this.#candidate(id, pieces[i], p[id], sampled[id])),
        other: rounded(other, 6),
        entropy: rounded(entropy(p), 4),
        kept: sampled.reduce((count, share) => count + (share > 0 ? 1 : 0), 0),
        entropy_sampled: rounded(entropy(sampled), 4),
        ...leftOut,
        reused,
        milliseconds: rounded(performance.now() - began, 1),
        model: this.about,
      },
    };
  }

  /** The probability of `token` after `ids` without the first of them, without the second, and so on. */
  #leaveOut(ids, token) {
    return ids.map((_, left) => {
      const rest = ids.filter((_, i) => i !== left);
      this.#read(rest.length ? rest : [this.start]);
      return rounded(distribution(this.model.logits(), 1)[token], 6);
    });
  }

  /** Reads `ids`, of which the beginning that was read before stays read; how many those are. */
  #read(ids) {
    let same = 0;
    while (same < ids.length && same < this.ids.length && ids[same] === this.ids[same]) same++;
    const kept = Math.min(same, ids.length - 1); // the last token is read again, as its outputs are asked for
    this.model.forget(kept);
    for (const id of ids.slice(kept)) this.model.read(id);
    this.ids = ids;
    return kept;
  }

  #candidate(id, text, p, sampled) {
    const found = { id, text, p: rounded(p, 6), p_sampled: rounded(sampled, 6) };
    const typed = !this.tokenizer.special.has(id) && !this.tokenizer.decode([id]).includes("\ufffd");
    return typed ? found : { ...found, append: false };
  }
}

function rounded(value, digits) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/** The entropy of a distribution in bits. */
function entropy(p) {
  return -p.reduce((sum, share) => sum + (share > 0 ? share * Math.log2(share) : 0), 0);
}

/** softmax(logits / temperature) in double precision. */
function distribution(logits, temperature) {
  const highest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  return shares(Float64Array.from(logits, (value) => Math.exp((value - highest) / temperature)));
}

/** What top-k and then top-p leave, adding up to 1 again: the k likeliest; the fewest that hold the share p. */
function filtered(p, top_k, top_p) {
  if (top_k !== null && top_k < p.length) {
    const least = p.toSorted((a, b) => b - a)[top_k - 1];
    p = shares(p.map((share) => (share >= least ? share : 0)));
  }
  if (top_p !== null && top_p < 1) {
    const kept = new Float64Array(p.length);
    let held = 0;
    for (const id of Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b)) {
      if (held >= top_p) break;
      kept[id] = p[id];
      held += p[id];
    }
    p = shares(kept);
  }
  return p;
}

function shares(weights) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
