// One block of a transformer in training, forward and backward: the arithmetic of lm/transformer.py's Block without its calls.
//
// The work goes in phases, each shared out among the threads: tokens, a span at a time; heads; panels; chunks of the
// weights' gradients. Every number is one thread's sum in a fixed order, so that the same call gives the same bits.
#include <memory>

#include "heads.h"
#include "rows.h"

struct Parameters {  // of a block, or their gradients; biases may be null
    float *norm_1, *norm_1_bias, *qkv, *qkv_bias, *proj, *proj_bias, *norm_2, *norm_2_bias, *up, *up_bias, *down, *down_bias;
};

struct Block {
    int32_t rows, length, n_embd, n_head, n_kv_head, head_dim, n_inner;
    int32_t rms, activation, threads;
    float eps;
    const float *cos, *sin;  // [length, head_dim], or null: no rotary positions
    Parameters parameters;
};

namespace {

struct Sizes {
    int tokens, C, D, heads, qkv, joined, inner, wide, span, spans;
    int deep;  // of panels of tokens; odd, since powers of two would crowd a few sets of the caches

    explicit Sizes(const Block& b)
        : tokens(b.rows * b.length), C(b.n_embd), D(b.head_dim), heads(b.n_head), qkv((b.n_head + 2 * b.n_kv_head) * D),
          joined(b.n_head * D), inner(b.n_inner), wide(b.activation == SWIGLU ? 2 * inner : inner),
          span(tokens >= 384 * b.threads ? 96 : 48), spans((tokens + span - 1) / span), deep(tokens | 1) {}
};

// Hands out parts of one stretch of memory; from null it only counts.
struct Stretch {
    float* at;
    int64_t used = 0;

    float* take(int64_t count) {
        float* part = at ? at + used : nullptr;
        used += (count + 15) / 16 * 16;
        return part;
    }
};

struct Kept {  // from forward to backward
    float *normal_1, *normal_2, *joined, *active;  // what the weights were multiplied with, in panels
    float *qkv, *slopes, *lse, *seen, *middle;
    Moments *moments_1, *moments_2;
    int64_t size;

    Kept(const Sizes& s, float* memory) {
        Stretch m{memory};
        normal_1 = m.take(panels_size(s.deep, s.C)), normal_2 = m.take(panels_size(s.deep, s.C));
        joined = m.take(panels_size(s.deep, s.joined)), active = m.take(panels_size(s.deep, s.inner));
        qkv = m.take((int64_t)s.tokens * s.qkv), slopes = m.take((int64_t)s.tokens * s.wide);
        lse = m.take((int64_t)s.tokens * s.heads), seen = m.take((int64_t)s.tokens * s.joined);
        middle = m.take((int64_t)s.tokens * s.C);
        moments_1 = (Moments*)m.take(2 * s.tokens), moments_2 = (Moments*)m.take(2 * s.tokens);
        size = m.used;
    }
};

std::unique_ptr<float[]> memory_for(int64_t count) { return std::unique_ptr<float[]>(new float[count]); }

// The part of `count` panels that this thread packs.
template <class Pack>
void share_panels(int count, Pack pack_some) {
#pragma omp for schedule(static) nowait
    for (int p = 0; p < count; p++) pack_some(p, p + 1);
}

void pack_weights(const float* w, int n, int k, float* out) {  // for y = x Wᵀ, W [n, k]
    share_panels(panels_of(n), [=](int from, int to) { pack_transposed(w, k, k, n, out, from, to); });
}

void pack_as_they_are(const float* w, int k, int n, float* out) {  // for dx = dy W, W [k, n]
    share_panels((k + 15) / 16, [=](int from, int to) {
        pack_rows(w + (int64_t)from * 16 * n, n, from * 16, std::min(k, to * 16) - from * 16, n, out, k);
    });
}

void add_bias(float* y, const float* bias, int m, int n) {
    for (int r = 0; bias && r < m; r++) add_row(y + (int64_t)r * n, bias, n);
}

Heads heads_of(const Block& b, const Sizes& s, const float* qkv, int row, int kv) {
    const int group = b.n_head / b.n_kv_head;
    const float* start = qkv + (int64_t)row * b.length * s.qkv;
    const float* k = start + (b.n_head + kv) * s.D;
    return {b.length, s.D, group, start + kv * group * s.D, k, k + b.n_kv_head * s.D, s.qkv};
}

void turn_token(const Block& b, float* qkv, int token, bool back) {
    const int64_t position = (int64_t)(token % b.length) * b.head_dim;
    for (int h = 0; b.cos && h < b.n_head + b.n_kv_head; h++)
        turn(qkv + h * b.head_dim, b.cos + position, b.sin + position, b.head_dim, back);
}

// A weight's gradient dW [n, k] = dyᵀ x and its bias's, by chunks of n.
struct Product {
    const float *dy, *x;  // [tokens, n]; [tokens, k] in panels
    int n, k;
    float *dw, *dbias;

    static constexpr int CHUNK = 96;

    int chunks() const { return (n + CHUNK - 1) / CHUNK; }

    void make(int chunk, int tokens, int deep, float* room) const {
        const int from = chunk * CHUNK, count = std::min(CHUNK, n - from);
        multiply_transposed(dy + from, n, {x, deep}, count, k, tokens, dw + (int64_t)from * k, k, room);
        if (!dbias) return;
        std::fill(dbias + from, dbias + from + count, 0.0f);
        for (int t = 0; t < tokens; t++) add_row(dbias + from, dy + (int64_t)t * n + from, count);
    }
};

}  // namespace

extern "C" int64_t block_keeps(const Block* block) { return Kept(Sizes(*block), nullptr).size; }

// y [rows, length, n_embd] from x, and in `memory` what backward wants.
extern "C" void block_forward(const Block* block, const float* x, float* y, float* memory) {
    const Block& b = *block;
    const Parameters& w = b.parameters;
    const Sizes s(b);
    const Kept kept(s, memory);
    const int64_t sizes[] = {panels_size(s.C, s.qkv), panels_size(s.joined, s.C), panels_size(s.C, s.wide),
                             panels_size(s.inner, s.C)};
    const auto packed = memory_for(sizes[0] + sizes[1] + sizes[2] + sizes[3]);
    float *qkv = packed.get(), *proj = qkv + sizes[0], *up = proj + sizes[1], *down = up + sizes[2];
#pragma omp parallel num_threads(b.threads)
    {
        pack_weights(w.qkv, s.qkv, s.C, qkv);
        pack_weights(w.proj, s.C, s.joined, proj);
        pack_weights(w.up, s.wide, s.C, up);
        pack_weights(w.down, s.C, s.inner, down);
        const auto some = memory_for((int64_t)s.span * (s.C + s.inner));
#pragma omp barrier
#pragma omp for schedule(dynamic)
        for (int i = 0; i < s.spans; i++) {
            const int first = i * s.span, count = std::min(s.span, s.tokens - first);
            float *normal = some.get(), *out = kept.qkv + (int64_t)first * s.qkv;
            for (int t = 0; t < count; t++)
                kept.moments_1[first + t] = normalize_row(x + (int64_t)(first + t) * s.C, normal + (int64_t)t * s.C, s.C, b.rms,
                                                          b.eps, w.norm_1, w.norm_1_bias);
            pack_rows(normal, s.C, first, count, s.C, kept.normal_1, s.deep);
            multiply_panels({normal, s.C, 1}, {qkv, s.C}, count, s.qkv, s.C, out, s.qkv);
            add_bias(out, w.qkv_bias, count, s.qkv);
            for (int t = 0; t < count; t++) turn_token(b, out + (int64_t)t * s.qkv, first + t, false);
        }
        Scratch room(b.length, s.D);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < b.rows * b.n_kv_head; i++) {
            const int row = i / b.n_kv_head, kv = i % b.n_kv_head;
            const Heads heads = heads_of(b, s, kept.qkv, row, kv);
            attend_forward(heads, kept.seen + (int64_t)row * b.length * s.joined + kv * heads.group * s.D, s.joined,
                           kept.lse + (int64_t)i * heads.group * b.length, room);
        }
#pragma omp for schedule(dynamic)
        for (int i = 0; i < s.spans; i++) {
            const int first = i * s.span, count = std::min(s.span, s.tokens - first);
            const int64_t at = (int64_t)first * s.C;
            const float* seen = kept.seen + (int64_t)first * s.joined;
            float *middle = kept.middle + at, *slopes = kept.slopes + (int64_t)first * s.wide;
            float *normal = some.get(), *active = normal + (int64_t)s.span * s.C;
            pack_rows(seen, s.joined, first, count, s.joined, kept.joined, s.deep);
            multiply_panels({seen, s.joined, 1}, {proj, s.joined}, count, s.C, s.joined, middle, s.C, x + at, s.C);
            add_bias(middle, w.proj_bias, count, s.C);
            for (int t = 0; t < count; t++)
                kept.moments_2[first + t] = normalize_row(middle + (int64_t)t * s.C, normal + (int64_t)t * s.C, s.C, b.rms, b.eps,
                                                          w.norm_2, w.norm_2_bias);
            pack_rows(normal, s.C, first, count, s.C, kept.normal_2, s.deep);
            multiply_panels({normal, s.C, 1}, {up, s.C}, count, s.wide, s.C, slopes, s.wide);
            add_bias(slopes, w.up_bias, count, s.wide);
            for (int t = 0; t < count; t++)
                activate_row((Activation)b.activation, slopes + (int64_t)t * s.wide, active + (int64_t)t * s.inner, s.inner);
            pack_rows(active, s.inner, first, count, s.inner, kept.active, s.deep);
            multiply_panels({active, s.inner, 1}, {down, s.inner}, count, s.C, s.inner, y + at, s.C, middle, s.C);
            add_bias(y + at, w.down_bias, count, s.C);
        }
    }
}

namespace {

// What the backward pass makes on its way.
struct Way {
    float *qkv, *proj, *up, *down;                 // weights in panels
    float *dqkv, *dseen, *dmiddle, *dup, *dnorms;  // gradients; of the norms, [spans, 4 C] to be added up
    float* levels;                                 // [tokens, heads]: each head's output times its gradient
    int64_t size;

    Way(const Sizes& s, float* memory) {
        Stretch m{memory};
        qkv = m.take(panels_size(s.qkv, s.C)), proj = m.take(panels_size(s.C, s.joined));
        up = m.take(panels_size(s.wide, s.C)), down = m.take(panels_size(s.C, s.inner));
        dqkv = m.take((int64_t)s.tokens * s.qkv), dseen = m.take((int64_t)s.tokens * s.joined);
        dmiddle = m.take((int64_t)s.tokens * s.C), dup = m.take((int64_t)s.tokens * s.wide);
        dnorms = m.take((int64_t)s.spans * 4 * s.C), levels = m.take((int64_t)s.tokens * s.heads);
        size = m.used;
    }
};

// dup [n or 2 n] from the slopes and what reached the activation.
void activation_backward(const Sizes& s, const float* slopes, const float* dactive, float* dup) {
    for (int i = 0; i < s.inner; i++) dup[i] = slopes[i] * dactive[i];
    for (int i = s.inner; i < s.wide; i++) dup[i] = slopes[i] * dactive[i - s.inner];
}

// Back through the MLP, its norm and attention's output, for one span of tokens; `room`: span (C + inner) numbers.
void mlp_backward(const Block& b, const Sizes& s, const Kept& kept, const Way& way, const float* dy, int span, float* room) {
    const int first = span * s.span, count = std::min(s.span, s.tokens - first);
    const int64_t at = (int64_t)first * s.C;
    float *dactive = room, *dnormal = room + (int64_t)s.span * s.inner, *dup = way.dup + (int64_t)first * s.wide;
    float* dnorm = way.dnorms + (int64_t)span * 4 * s.C + 2 * s.C;
    multiply_panels({dy + at, s.C, 1}, {way.down, s.C}, count, s.inner, s.C, dactive, s.inner);
    const float* slopes = kept.slopes + (int64_t)first * s.wide;
    for (int t = 0; t < count; t++)
        activation_backward(s, slopes + (int64_t)t * s.wide, dactive + (int64_t)t * s.inner, dup + (int64_t)t * s.wide);
    multiply_panels({dup, s.wide, 1}, {way.up, s.wide}, count, s.C, s.wide, dnormal, s.C);
    std::fill(dnorm, dnorm + 2 * s.C, 0.0f);
    for (int t = 0; t < count; t++) {
        const int64_t row = at + (int64_t)t * s.C;
        normalize_backward(kept.middle + row, kept.moments_2[first + t], dnormal + (int64_t)t * s.C, s.C, b.rms,
                           b.parameters.norm_2, dy + row, way.dmiddle + row, dnorm, dnorm + s.C);
    }
    float* dseen = way.dseen + (int64_t)first * s.joined;
    const float* seen = kept.seen + (int64_t)first * s.joined;
    multiply_panels({way.dmiddle + at, s.C, 1}, {way.proj, s.C}, count, s.joined, s.C, dseen, s.joined);
    for (int h = 0; h < count * s.heads; h++)
        way.levels[(int64_t)first * s.heads + h] = dot(seen + (int64_t)h * s.D, dseen + (int64_t)h * s.D, s.D);
}

// Back through what made queries, keys and values, and its norm.
void qkv_backward(const Block& b, const Sizes& s, const Kept& kept, const Way& way, const float* x, float* dx, int span,
                  float* room) {
    const int first = span * s.span, count = std::min(s.span, s.tokens - first);
    float *dqkv = way.dqkv + (int64_t)first * s.qkv, *dnorm = way.dnorms + (int64_t)span * 4 * s.C;
    for (int t = 0; t < count; t++) turn_token(b, dqkv + (int64_t)t * s.qkv, first + t, true);
    multiply_panels({dqkv, s.qkv, 1}, {way.qkv, s.qkv}, count, s.C, s.qkv, room, s.C);
    std::fill(dnorm, dnorm + 2 * s.C, 0.0f);
    for (int t = 0; t < count; t++) {
        const int64_t row = (int64_t)(first + t) * s.C;
        normalize_backward(x + row, kept.moments_1[first + t], room + (int64_t)t * s.C, s.C, b.rms, b.parameters.norm_1,
                           way.dmiddle + row, dx + row, dnorm, dnorm + s.C);
    }
}

void norms_gradients(const Sizes& s, const float* parts, const Parameters& d) {
    float* wanted[] = {d.norm_1, d.norm_1_bias, d.norm_2, d.norm_2_bias};
    for (int i = 0; i < 4; i++) {
        if (!wanted[i]) continue;
        std::fill(wanted[i], wanted[i] + s.C, 0.0f);
        for (int span = 0; span < s.spans; span++) add_row(wanted[i], parts + ((int64_t)span * 4 + i) * s.C, s.C);
    }
}

}  // namespace

extern "C" int64_t block_needs(const Block* block) { return Way(Sizes(*block), nullptr).size; }

// dx and the gradients of all parameters, from dy, x and what the forward pass kept; `room` for what it makes on its way.
extern "C" void block_backward(const Block* block, const float* x, const float* dy, float* memory, float* room, float* dx,
                               const Parameters* given) {
    const Block& b = *block;
    const Parameters &w = b.parameters, &d = *given;
    const Sizes s(b);
    const Kept kept(s, memory);
    const Way way(s, room);
    const Product products[] = {
        {dy, kept.active, s.C, s.inner, d.down, d.down_bias},
        {way.dup, kept.normal_2, s.wide, s.C, d.up, d.up_bias},
        {way.dqkv, kept.normal_1, s.qkv, s.C, d.qkv, d.qkv_bias},
        {way.dmiddle, kept.joined, s.C, s.joined, d.proj, d.proj_bias},
    };
    int chunks = 0;
    for (const Product& p : products) chunks += p.chunks();
#pragma omp parallel num_threads(b.threads)
    {
        pack_as_they_are(w.down, s.C, s.inner, way.down);
        pack_as_they_are(w.up, s.wide, s.C, way.up);
        pack_as_they_are(w.proj, s.C, s.joined, way.proj);
        pack_as_they_are(w.qkv, s.qkv, s.C, way.qkv);
        const auto some = memory_for(std::max((int64_t)s.span * (s.C + s.inner), (int64_t)DEEP * Product::CHUNK));
        Scratch scratch(b.length, s.D);
#pragma omp barrier
#pragma omp for schedule(dynamic)
        for (int i = 0; i < s.spans; i++) mlp_backward(b, s, kept, way, dy, i, some.get());
#pragma omp for schedule(dynamic)
        for (int i = 0; i < b.rows * b.n_kv_head; i++) {
            const int row = i / b.n_kv_head, kv = i % b.n_kv_head;
            const Heads heads = heads_of(b, s, kept.qkv, row, kv), grads = heads_of(b, s, way.dqkv, row, kv);
            const int64_t at = (int64_t)row * b.length * s.joined + kv * heads.group * s.D;
            const Reached by{way.dseen + at, s.joined, kept.lse + (int64_t)i * heads.group * b.length,
                             way.levels + (int64_t)row * b.length * s.heads + kv * heads.group, s.heads};
            attend_backward(heads, by, (float*)grads.q, (float*)grads.k, (float*)grads.v, scratch);
        }
#pragma omp for schedule(dynamic)
        for (int i = 0; i < s.spans; i++) qkv_backward(b, s, kept, way, x, dx, i, some.get());
#pragma omp single nowait
        norms_gradients(s, way.dnorms, d);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < chunks; i++) {
            int chunk = i;
            const Product* p = products;
            for (; chunk >= p->chunks(); p++) chunk -= p->chunks();
            p->make(chunk, s.tokens, s.deep, some.get());
        }
    }
}
