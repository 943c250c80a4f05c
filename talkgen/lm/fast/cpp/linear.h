// Products with packed weights, as near to the memory's speed as we can get; knows no model.
//
// What a laptop waits for when it writes one token after another is its weights, once each. So they stay as small as
// they are stored, and are widened in registers: blocks to integers (blocks.h), float16 to float32.
#pragma once

#include "blocks.h"
#include "pool.h"

enum Kind { FLOAT32 = 32, FLOAT16 = 16, INT8 = 8, INT4 = 4 };

struct Matrix {  // [n, k], rows one after another; a bias [n] or null
    int32_t kind, n, k;
    const uint8_t* data;
    const float* bias;
};

struct Stack {  // matrices one below the other, of one width: as a file stores them, each by itself
    int32_t count;
    Matrix parts[3];
};

namespace {

constexpr int FEW = 4;     // rows of activations that meet a row of floats together
constexpr int MANY = 6;    // rows of activations for which it pays to lay out floats anew, once for all of them
constexpr int SIDE = 8;    // rows of floats that are laid out together, SLICE numbers of each: half of the first cache
constexpr int SLICE = 576;

// Numbers from ... of row i of a matrix, in float32; `from` is a block's first.
inline void widen(const Matrix& w, int64_t i, int from, int count, float* y) {
    const int64_t first = i * w.k + from;
    int c = 0;
    switch (w.kind) {
        case INT4:
            for (; c < count; c += BLOCK) widen_block(((const Q4*)w.data)[(first + c) / BLOCK], y + c);
            return;
        case INT8:
            for (; c < count; c += BLOCK) widen_block(((const Q8*)w.data)[(first + c) / BLOCK], y + c);
            return;
        case FLOAT16:
            for (; c + 8 <= count; c += 8) store(y + c, load8((const uint16_t*)w.data + first + c));
            for (; c < count; c++) y[c] = half(((const uint16_t*)w.data)[first + c]);
            return;
        default: std::memcpy(y, (const float*)w.data + first, count * sizeof(float));
    }
}

constexpr int64_t NO_SHIFT = -2;

// To x [C] a token's row of the embedding, its last C / 2 numbers from the row of the token before; from none (-1) zeros.
inline void look_up_token(const Matrix& embed, int64_t token, int64_t before, int C, float* x) {
    widen(embed, token, 0, C, x);
    if (before == NO_SHIFT) return;
    std::vector<float> late(C);
    if (before >= 0) widen(embed, before, 0, C, late.data());
    const int own = C - C / 2;
    std::copy(late.begin() + own, late.end(), x + own);
}

// ---- A few rows of activations, and one row of floats after another.

// To y, CHUNK numbers apart, the products of a row of weights and M rows of activations.
template <class W, int M>
inline void multiply_floats(const W* w, const float* x, int k, float* y) {
    Floats acc[M][4] = {};
    int i = 0;
    for (; i + 32 <= k; i += 32)
        for (int j = 0; j < 4; j++) {
            const Floats v = load8(w + i + 8 * j);
            for (int m = 0; m < M; m++) acc[m][j] = v * load8(x + (int64_t)m * k + i + 8 * j) + acc[m][j];
        }
    for (int m = 0; m < M; m++) y[m * CHUNK] = total((acc[m][0] + acc[m][1]) + (acc[m][2] + acc[m][3]));
    for (; i < k; i++)
        for (int m = 0; m < M; m++) y[m * CHUNK] += load1(w[i]) * x[(int64_t)m * k + i];
}

// Rows from ... of the product, [m, CHUNK].
template <class W>
inline void multiply_few(const Matrix& w, int from, int count, const float* x, int m, float* y) {
    for (int r = 0; r < m; r += FEW, x += (int64_t)FEW * w.k, y += FEW * CHUNK)
        for (int i = 0; i < count; i++) {
            const W* row = (const W*)w.data + (int64_t)(from + i) * w.k;
            switch (std::min(FEW, m - r)) {
                case 4: multiply_floats<W, 4>(row, x, w.k, y + i); break;
                case 3: multiply_floats<W, 3>(row, x, w.k, y + i); break;
                case 2: multiply_floats<W, 2>(row, x, w.k, y + i); break;
                default: multiply_floats<W, 1>(row, x, w.k, y + i);
            }
        }
}

// ---- Many rows of activations: as many products as memory has time for, so registers decide.

template <class T>
inline Floats load_once(const T* p) {
    Floats v = load8(p);
    keep_in_register(v);
    return v;
}

// Adds to y, rows `ld` apart, the products [M, 4] over `count` numbers of M rows of x and four of w.
template <int M, class T>
[[gnu::noinline]] void multiply_four(Strided<T> w, Strided<float> x, int count, float* y, int64_t ld) {
    Floats acc[M][4] = {};  // twelve at most: with three of x and one of w all registers there are, hence no inlining
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        Floats of_x[M];
#pragma GCC unroll 3
        for (int m = 0; m < M; m++) of_x[m] = load_once(x.row(m) + i);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const Floats v = load_once(w.row(j) + i);
#pragma GCC unroll 3
            for (int m = 0; m < M; m++) acc[m][j] = v * of_x[m] + acc[m][j];
        }
    }
    for (int m = 0; m < M; m++, y += ld) {
        for (int j = 0; j < 4; j++) y[j] += total(acc[m][j]);
        for (int c = i; c < count; c++)
            for (int j = 0; j < 4; j++) y[j] += load1(w.row(j)[c]) * x.row(m)[c];
    }
}

// Rows from ... of the product, [m, CHUNK]: a part of SIDE rows of weights is widened, and meets all of x.
inline void multiply_many(const Matrix& w, int from, int count, const float* x, int m, float* y) {
    alignas(32) float part[SIDE * SLICE];
    std::fill(y, y + (int64_t)m * CHUNK, 0.0f);
    for (int first = 0; first < count; first += SIDE)
        for (int at = 0; at < w.k; at += SLICE) {
            const int rows = std::min(SIDE, count - first), wide = std::min(SLICE, w.k - at);
            for (int j = 0; j < SIDE; j++) widen(w, from + first + std::min(j, rows - 1), at, wide, part + j * SLICE);
            for (int r = 0, tile; r < m; r += tile) {
                tile = m - r == 4 ? 2 : std::min(3, m - r);  // a row alone would wait for its own sums
                for (int j = 0; j < SIDE; j += 4) {
                    const Strided<float> of_w{part + j * SLICE, SLICE}, of_x{x + (int64_t)r * w.k + at, w.k};
                    float* out = y + r * CHUNK + first + j;
                    if (tile == 3) multiply_four<3>(of_w, of_x, wide, out, CHUNK);
                    else if (tile == 2) multiply_four<2>(of_w, of_x, wide, out, CHUNK);
                    else multiply_four<1>(of_w, of_x, wide, out, CHUNK);
                }
            }
        }
}

// Rows from ... of the product, [m, CHUNK].
inline void multiply(const Matrix& w, int from, int count, const Activations& a, int m, float* y) {
    const int blocks = w.k / BLOCK;
    const int64_t first = (int64_t)from * blocks;
    if (w.kind == INT4) return multiply_blocks((const Q4*)w.data + first, blocks, count, a, m, y);
    if (w.kind == INT8) return multiply_blocks((const Q8*)w.data + first, blocks, count, a, m, y);
    if (m >= MANY) return multiply_many(w, from, count, a.x, m, y);
    if (w.kind == FLOAT16) return multiply_few<uint16_t>(w, from, count, a.x, m, y);
    multiply_few<float>(w, from, count, a.x, m, y);
}

inline int chunks_of(const Matrix& w) { return (w.n + CHUNK - 1) / CHUNK; }

// To y, rows `ld` apart, a chunk of y = x Wᵀ + bias, or with `more` y + that. some: room for [m, CHUNK], since rows of y
// lie so far apart that writing to all in turn would drive them from the cache.
inline void multiply_chunk(const Matrix& w, int chunk, const Activations& a, int m, float* some, float* y, int64_t ld,
                           bool more) {
    const int from = chunk * CHUNK, count = std::min(CHUNK, w.n - from);
    multiply(w, from, count, a, m, some);
    for (int r = 0; r < m; r++) {
        float *sums = some + r * CHUNK, *out = y + r * ld + from;
        if (w.bias)
            for (int i = 0; i < count; i++) sums[i] += w.bias[from + i];
        int i = 0;
        for (; i + 8 <= count; i += 8) store(out + i, more ? load8(out + i) + load8(sums + i) : load8(sums + i));
        for (; i < count; i++) out[i] = more ? out[i] + sums[i] : sums[i];
    }
}

// y [m, n] = x [m, k] Wᵀ + bias, or with `more` y + that; m ≥ 1. Rows of x are there once make(row) has been called.
template <class Make>
void linear(const Stack& w, const float* x, float* y, int m, int threads, bool more, const Make& make) {
    const int k = w.parts[0].k;
    int chunks = 0, n = 0;
    bool blocks = false;
    for (int i = 0; i < w.count; i++) {
        chunks += chunks_of(w.parts[i]), n += w.parts[i].n;
        blocks |= w.parts[i].kind == INT8 || w.parts[i].kind == INT4;
    }
    Activations a(x, blocks ? m : 0, k);
    each(threads, m, [&](int r) {
        make(r);
        if (blocks)
            for (int b = 0; b < k / BLOCK; b++) quantize_block(a, r, b, m, k / BLOCK);
    });
    const int share = m > 1 ? 1 : (chunks + threads - 1) / threads;  // a row alone is over before more parts pay
    pool().run(threads, chunks, share, [&](int from, int to) {
        Buffer<float> some((size_t)m * CHUNK);
        int first = 0, row = 0;
        for (int i = 0; i < w.count; first += chunks_of(w.parts[i]), row += w.parts[i].n, i++)
            for (int chunk = std::max(from, first); chunk < std::min(to, first + chunks_of(w.parts[i])); chunk++)
                multiply_chunk(w.parts[i], chunk - first, a, m, some.data(), y + row, n, more);
    });
}

void linear(const Matrix& w, const float* x, float* y, int m, int threads) {
    linear(Stack{1, {w}}, x, y, m, threads, false, [](int) {});
}

}  // namespace
