// Products with packed weights, as near to the memory's speed as we can get; knows no model.
//
// What a laptop waits for when it writes one token after another is its weights, once each. So they stay as small as
// they are stored (ggml's blocks of 32: Q8_0 and Q4_1), and are widened in registers. Activations meet quantized
// weights as 16-bit integers with a scale for every 32 of them, which loses about as little as half precision does:
// products of two integers are exact. Every other sum is in float32. Needs AVX2, FMA and F16C.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <vector>

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "AVX2, FMA and F16C are needed"
#endif

enum Kind { FLOAT32 = 32, FLOAT16 = 16, INT8 = 8, INT4 = 4 };

struct Matrix {  // [n, k], rows one after another; a bias [n] or null
    int32_t kind, n, k;
    const uint8_t* data;
    const float* bias;
};

namespace {

constexpr int BLOCK = 32;  // weights that share a scale
constexpr int TILE = 4;    // rows of activations that share an unpacked block of weights
constexpr int CHUNK = 16;  // rows of weights a thread takes at a time; they stay in its cache for all tiles
constexpr int MANY = 6;    // rows of activations for which it pays to widen weights to floats, once for all of them
constexpr int PANEL = 8;   // rows of weights that are widened together, SLICE numbers of each: half of the first cache
constexpr int SLICE = 576;

inline float half(uint16_t h) { return _cvtsh_ss(h); }

inline __m256 load8(const float* p) { return _mm256_loadu_ps(p); }
inline __m256 load8(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }
inline float load1(float v) { return v; }
inline float load1(uint16_t v) { return half(v); }

inline float total(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// Each accumulator's sum, CHUNK numbers apart.
template <int M>
inline void store_totals(const __m256* v, float* y) {
    if constexpr (M == 4) {
        const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
        const __m128 sums = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
        alignas(16) float four[4];
        _mm_store_ps(four, sums);
        for (int m = 0; m < M; m++) y[m * CHUNK] = four[m];
    } else {
        for (int m = 0; m < M; m++) y[m * CHUNK] = total(v[m]);
    }
}

// e^x to about float32's last digit but one: 2^n of x / ln 2's nearest integer n, times Cephes' polynomial (expf.c).
inline __m256 exponential(__m256 x) {
    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87.0f)), _mm256_set1_ps(88.0f));
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), x);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(c));
    p = _mm256_fmadd_ps(_mm256_mul_ps(x, x), p, _mm256_add_ps(x, _mm256_set1_ps(1)));
    const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

// ---- Activations, as each kind of weights wants them.

// Numbers that begin where a vector register may be loaded without crossing a line of the cache.
template <class T>
struct Buffer {
    std::vector<__m256i> memory;

    explicit Buffer(size_t count = 0) : memory((count * sizeof(T) + 31) / 32) {}
    T* data() { return (T*)memory.data(); }
    const T* data() const { return (const T*)memory.data(); }
};

struct Activations {
    const float* x;           // [m, k]
    Buffer<int16_t> q;        // the same as integers; of the rows of a tile, a block of each in turn
    Buffer<float> scale_sum;  // of every block, in the same order, its scale and its sum
};

void quantize(Activations& a, int m, int k, int threads) {
    const int blocks = k / BLOCK, count = m * blocks;
    a.q = Buffer<int16_t>((size_t)m * k);
    a.scale_sum = Buffer<float>((size_t)count * 2);
#pragma omp parallel for num_threads(threads) if (count > 256)
    for (int i = 0; i < count; i++) {
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
}

// ---- One row of weights times M rows of activations.

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

template <class B, int M>
inline void multiply_blocks(const B* w, const Activations& x, int r, int k, float* y) {
    const int blocks = k / BLOCK;
    const int16_t* q = x.q.data() + (int64_t)r * k;
    const float* scale_sum = x.scale_sum.data() + (int64_t)r * blocks * 2;
    __m256 acc[M];
    __m128 low[M];  // lane 1 adds up least * sum; lane 0 is of no use
    for (int m = 0; m < M; m++) acc[m] = _mm256_setzero_ps(), low[m] = _mm_setzero_ps();
    for (int b = 0; b < blocks; b++) {
        __m256i wa, wb;
        w[b].unpack(wa, wb);
        const __m128 of_weights = w[b].scale_least();
        for (int m = 0; m < M; m++) {
            const int16_t* p = q + (b * M + m) * BLOCK;
            const __m256i dot = _mm256_add_epi32(_mm256_madd_epi16(wa, _mm256_loadu_si256((const __m256i*)p)),
                                                 _mm256_madd_epi16(wb, _mm256_loadu_si256((const __m256i*)(p + 16))));
            const __m128 of_x = _mm_castpd_ps(_mm_load_sd((const double*)(scale_sum + 2 * (b * M + m))));
            const __m128 both = _mm_mul_ps(of_weights, of_x);
            low[m] = _mm_add_ps(low[m], both);
            acc[m] = _mm256_fmadd_ps(_mm256_broadcastss_ps(both), _mm256_cvtepi32_ps(dot), acc[m]);
        }
    }
    for (int m = 0; m < M; m++) {
        const __m128 least = _mm_blend_ps(_mm_setzero_ps(), low[m], 2);
        acc[m] = _mm256_add_ps(acc[m], _mm256_zextps128_ps256(least));
    }
    store_totals<M>(acc, y);
}

template <class W, int M>
inline void multiply_floats(const W* w, const float* x, int k, float* y) {
    __m256 acc[M][4];
    for (auto& four : acc) for (auto& a : four) a = _mm256_setzero_ps();
    int i = 0;
    for (; i + 32 <= k; i += 32)
        for (int j = 0; j < 4; j++) {
            const __m256 v = load8(w + i + 8 * j);
            for (int m = 0; m < M; m++) acc[m][j] = _mm256_fmadd_ps(v, load8(x + (int64_t)m * k + i + 8 * j), acc[m][j]);
        }
    __m256 sums[M];
    for (int m = 0; m < M; m++)
        sums[m] = _mm256_add_ps(_mm256_add_ps(acc[m][0], acc[m][1]), _mm256_add_ps(acc[m][2], acc[m][3]));
    store_totals<M>(sums, y);
    for (; i < k; i++)
        for (int m = 0; m < M; m++) y[m * CHUNK] += load1(w[i]) * x[(int64_t)m * k + i];
}

template <int M>
inline void multiply(const Matrix& w, int i, const Activations& a, int r, float* y) {
    const int64_t row = (int64_t)i * w.k;
    const float* x = a.x + (int64_t)r * w.k;
    switch (w.kind) {
        case INT4: return multiply_blocks<Q4, M>((const Q4*)w.data + row / BLOCK, a, r, w.k, y);
        case INT8: return multiply_blocks<Q8, M>((const Q8*)w.data + row / BLOCK, a, r, w.k, y);
        case FLOAT16: return multiply_floats<uint16_t, M>((const uint16_t*)w.data + row, x, w.k, y);
        default: return multiply_floats<float, M>((const float*)w.data + row, x, w.k, y);
    }
}

// ---- Many rows of activations: as many products as memory has time for, so floats and registers decide.

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
            for (; c + 8 <= count; c += 8) _mm256_storeu_ps(y + c, load8((const uint16_t*)w.data + first + c));
            for (; c < count; c++) y[c] = half(((const uint16_t*)w.data)[first + c]);
            return;
        default: std::memcpy(y, (const float*)w.data + first, count * sizeof(float));
    }
}

// A load that the compiler may not repeat for every product it is used in.
inline __m256 load_once(const float* p) {
    __m256 v = load8(p);
    asm("" : "+x"(v));
    return v;
}

// To y [M, CHUNK] the products of M rows of activations, k apart, and four rows of weights, SLICE apart.
template <int M>
[[gnu::noinline]] void multiply_panel(const float* w, const float* x, int k, int count, float* y) {
    __m256 acc[M][4];  // twelve at most: with three of x and one of w all registers there are, hence no inlining
    for (auto& four : acc) for (auto& a : four) a = _mm256_setzero_ps();
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 of_x[M];
#pragma GCC unroll 3
        for (int m = 0; m < M; m++) of_x[m] = load_once(x + (int64_t)m * k + i);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const __m256 v = load_once(w + j * SLICE + i);
#pragma GCC unroll 3
            for (int m = 0; m < M; m++) acc[m][j] = _mm256_fmadd_ps(v, of_x[m], acc[m][j]);
        }
    }
    for (int m = 0; m < M; m++) {
        const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(acc[m][0], acc[m][1]), _mm256_hadd_ps(acc[m][2], acc[m][3]));
        const __m128 sums = _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
        _mm_storeu_ps(y + m * CHUNK, _mm_add_ps(sums, _mm_loadu_ps(y + m * CHUNK)));
        for (int c = i; c < count; c++)
            for (int j = 0; j < 4; j++) y[m * CHUNK + j] += w[j * SLICE + c] * x[(int64_t)m * k + c];
    }
}

// Rows from ... of the product, [m, CHUNK]: a part of PANEL rows of weights is widened, and meets all of x.
inline void multiply_many(const Matrix& w, int from, int count, const float* x, int m, float* y) {
    alignas(32) float panel[PANEL * SLICE];
    std::fill(y, y + (int64_t)m * CHUNK, 0.0f);
    for (int first = 0; first < count; first += PANEL)
        for (int at = 0; at < w.k; at += SLICE) {
            const int rows = std::min(PANEL, count - first), wide = std::min(SLICE, w.k - at);
            for (int j = 0; j < PANEL; j++) widen(w, from + first + std::min(j, rows - 1), at, wide, panel + j * SLICE);
            for (int r = 0, tile; r < m; r += tile) {
                tile = m - r == 4 ? 2 : std::min(3, m - r);  // a row alone would wait for its own sums
                for (int j = 0; j < PANEL; j += 4) {
                    const float *part = panel + j * SLICE, *of_x = x + (int64_t)r * w.k + at;
                    float* out = y + r * CHUNK + first + j;
                    if (tile == 3) multiply_panel<3>(part, of_x, w.k, wide, out);
                    else if (tile == 2) multiply_panel<2>(part, of_x, w.k, wide, out);
                    else multiply_panel<1>(part, of_x, w.k, wide, out);
                }
            }
        }
}

// Rows from ... of the product, [m, CHUNK], in the weights' own format.
inline void multiply_few(const Matrix& w, int from, int count, const Activations& a, int m, float* y) {
    for (int r = 0; r < m; r += TILE) {
        const int rows = std::min(TILE, m - r);
        for (int i = 0; i < count; i++) {
            float* out = y + r * CHUNK + i;
            if (rows == 4) multiply<4>(w, from + i, a, r, out);
            else if (rows == 3) multiply<3>(w, from + i, a, r, out);
            else if (rows == 2) multiply<2>(w, from + i, a, r, out);
            else multiply<1>(w, from + i, a, r, out);
        }
    }
}

// y [m, n] = x [m, k] Wᵀ + bias
void linear(const Matrix& w, const float* x, float* y, int m, int threads) {
    Activations a{x, Buffer<int16_t>(), Buffer<float>()};
    const bool many = m >= MANY;
    const int chunks = (w.n + CHUNK - 1) / CHUNK;
    if (!many && (w.kind == INT8 || w.kind == INT4)) quantize(a, m, w.k, threads);
#pragma omp parallel num_threads(threads)
    {
        // Rows of y lie so far apart that writing to all in turn would drive them from the cache.
        Buffer<float> some((size_t)m * CHUNK);
#pragma omp for schedule(static)
        for (int chunk = 0; chunk < chunks; chunk++) {
            const int from = chunk * CHUNK, count = std::min(CHUNK, w.n - from);
            if (many) multiply_many(w, from, count, x, m, some.data());
            else multiply_few(w, from, count, a, m, some.data());
            for (int r = 0; r < m; r++)
                for (int i = 0; i < count; i++)
                    y[(int64_t)r * w.n + from + i] = some.data()[r * CHUNK + i] + (w.bias ? w.bias[from + i] : 0);
        }
    }
}

}  // namespace
