// A transformer's forward pass, a few tokens at a time: the arithmetic of lm/transformer.py without its calls.
#include "linear.h"

struct Norm {  // over n_embd; a bias or null
    const float *weight, *bias;
};

struct Layer {
    Norm norm_1, norm_2;
    Matrix qkv, proj, up, down;
};

struct Model {
    int32_t n_layer, n_embd, n_head, n_kv_head, head_dim, n_inner, vocab_size;
    int32_t rms, activation, threads;  // activation: 0 GELU, 1 its tanh approximation, 2 SwiGLU
    float eps;
    const float *cos, *sin;   // [block_size, head_dim / 2], or null: no rotary positions
    const float* positions;   // [block_size, n_embd], or null: no learned ones
    Matrix embed, head;
    Norm norm;
    const Layer* layers;
};

struct Rows {  // the tokens of one pass: of one text one after another, or of several texts one each
    int32_t count, wanted;  // logits are wanted for the last `wanted`
    const int64_t* tokens;
    const int32_t* positions;
    float *const *keys, *const *values;   // of each row's text: [n_layer, n_kv_head, capacity, head_dim]
    const int64_t *layer_stride, *head_stride;
};

namespace {

// ---- What happens between the products.

void normalize(const Model& model, const Norm& norm, const float* x, float* y, int m) {
    const int C = model.n_embd;
    for (int r = 0; r < m; r++, x += C, y += C) {
        float mean = 0, square = 0;
        if (!model.rms) {
            for (int c = 0; c < C; c++) mean += x[c];
            mean /= C;
        }
#pragma omp simd reduction(+ : square)
        for (int c = 0; c < C; c++) square += (x[c] - mean) * (x[c] - mean);
        const float scale = 1.0f / std::sqrt(square / C + model.eps);
        for (int c = 0; c < C; c++) y[c] = (x[c] - mean) * scale * norm.weight[c] + (norm.bias ? norm.bias[c] : 0);
    }
}

// Turns each pair (i, i + D/2) by its position's angle.
void rotate(float* x, const float* cos, const float* sin, int D) {
    for (int i = 0; i < D / 2; i++) {
        const float a = x[i], b = x[i + D / 2];
        x[i] = a * cos[i] - b * sin[i];
        x[i + D / 2] = b * cos[i] + a * sin[i];
    }
}

void remember(const Model& model, const Rows& rows, int layer, float* qkv) {
    const int D = model.head_dim, H = model.n_head, KV = model.n_kv_head;
    for (int r = 0; r < rows.count; r++) {
        float* row = qkv + (int64_t)r * (H + 2 * KV) * D;
        const int at = rows.positions[r];
        if (model.cos)
            for (int h = 0; h < H + KV; h++)
                rotate(row + h * D, model.cos + (int64_t)at * (D / 2), model.sin + (int64_t)at * (D / 2), D);
        for (int h = 0; h < KV; h++) {
            const int64_t place = layer * rows.layer_stride[r] + h * rows.head_stride[r] + (int64_t)at * D;
            std::memcpy(rows.keys[r] + place, row + (H + h) * D, D * sizeof(float));
            std::memcpy(rows.values[r] + place, row + (H + KV + h) * D, D * sizeof(float));
        }
    }
}

void exponentiate(float* x, int n) {
    int i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(x + i, exponential(_mm256_loadu_ps(x + i)));
    for (; i < n; i++) x[i] = std::exp(x[i]);
}

// softmax(q Kᵀ / √D) V of one head at one position, over the positions up to its own.
void attend_head(const float* q, const float* keys, const float* values, int length, int D, float* weights, float* y) {
    float most = -INFINITY, sum = 0;
    const float scale = 1.0f / std::sqrt((float)D);
    for (int s = 0; s < length; s++) {
        const float* k = keys + (int64_t)s * D;
        __m256 two[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
        int d = 0;
        for (; d + 16 <= D; d += 16)
            for (int j = 0; j < 2; j++) two[j] = _mm256_fmadd_ps(load8(q + d + 8 * j), load8(k + d + 8 * j), two[j]);
        float dot = total(_mm256_add_ps(two[0], two[1]));
        for (; d < D; d++) dot += q[d] * k[d];
        weights[s] = dot * scale;
        most = std::max(most, weights[s]);
    }
    for (int s = 0; s < length; s++) weights[s] -= most;
    exponentiate(weights, length);
    for (int s = 0; s < length; s++) sum += weights[s];
    int d = 0;
    for (; d + 32 <= D; d += 32) {  // of every value a part at a time, its four sums in registers
        __m256 four[4];
        for (auto& f : four) f = _mm256_setzero_ps();
        for (int s = 0; s < length; s++) {
            const __m256 weight = _mm256_set1_ps(weights[s]);
            for (int j = 0; j < 4; j++) four[j] = _mm256_fmadd_ps(weight, load8(values + (int64_t)s * D + d + 8 * j), four[j]);
        }
        for (int j = 0; j < 4; j++) _mm256_storeu_ps(y + d + 8 * j, _mm256_mul_ps(four[j], _mm256_set1_ps(1 / sum)));
    }
    for (; d < D; d++) {
        y[d] = 0;
        for (int s = 0; s < length; s++) y[d] += weights[s] * values[(int64_t)s * D + d];
        y[d] /= sum;
    }
}

void attend(const Model& model, const Rows& rows, int layer, const float* qkv, float* y) {
    const int D = model.head_dim, H = model.n_head, KV = model.n_kv_head;
#pragma omp parallel for num_threads(model.threads) schedule(static)
    for (int task = 0; task < rows.count * H; task++) {
        const int r = task / H, h = task % H, length = rows.positions[r] + 1;
        const int64_t place = layer * rows.layer_stride[r] + h / (H / KV) * rows.head_stride[r];
        std::vector<float> weights(length);
        attend_head(qkv + ((int64_t)r * (H + 2 * KV) + h) * D, rows.keys[r] + place, rows.values[r] + place, length, D,
                    weights.data(), y + (int64_t)task * D);
    }
}

// [m, n_inner] from what `up` gave: [m, n_inner], or with SwiGLU [m, gate and value of n_inner each].
void activate(const Model& model, float* h, int m) {
    const int n = model.n_inner, width = model.activation == 2 ? 2 * n : n;
#pragma omp parallel for num_threads(model.threads) if (m > 1)
    for (int r = 0; r < m; r++) {
        float* x = h + (int64_t)r * width;
        int i = 0;
        for (; model.activation == 2 && i + 8 <= n; i += 8) {
            const __m256 v = load8(x + i), one = _mm256_set1_ps(1);
            const __m256 gate = _mm256_div_ps(v, _mm256_add_ps(one, exponential(_mm256_sub_ps(_mm256_setzero_ps(), v))));
            _mm256_storeu_ps(x + i, _mm256_mul_ps(gate, load8(x + n + i)));
        }
        for (; i < n; i++) {
            const float v = x[i];
            if (model.activation == 2) x[i] = v / (1 + std::exp(-v)) * x[n + i];
            else if (model.activation == 1) x[i] = 0.5f * v * (1 + std::tanh(0.7978845608f * (v + 0.044715f * v * v * v)));
            else x[i] = 0.5f * v * (1 + std::erf(v * 0.7071067812f));
        }
    }
    if (width != n)
        for (int r = 1; r < m; r++) std::memmove(h + (int64_t)r * n, h + (int64_t)r * width, n * sizeof(float));
}

void add(float* x, const float* y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

void look_up(const Model& model, const Rows& rows, float* x) {
    const int C = model.n_embd;
    for (int r = 0; r < rows.count; r++, x += C) {
        widen(model.embed, rows.tokens[r], 0, C, x);
        if (model.positions)
            for (int c = 0; c < C; c++) x[c] += model.positions[(int64_t)rows.positions[r] * C + c];
    }
}

}  // namespace

// Reads the rows, remembers their keys and values, and gives the logits [wanted, vocab_size] of the last ones.
extern "C" void read_transformer(const Model* pointer, const Rows* given, float* logits) {
    const Model& model = *pointer;
    const Rows& rows = *given;
    const int m = rows.count, C = model.n_embd, t = model.threads;
    const size_t qkv_width = (size_t)(model.n_head + 2 * model.n_kv_head) * model.head_dim;
    const size_t wide = (size_t)model.n_inner * (model.activation == 2 ? 2 : 1);
    const size_t size = (size_t)m * C;
    Buffer<float> x(size), y(size), qkv(m * qkv_width), seen((size_t)m * model.n_head * model.head_dim), h(m * wide);
    look_up(model, rows, x.data());
    for (int l = 0; l < model.n_layer; l++) {
        const Layer& layer = model.layers[l];
        normalize(model, layer.norm_1, x.data(), y.data(), m);
        linear(layer.qkv, y.data(), qkv.data(), m, t);
        remember(model, rows, l, qkv.data());
        attend(model, rows, l, qkv.data(), seen.data());
        linear(layer.proj, seen.data(), y.data(), m, t);
        add(x.data(), y.data(), size);
        normalize(model, layer.norm_2, x.data(), y.data(), m);
        linear(layer.up, y.data(), h.data(), m, t);
        activate(model, h.data(), m);
        linear(layer.down, h.data(), y.data(), m, t);
        add(x.data(), y.data(), size);
    }
    const float* last = x.data() + (size_t)(m - rows.wanted) * C;
    normalize(model, model.norm, last, y.data(), rows.wanted);
    linear(model.head, y.data(), logits, rows.wanted, t);
}
