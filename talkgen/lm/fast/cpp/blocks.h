// Products with weights in ggml's blocks of 32 (Q8_0 and Q4_1), as small in memory as they are stored; knows no matrix.
//
// Activations meet them as 16-bit integers with a scale for every 32 of them, which loses about as little as half
// precision does: products of two integers are exact. Every other sum is in float32. A row of activations alone goes
// with one row of weights after another, since what it costs then is to read these; several go with CHUNK rows at once.
#pragma once

#include "pool.h"
#include "vectors.h"

namespace {

constexpr int BLOCK = 32;  // weights that share a scale
constexpr int TILE = 4;    // rows of activations that are multiplied together
constexpr int CHUNK = 16;  // rows of weights a thread takes at a time

struct Activations {
    const float* x;           // [m, k]
    Buffer<int16_t> q;        // the same as integers; of the rows of a tile, a block of each in turn
    Buffer<float> scale_sum;  // of every block, in the same order, its scale and its sum
};

// Block i of them all, which lie row after row.
inline void quantize_block(Activations& a, int i, int m, int blocks) {
    const int r = i / blocks, b = i % blocks, first = r / TILE * TILE, rows = std::min(TILE, m - first);
    const int64_t place = (int64_t)first * blocks + b * rows + (r - first);
    const float* x = a.x + (int64_t)i * BLOCK;
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 most = _mm256_setzero_ps(), sum = most;
    for (int j = 0; j < BLOCK; j += 8) {
        const __m256 v = _mm256_loadu_ps(x + j);
        most = _mm256_max_ps(most, _mm256_andnot_ps(sign, v));
        sum = _mm256_add_ps(sum, v);
    }
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, most);
    const float largest = *std::max_element(lanes, lanes + 8);
    const __m256 inverse = _mm256_set1_ps(largest > 0 ? 32767.0f / largest : 0);
    int16_t* q = a.q.data() + place * BLOCK;
    for (int j = 0; j < BLOCK; j += 16) {
        const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + j), inverse));
        const __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + j + 8), inverse));
        _mm256_storeu_si256((__m256i*)(q + j), _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8));
    }
    a.scale_sum.data()[2 * place] = largest / 32767.0f;
    a.scale_sum.data()[2 * place + 1] = total(sum);
}

void quantize(Activations& a, int m, int k, int threads) {
    const int blocks = k / BLOCK, count = m * blocks;
    a.q = Buffer<int16_t>((size_t)m * k);
    a.scale_sum = Buffer<float>((size_t)count * 2);
    pool().run(threads, count, 256, [&](int from, int to) {
        for (int i = from; i < to; i++) quantize_block(a, i, m, blocks);
    });
}

// ---- A block of weights.

struct Q8 {  // ggml's Q8_0: w = scale q
    uint16_t scale;
    int8_t q[BLOCK];

    void unpack(__m256i& a, __m256i& b) const {
        a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)q));
        b = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(q + 16)));
    }
    __m128 scale_least() const { return _mm_cvtph_ps(_mm_cvtsi32_si128(scale)); }
};

struct Q4 {  // ggml's Q4_1: w = scale q + least, the first half of a block in the low nibbles
    uint16_t scale, least;
    uint8_t q[BLOCK / 2];

    void unpack(__m256i& a, __m256i& b) const {
        const __m128i bytes = _mm_loadu_si128((const __m128i*)q), mask = _mm_set1_epi8(15);
        a = _mm256_cvtepu8_epi16(_mm_and_si128(bytes, mask));
        b = _mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(bytes, 4), mask));
    }
    __m128 scale_least() const {
        int32_t both;
        std::memcpy(&both, &scale, 4);
        return _mm_cvtph_ps(_mm_cvtsi32_si128(both));
    }
};

inline void widen_block(const Q8& b, float* y) {
    const __m256 scale = _mm256_set1_ps(half(b.scale));
    for (int j = 0; j < BLOCK; j += 8) {
        const __m256i q = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)(b.q + j)));
        _mm256_storeu_ps(y + j, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(q)));
    }
}

inline void widen_block(const Q4& b, float* y) {
    const __m128 both = b.scale_least();
    const __m256 scale = _mm256_broadcastss_ps(both), least = _mm256_broadcastss_ps(_mm_movehdup_ps(both));
    const __m128i bytes = _mm_loadu_si128((const __m128i*)b.q), mask = _mm_set1_epi8(15);
    const __m128i halves[2] = {_mm_and_si128(bytes, mask), _mm_and_si128(_mm_srli_epi16(bytes, 4), mask)};
    for (int j = 0; j < 2; j++) {
        const __m256i a = _mm256_cvtepu8_epi32(halves[j]), c = _mm256_cvtepu8_epi32(_mm_srli_si128(halves[j], 8));
        _mm256_storeu_ps(y + 16 * j, _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(a), least));
        _mm256_storeu_ps(y + 16 * j + 8, _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(c), least));
    }
}

// ---- One row of weights times one of activations.

template <class B>
inline float multiply_row(const B* w, const Activations& a, int blocks) {
    __m256 acc = _mm256_setzero_ps();
    __m128 low = _mm_setzero_ps();  // lane 1 adds up least * sum; lane 0 is of no use
    for (int b = 0; b < blocks; b++) {
        __m256i wa, wb;
        w[b].unpack(wa, wb);
        const int16_t* q = a.q.data() + b * BLOCK;
        const __m256i dot = _mm256_add_epi32(_mm256_madd_epi16(wa, _mm256_loadu_si256((const __m256i*)q)),
                                             _mm256_madd_epi16(wb, _mm256_loadu_si256((const __m256i*)(q + 16))));
        const __m128 of_x = _mm_castpd_ps(_mm_load_sd((const double*)(a.scale_sum.data() + 2 * b)));
        const __m128 both = _mm_mul_ps(w[b].scale_least(), of_x);
        low = _mm_add_ps(low, both);
        acc = _mm256_fmadd_ps(_mm256_broadcastss_ps(both), _mm256_cvtepi32_ps(dot), acc);
    }
    return total(_mm256_add_ps(acc, _mm256_zextps128_ps256(_mm_blend_ps(_mm_setzero_ps(), low, 2))));
}

// ---- CHUNK rows of weights, a block of each, times M rows of activations.

struct Panel {
    __m256i pairs[BLOCK / 2][2];  // of every row its weights 2p and 2p + 1, as 16-bit integers
    alignas(32) float scale[CHUNK], least[CHUNK];
};

// To v[p] the words p of all rows: 0-3 and 8-11 in its lower half, 4-7 and 12-15 in its upper. rows: where each begins.
template <class B>
inline void gather_words(const B* const* rows, int from, __m256i* v) {
    __m256i s[8];
    for (int i = 0; i < 8; i++) {
        const int r = i < 4 ? i : i + 4;
        const __m128i low = _mm_loadu_si128((const __m128i*)(rows[r]->q + from));
        const __m128i high = _mm_loadu_si128((const __m128i*)(rows[r + 4]->q + from));
        v[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    }
    for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_epi16(v[i], v[i + 1]);
        s[i + 1] = _mm256_unpackhi_epi16(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            v[i + 2 * j] = _mm256_unpacklo_epi32(s[i + j], s[i + j + 2]);
            v[i + 2 * j + 1] = _mm256_unpackhi_epi32(s[i + j], s[i + j + 2]);
        }
    for (int j = 0; j < 4; j++) {
        s[2 * j] = _mm256_unpacklo_epi64(v[j], v[j + 4]);
        s[2 * j + 1] = _mm256_unpackhi_epi64(v[j], v[j + 4]);
    }
    std::copy(s, s + 8, v);
}

inline void widen_halves(const uint16_t* from, float* to) {
    for (int r = 0; r < CHUNK; r += 8) _mm256_store_ps(to + r, load8(from + r));
}

inline void unpack_panel(const Q8* const* rows, Panel& panel) {
    __m256i v[8];
    for (int part = 0; part < 2; part++) {
        gather_words(rows, part * BLOCK / 2, v);
        for (int p = 0; p < 8; p++) {
            panel.pairs[8 * part + p][0] = _mm256_srai_epi16(_mm256_unpacklo_epi8(v[p], v[p]), 8);
            panel.pairs[8 * part + p][1] = _mm256_srai_epi16(_mm256_unpackhi_epi8(v[p], v[p]), 8);
        }
    }
    uint16_t scale[CHUNK];
    for (int r = 0; r < CHUNK; r++) scale[r] = rows[r]->scale, panel.least[r] = 0;
    widen_halves(scale, panel.scale);
}

inline void unpack_panel(const Q4* const* rows, Panel& panel) {
    __m256i v[8];
    gather_words(rows, 0, v);
    const __m256i mask = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
    for (int p = 0; p < 8; p++) {
        const __m256i low = _mm256_and_si256(v[p], mask), high = _mm256_and_si256(_mm256_srli_epi16(v[p], 4), mask);
        panel.pairs[p][0] = _mm256_unpacklo_epi8(low, zero);
        panel.pairs[p][1] = _mm256_unpackhi_epi8(low, zero);
        panel.pairs[p + 8][0] = _mm256_unpacklo_epi8(high, zero);
        panel.pairs[p + 8][1] = _mm256_unpackhi_epi8(high, zero);
    }
    uint16_t scale[CHUNK], least[CHUNK];
    for (int r = 0; r < CHUNK; r++) scale[r] = rows[r]->scale, least[r] = rows[r]->least;
    widen_halves(scale, panel.scale);
    widen_halves(least, panel.least);
}

// What the weights 2p and 2p + 1 of all rows (eight of them by `j`) give with row m of q.
inline __m256i multiply_pair(const Panel& w, const int16_t* q, int p, int m, int j) {
    int32_t pair;
    std::memcpy(&pair, q + m * BLOCK + 2 * p, sizeof pair);
    return _mm256_madd_epi16(w.pairs[p][j], _mm256_set1_epi32(pair));
}

// Adds to y [M, CHUNK] the products with M rows of activations, a block of each. Eight sums, a pair of weights of
// all rows, two activations and what they give are all the registers there are: hence no inlining.
template <int M>
[[gnu::noinline]] void multiply_panel(const Panel& w, const int16_t* q, const float* scale_sum, float* y) {
    __m256i dot[M][2];
#pragma GCC unroll 4
    for (int m = 0; m < M; m++)
        for (int j = 0; j < 2; j++) dot[m][j] = multiply_pair(w, q, 0, m, j);
#pragma GCC unroll 5
    for (int p = 1; p < BLOCK / 2; p++) {
#pragma GCC unroll 4
        for (int m = 0; m < M; m++)
            for (int j = 0; j < 2; j++) dot[m][j] = _mm256_add_epi32(dot[m][j], multiply_pair(w, q, p, m, j));
    }
#pragma GCC unroll 4
    for (int m = 0; m < M; m++, y += CHUNK) {
        const __m256 scale = _mm256_set1_ps(scale_sum[2 * m]), sum = _mm256_set1_ps(scale_sum[2 * m + 1]);
        for (int j = 0; j < 2; j++) {
            const __m256 more = _mm256_fmadd_ps(load8(w.least + 8 * j), sum, load8(y + 8 * j));
            const __m256 both = _mm256_mul_ps(load8(w.scale + 8 * j), scale);
            _mm256_storeu_ps(y + 8 * j, _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[m][j]), both, more));
        }
    }
}

// To y [m, CHUNK] the products of `count` rows of weights, a number of blocks each, and m rows of activations.
template <class B>
inline void multiply_panels(const B* w, int blocks, int count, const Activations& a, int m, float* y) {
    Panel panel;
    const B* rows[CHUNK];
    for (int r = 0; r < CHUNK; r++) rows[r] = w + (int64_t)std::min(r, count - 1) * blocks;
    std::fill(y, y + (int64_t)m * CHUNK, 0.0f);
    for (int b = 0; b < blocks; b++) {
        // CHUNK places at a time in memory are more than the processor foresees.
        const char* next = (const char*)(w + (int64_t)CHUNK * (blocks + b));
        for (size_t i = 0; i < CHUNK * sizeof(B); i += 64) _mm_prefetch(next + i, _MM_HINT_T0);
        unpack_panel(rows, panel);
        for (auto& row : rows) row++;
        for (int r = 0; r < m; r += TILE) {
            const int tile = std::min(TILE, m - r);
            const int64_t place = (int64_t)r * blocks + b * tile;
            const int16_t* q = a.q.data() + place * BLOCK;
            const float* scale_sum = a.scale_sum.data() + 2 * place;
            float* out = y + r * CHUNK;
            if (tile == 4) multiply_panel<4>(panel, q, scale_sum, out);
            else if (tile == 3) multiply_panel<3>(panel, q, scale_sum, out);
            else if (tile == 2) multiply_panel<2>(panel, q, scale_sum, out);
            else multiply_panel<1>(panel, q, scale_sum, out);
        }
    }
}

// To y [m, CHUNK] the products of `count` rows of weights and m rows of activations.
template <class B>
inline void multiply_blocks(const B* w, int blocks, int count, const Activations& a, int m, float* y) {
    if (m > 1) return multiply_panels(w, blocks, count, a, m, y);
    for (int i = 0; i < count; i++) y[i] = multiply_row(w + (int64_t)i * blocks, a, blocks);
}

}  // namespace
