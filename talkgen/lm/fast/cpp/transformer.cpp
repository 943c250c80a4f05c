// A transformer's forward pass, a few tokens at a time: the arithmetic of models/transformer.py without its calls.
#include "attention.h"
#include "linear.h"
#include "rows.h"

struct Norm {  // over n_embd; a bias or null
    const float *weight, *bias;
};

struct Layer {
    Norm norm_1, norm_2;
    Stack qkv, proj, up, down;
};

struct Model {
    int32_t n_layer, n_embd, n_head, n_kv_head, head_dim, n_inner, vocab_size;
    int32_t rms, activation, shift, threads;  // activation: as in rows.h
    int32_t remembers;  // what keys and values are kept in, FLOAT32 or FLOAT16
    int32_t adjacent;  // a rotary pair lies side by side, as llama.cpp stores queries and keys, not half a head apart
    float eps;
    const float *cos, *sin;   // [block_size, head_dim / 2], or null: no rotary positions
    const float* positions;   // [block_size, n_embd], or null: no learned ones
    Matrix embed, head;
    Norm norm;
    const Layer* layers;
};

struct Rows {  // the tokens of one pass: of one text one after another, or of several texts one each
    int32_t count, wanted;  // logits are wanted for the last `wanted`
    const int64_t *tokens, *before;  // the token before each, or -1; used by a model with a shift
    const int32_t* positions;
    void *const *keys, *const *values;    // of each row's text: [n_layer, n_kv_head, capacity, head_dim]
    const int64_t *layer_stride, *head_stride;
};

namespace {

// ---- What happens between the products.

// Row r of y [m, n_embd] from that of x.
void normalize(const Model& model, const Norm& norm, const float* x, float* y, int r) {
    const int64_t C = model.n_embd;
    normalize_row(x + r * C, y + r * C, C, model.rms, model.eps, norm.weight, norm.bias);
}

// T: what keys and values are kept in.
template <class T>
void remember(const Model& model, const Rows& rows, int layer, float* qkv) {
    const int D = model.head_dim, H = model.n_head, KV = model.n_kv_head;
    each(model.threads, rows.count, [&](int r) {
        float* row = qkv + (int64_t)r * (H + 2 * KV) * D;
        const int at = rows.positions[r];
        if (model.cos)
            for (int h = 0; h < H + KV; h++)
                turn(row + h * D, model.cos + (int64_t)at * (D / 2), model.sin + (int64_t)at * (D / 2), D, model.adjacent);
        for (int h = 0; h < KV; h++) {
            const int64_t place = layer * rows.layer_stride[r] + h * rows.head_stride[r] + (int64_t)at * D;
            keep_row(row + (H + h) * D, (T*)rows.keys[r] + place, D);
            keep_row(row + (H + KV + h) * D, (T*)rows.values[r] + place, D);
        }
    });
}

template <class T>
void attend(const Model& model, const Rows& rows, int layer, const float* qkv, float* y) {
    const int D = model.head_dim, H = model.n_head, KV = model.n_kv_head, group = H / KV;
    const int parts = (group + HEADS - 1) / HEADS;  // of the heads that share keys
    each(model.threads, rows.count * KV * parts, [&](int task) {
        const int r = task / (KV * parts), kv = task / parts % KV, first = task % parts * HEADS;
        const int h = kv * group + first, heads = std::min(HEADS, group - first), length = rows.positions[r] + 1;
        const int64_t place = layer * rows.layer_stride[r] + kv * rows.head_stride[r];
        const float* q = qkv + ((int64_t)r * (H + 2 * KV) + h) * D;
        const T *keys = (const T*)rows.keys[r] + place, *values = (const T*)rows.values[r] + place;
        float* out = y + ((int64_t)r * H + h) * D;
        Buffer<float> room((size_t)heads * length);
        if (heads == 3) attend_heads<3>(q, keys, values, length, D, room.data(), out);
        else if (heads == 2) attend_heads<2>(q, keys, values, length, D, room.data(), out);
        else attend_heads<1>(q, keys, values, length, D, room.data(), out);
    });
}

template <class T>
void look_back(const Model& model, const Rows& rows, int layer, float* qkv, float* y) {
    remember<T>(model, rows, layer, qkv);
    attend<T>(model, rows, layer, qkv, y);
}

// Row r of y [m, n_inner] from that of what `up` gave: [m, n_inner], or with SwiGLU [m, gate and value of n_inner each].
void activate(const Model& model, const float* h, float* y, int r) {
    const int64_t n = model.n_inner, width = model.activation == SWIGLU ? 2 * n : n;
    activate_row((Activation)model.activation, h + r * width, y + r * n, n);
}

void look_up(const Model& model, const Rows& rows, float* x) {
    const int C = model.n_embd;
    for (int r = 0; r < rows.count; r++, x += C) {
        look_up_token(model.embed, rows.tokens[r], model.shift ? rows.before[r] : NO_SHIFT, C, x);
        if (model.positions)
            for (int c = 0; c < C; c++) x[c] += model.positions[(int64_t)rows.positions[r] * C + c];
    }
}

}  // namespace

// What the other side takes these structures for is compared before it uses them.
extern "C" const int32_t size_of_Matrix = sizeof(Matrix), size_of_Stack = sizeof(Stack), size_of_Norm = sizeof(Norm), size_of_Layer = sizeof(Layer),
                         size_of_Model = sizeof(Model), size_of_Rows = sizeof(Rows);

// Reads the rows, remembers their keys and values, and gives the logits [wanted, vocab_size] of the last ones.
extern "C" void read_transformer(const Model* pointer, const Rows* given, float* logits) {
    const Model& model = *pointer;
    const Rows& rows = *given;
    const int m = rows.count, C = model.n_embd, t = model.threads;
    const size_t qkv_width = (size_t)(model.n_head + 2 * model.n_kv_head) * model.head_dim;
    const size_t wide = (size_t)model.n_inner * (model.activation == SWIGLU ? 2 : 1);
    Buffer<float> x((size_t)m * C), y((size_t)m * C), qkv(m * qkv_width), seen((size_t)m * model.n_head * model.head_dim);
    Buffer<float> h(m * wide), active((size_t)m * model.n_inner);
    look_up(model, rows, x.data());
    const auto from = [&](const Norm& norm) {
        return [&](int r) { normalize(model, norm, x.data(), y.data(), r); };
    };
    for (int l = 0; l < model.n_layer; l++) {
        const Layer& layer = model.layers[l];
        linear(layer.qkv, y.data(), qkv.data(), m, t, false, from(layer.norm_1));
        if (model.remembers == FLOAT16) look_back<uint16_t>(model, rows, l, qkv.data(), seen.data());
        else look_back<float>(model, rows, l, qkv.data(), seen.data());
        linear(layer.proj, seen.data(), x.data(), m, t, true, [](int) {});
        linear(layer.up, y.data(), h.data(), m, t, false, from(layer.norm_2));
        linear(layer.down, active.data(), x.data(), m, t, true, [&](int r) { activate(model, h.data(), active.data(), r); });
    }
    if (rows.wanted == 0) return;
    const float* last = x.data() + (size_t)(m - rows.wanted) * C;
    for (int r = 0; r < rows.wanted; r++) normalize(model, model.norm, last, y.data(), r);
    linear(model.head, y.data(), logits, rows.wanted, t);
}
