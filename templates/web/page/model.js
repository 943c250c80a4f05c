/**
 * The two small language models in plain JavaScript: the transformer of talkgen/lm/models/transformer.py and the LSTM of
 * lstm.py, token by token. Matrices have ten bits a number; all else is float32.
 */

/** The bytes of a base64 text. */
function unpack(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}

/** A matrix [rows, columns] of ten-bit numbers: the eight high bits in `high`, the two low ones in `low`, a `scale` a row. */
class Matrix {
  constructor({ shape, scale, high, low }) {
    [this.rows, this.columns] = shape;
    this.scale = new Float32Array(unpack(scale));
    const pairs = new Uint8Array(unpack(low)); // four numbers a byte
    this.values = Int16Array.from(new Int8Array(unpack(high)), (byte, i) => byte * 4 + ((pairs[i >> 2] >> (2 * (i & 3))) & 3));
  }

  /** The matrix times the vector `x` [columns], plus `bias`; [rows]. */
  times(x, bias = null) {
    const { rows, columns, values, scale } = this;
    const y = new Float32Array(rows);
    for (let row = 0, at = 0; row < rows; row++) {
      let sum = 0;
      for (let column = 0; column < columns; column++) sum += values[at++] * x[column];
      y[row] = sum * scale[row] + (bias ? bias[row] : 0);
    }
    return y;
  }

  row(index) {
    const start = index * this.columns;
    return Float32Array.from(this.values.subarray(start, start + this.columns), (value) => value * this.scale[index]);
  }
}

function readTensors(tensors) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      tensor.scale ? new Matrix(tensor) : new Float32Array(unpack(tensor.data)),
    ]),
  );
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

function softmax(x) {
  const highest = x.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = x.map((value) => Math.exp(value - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Abramowitz and Stegun 7.1.26 has an error of 1.5e-7; GELU's exact form asks for no more. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

const ACTIVATIONS = {
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))), // sqrt(2 / pi)
};

export class Transformer {
  constructor(config, tensors) {
    this.config = config;
    this.w = readTensors(tensors);
    this.forget(0);
  }

  /** Keeps the first `length` tokens of what was read. */
  forget(length) {
    this.ids = length ? this.ids.slice(0, length) : [];
    this.length = length;
    this.cache = Array.from({ length: this.config.n_layer }, (_, layer) => ({
      k: length ? this.cache[layer].k.slice(0, length) : [],
      v: length ? this.cache[layer].v.slice(0, length) : [],
    }));
  }

  /** Reads one more token. */
  read(id) {
    const { n_layer, positions, shift } = this.config;
    this.ids.push(id);
    let x = embedLast(this.w["embed.weight"], this.ids, shift); // [C]
    if (positions === "learned") x = add(x, this.w["positions.weight"].row(this.length));
    for (let layer = 0; layer < n_layer; layer++) {
      const block = `blocks.${layer}`;
      x = add(x, this.#attend(layer, this.#norm(x, `${block}.norm_1`)));
      x = add(x, this.#think(block, this.#norm(x, `${block}.norm_2`)));
    }
    this.length += 1;
    this.last = x;
  }

  /** The logits [V] after what was read. */
  logits() {
    const head = this.w["head.weight"] ?? this.w["embed.weight"]; // one matrix for both where they are tied
    return head.times(this.#norm(this.last, "norm"));
  }

  #norm(x, name) {
    const { norm, norm_eps } = this.config;
    const weight = this.w[`${name}.weight`], bias = this.w[`${name}.bias`];
    const mean = norm === "layer" ? x.reduce((sum, value) => sum + value, 0) / x.length : 0;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const scale = 1 / Math.sqrt(variance + norm_eps);
    return x.map((value, i) => (value - mean) * scale * weight[i] + (bias ? bias[i] : 0));
  }

  /** softmax(q kᵀ / √D) v of each head over all tokens so far (Vaswani et al. 2017), for the newest token. */
  #attend(layer, x) {
    const { n_head, n_kv_head, head_dim, positions } = this.config;
    const block = `blocks.${layer}.attention`;
    const qkv = this.w[`${block}.qkv.weight`].times(x, this.w[`${block}.qkv.bias`]);
    const heads = [];
    for (let at = 0; at < qkv.length; at += head_dim) heads.push(qkv.slice(at, at + head_dim));
    if (positions === "rotary") heads.slice(0, n_head + n_kv_head).forEach((head) => this.#rotate(head));
    const { k, v } = this.cache[layer];
    k.push(heads.slice(n_head, n_head + n_kv_head));
    v.push(heads.slice(n_head + n_kv_head));
    const mixed = new Float32Array(n_head * head_dim);
    for (let head = 0; head < n_head; head++) {
      const shared = Math.floor((head * n_kv_head) / n_head);
      const weights = softmax(Float32Array.from(k, (keys) => dot(heads[head], keys[shared]) / Math.sqrt(head_dim)));
      weights.forEach((weight, t) => {
        for (let d = 0; d < head_dim; d++) mixed[head * head_dim + d] += weight * v[t][shared][d];
      });
    }
    return this.w[`${block}.proj.weight`].times(mixed, this.w[`${block}.proj.bias`]);
  }

  /** Turns each pair (i, i + D/2) of a head by its position's angle (Su et al. 2021), in place. */
  #rotate(head) {
    const half = head.length / 2;
    for (let i = 0; i < half; i++) {
      const angle = this.length * this.config.rope_theta ** (-i / half);
      const cos = Math.cos(angle), sin = Math.sin(angle);
      [head[i], head[i + half]] = [head[i] * cos - head[i + half] * sin, head[i + half] * cos + head[i] * sin];
    }
  }

  #think(block, x) {
    const { activation } = this.config;
    let h = this.w[`${block}.mlp.up.weight`].times(x, this.w[`${block}.mlp.up.bias`]);
    if (activation === "swiglu") {
      const half = h.length / 2;
      h = h.slice(half).map((value, i) => value * h[i] * sigmoid(h[i])); // the gate's rows come first
    } else {
      h = h.map(ACTIVATIONS[activation]);
    }
    return this.w[`${block}.mlp.down.weight`].times(h, this.w[`${block}.mlp.down.bias`]);
  }
}

export class LSTM {
  constructor(config, tensors) {
    this.config = config;
    this.w = readTensors(tensors);
    this.forget(0);
  }

  /** Keeps the first `length` tokens of what was read: the states after each are kept, as no cell can go back. */
  forget(length) {
    const { n_layer, n_embd } = this.config;
    const empty = () => Array.from({ length: n_layer }, () => new Float32Array(n_embd));
    this.states = length ? this.states.slice(0, length + 1) : [{ h: empty(), c: empty() }];
    this.ids = length ? this.ids.slice(0, length) : [];
    this.length = length;
  }

  /** Reads one more token: c' = f c + i g, h' = o tanh c' in each layer (Gers et al. 2000). */
  read(id) {
    const { n_layer, n_embd: C } = this.config;
    const before = this.states[this.length];
    const state = { h: [], c: [] };
    this.ids.push(id);
    let x = embedLast(this.w["embed.weight"], this.ids, this.config.shift); // [C]
    for (let layer = 0; layer < n_layer; layer++) {
      const [ih, hh] = ["ih", "hh"].map((side) => `_${side}_l${layer}`);
      const total = add(
        this.w[`rnn.weight${ih}`].times(x, this.w[`rnn.bias${ih}`]),
        this.w[`rnn.weight${hh}`].times(before.h[layer], this.w[`rnn.bias${hh}`]),
      ); // the input, forget, cell and output gates, one below the other
      const c = before.c[layer].map(
        (memory, i) => sigmoid(total[C + i]) * memory + sigmoid(total[i]) * Math.tanh(total[2 * C + i]),
      );
      x = c.map((memory, i) => sigmoid(total[3 * C + i]) * Math.tanh(memory));
      state.h.push(x);
      state.c.push(c);
    }
    this.states[this.length + 1] = state;
    this.length += 1;
  }

  /** The logits [V] after what was read. */
  logits() {
    const head = this.w["head.weight"] ?? this.w["embed.weight"];
    return head.times(this.states[this.length].h.at(-1));
  }
}

/** The embedding of the last of `ids`; with a `shift` its last half is the token's before (talkgen/lm/models/shift.py). */
function embedLast(matrix, ids, shift) {
  const x = matrix.row(ids.at(-1));
  if (!shift) return x;
  const own = x.length - Math.floor(x.length / 2);
  const before = ids.length > 1 ? matrix.row(ids.at(-2)) : new Float32Array(x.length);
  return x.map((value, i) => (i < own ? value : before[i]));
}

function add(a, b) {
  return a.map((value, i) => value + b[i]);
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
