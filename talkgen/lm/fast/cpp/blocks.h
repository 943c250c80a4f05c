// Products with weights in blocks; knows no matrix.
//
// Activations meet them as 16-bit integers with a scale for every 32 of them, which loses about as little as half
// precision does: products of two integers are exact. Every other sum is in float32. A few rows of activations go with
// one row of weights after another, since what it costs then is to read these; more go with CHUNK rows at once.
#pragma once

#include "integers.h"

namespace {

constexpr float LARGEST = 32639.0f;  // 127 · 256 + 127: two bytes with a sign each (integers_arm.h)

struct Activations {
    const float* x;           // [m, k]
    Buffer<int16_t> q;        // the same as integers; of the rows of a tile, a block of each in turn
    Buffer<float> scale_sum;  // of every block, in the same order, its scale and its sum

    Activations(const float* x, size_t m, size_t k) : x(x), q(m * k), scale_sum(m * k / BLOCK * 2) {}
};

// Block b of row r of m.
inline void quantize_block(Activations& a, int r, int b, int m, int blocks) {
    const int first = r / TILE * TILE, rows = std::min(TILE, m - first);
    const int64_t place = (int64_t)first * blocks + b * rows + (r - first);
    const float* x = a.x + ((int64_t)r * blocks + b) * BLOCK;
    Floats most{}, sum{};
    for (int j = 0; j < BLOCK; j += 8) most = largest(most, size_of(load8(x + j)));
    const float top = highest(most), inverse = top > 0 ? LARGEST / top : 0;
    int16_t* q = a.q.data() + place * BLOCK;
    typedef int16_t EightShorts __attribute__((vector_size(16)));
    for (int j = 0; j < BLOCK; j += 8) {
        const Floats rounded = nearest(load8(x + j) * inverse);
        store(q + j, __builtin_convertvector(__builtin_convertvector(rounded, Ints), EightShorts));
        sum += rounded;
    }
    arrange(q);
    // The sum of what is multiplied, not of x: so each rounding counts as often as its weight, which is near zero.
    a.scale_sum.data()[2 * place] = top / LARGEST;
    a.scale_sum.data()[2 * place + 1] = top / LARGEST * total(sum);
}

// ---- One row of weights times a few of activations.

// To y, CHUNK numbers apart, the products with M rows of activations.
template <int M, class B>
inline void multiply_row(const B* w, const Activations& a, int blocks, float* y) {
    const int16_t* q = a.q.data();
    const float* scale_sum = a.scale_sum.data();
    Floats sums[M] = {};
    float low[M] = {};
    for (int b = 0; b < blocks; b++, w++) {
        const float scale = half(w->scale);
#pragma GCC unroll 4
        for (int m = 0; m < M; m++, q += BLOCK, scale_sum += 2) {
            if (B::SHIFTED) low[m] += w->least() * scale_sum[1];
            sums[m] = floats(dot_block(*w, q)) * (scale * scale_sum[0]) + sums[m];
        }
    }
    for (int m = 0; m < M; m++) y[m * CHUNK] = total(sums[m]) + low[m];
}

template <int M, class B>
inline void multiply_rows(const B* w, int blocks, int count, const Activations& a, float* y) {
    for (int i = 0; i < count; i++) multiply_row<M>(w + (int64_t)i * blocks, a, blocks, y + i);
}

// ---- CHUNK rows of weights, a block of each, times M rows of activations.

// Lays out a block of each row. Scales are gathered first and widened last, together: meanwhile what was written half
// by half has come to where it can be read as a whole.
template <class B>
inline void lay_out(Strided<B> rows, Panel& panel) {
    int32_t heads[CHUNK];
    for (int r = 0; r < CHUNK; r++) std::memcpy(heads + r, rows.row(r), sizeof *heads);
    unpack(rows, panel);
    for (int r = 0; r < CHUNK; r += 8) {
        const Ints head = load<Ints>(heads + r);
        store(panel.scale + r, widen(__builtin_convertvector(head, EightHalves)));
        if (B::SHIFTED) store(panel.least + r, widen(__builtin_convertvector(head >> 16, EightHalves)));
    }
}

// Adds to y [M, CHUNK] the products with M rows of activations, a block of each. Its sums are all the registers there
// are: hence no inlining.
template <class B, int M>
[[gnu::noinline]] void multiply_panel(const Panel& w, const int16_t* q, const float* scale_sum, float* y) {
    Sums dot[M][SIDES];
    dot_panel<B, M>(w, q, dot);
    for (int m = 0; m < M; m++, y += CHUNK)
        for (int j = 0; j < SIDES; j++) {
            WideFloats more = load<WideFloats>(y + WIDTH * j);
            if (B::SHIFTED) more = load<WideFloats>(w.least + WIDTH * j) * scale_sum[2 * m + 1] + more;
            const WideFloats scale = load<WideFloats>(w.scale + WIDTH * j) * scale_sum[2 * m];
            store(y + WIDTH * j, __builtin_convertvector(dot[m][j], WideFloats) * scale + more);
        }
}

template <class B, int M>
inline void multiply_tile(int rows, const Panel& w, const int16_t* q, const float* scale_sum, float* y) {
    if (rows == M) return multiply_panel<B, M>(w, q, scale_sum, y);
    if constexpr (M > 1) multiply_tile<B, M - 1>(rows, w, q, scale_sum, y);
}

// To y [m, CHUNK] the products of CHUNK rows of weights, a number of blocks each, and m rows of activations.
template <class B>
inline void multiply_panels(const B* w, int blocks, const Activations& a, int m, float* y) {
    Panel panel;
    std::fill(y, y + (int64_t)m * CHUNK, 0.0f);
    for (int b = 0; b < blocks; b++) {
        // CHUNK places at a time in memory are more than the processor foresees.
        const char* next = (const char*)(w + (int64_t)CHUNK * (blocks + b));
        for (size_t i = 0; i < CHUNK * sizeof(B); i += 64) __builtin_prefetch(next + i);
        lay_out(Strided<B>{w + b, blocks}, panel);
        for (int r = 0; r < m; r += TILE) {
            const int tile = std::min(TILE, m - r);
            const int64_t place = (int64_t)r * blocks + b * tile;
            const int16_t* q = a.q.data() + place * BLOCK;
            const float* scale_sum = a.scale_sum.data() + 2 * place;
            float* out = y + r * CHUNK;
            multiply_tile<B, TILE>(tile, panel, q, scale_sum, out);
        }
    }
}

// To y [m, CHUNK] the products of `count` rows of weights and m rows of activations.
template <class B>
inline void multiply_blocks(const B* w, int blocks, int count, const Activations& a, int m, float* y) {
    static_assert(TILE >= 4, "the rows that go with a row of weights lie in one tile");
    if (m == 1) return multiply_rows<1>(w, blocks, count, a, y);
    if (m == 2) return multiply_rows<2>(w, blocks, count, a, y);
    if (m == 3) return multiply_rows<3>(w, blocks, count, a, y);
    if (m == 4) return multiply_rows<4>(w, blocks, count, a, y);
    if (count == CHUNK) return multiply_panels(w, blocks, a, m, y);
    const int64_t there = (int64_t)count * blocks, all = (int64_t)CHUNK * blocks;
    Buffer<B> padded(all);
    std::copy(w, w + there, padded.data());
    std::fill(padded.data() + there, padded.data() + all, B{});
    multiply_panels(padded.data(), blocks, a, m, y);
}

}  // namespace
