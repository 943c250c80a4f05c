// Integers' products with AVX2 or AVX-512, and with VNNI where it is there, AVX-512's or the one of processors without;
// see integers.h. All is written once for registers of either width.
//
// A block's weights become 16-bit integers by shifts alone, those at even places and those at odd ones: so activations
// come in that order too, and a lane that holds four bytes of a row holds two pairs.
#pragma once

#include <immintrin.h>

#include "formats.h"

namespace {

inline void arrange(int16_t* q) {
    const __m256i a = _mm256_loadu_si256((const __m256i*)q), b = _mm256_loadu_si256((const __m256i*)(q + 16));
    const __m256i even = _mm256_packus_epi32(_mm256_blend_epi16(a, _mm256_setzero_si256(), 0xaa),
                                             _mm256_blend_epi16(b, _mm256_setzero_si256(), 0xaa));
    const __m256i odd = _mm256_packus_epi32(_mm256_srli_epi32(a, 16), _mm256_srli_epi32(b, 16));
    _mm256_storeu_si256((__m256i*)q, _mm256_permute4x64_epi64(even, 0xd8));
    _mm256_storeu_si256((__m256i*)(q + 16), _mm256_permute4x64_epi64(odd, 0xd8));
}

// Adds to eight sums the products of sixteen pairs of 16-bit integers, two a sum.
inline __m256i add_pairs(__m256i sums, __m256i a, __m256i b) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpwssd_epi32(sums, a, b);
#elif defined(__AVXVNNI__)
    return _mm256_dpwssd_avx_epi32(sums, a, b);
#else
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
#endif
}

// ---- One row of weights.

inline void unpack_row(const Q8& w, __m256i& even, __m256i& odd) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i*)w.q);
    even = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
    odd = _mm256_srai_epi16(bytes, 8);
}

inline void unpack_row(const Q4& w, __m256i& even, __m256i& odd) {
    const __m128i low = _mm_loadu_si128((const __m128i*)w.q);
    const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(low), _mm_srli_epi16(low, 4), 1);
    const __m256i mask = _mm256_set1_epi16(15);
    even = _mm256_and_si256(bytes, mask);
    odd = _mm256_and_si256(_mm256_srli_epi16(bytes, 8), mask);
}

template <class B>
inline Ints dot_block(const B& w, const int16_t* q) {
    __m256i even, odd;
    unpack_row(w, even, odd);
    const __m256i first = _mm256_madd_epi16(even, _mm256_loadu_si256((const __m256i*)q));
    return (Ints)add_pairs(first, odd, _mm256_loadu_si256((const __m256i*)(q + 16)));
}

// ---- CHUNK rows of weights, two registers' lanes.

#if defined(__AVX512BW__)

typedef __m512i Lanes;
#define WIDE(operation) _mm512_##operation  // on a whole register

inline Lanes add_pairs(Lanes sums, Lanes a, Lanes b) {
#if defined(__AVX512VNNI__)
    asm("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));  // as an intrinsic GCC moves sums to and fro around it
    return sums;
#else
    return _mm512_add_epi32(sums, _mm512_madd_epi16(a, b));
#endif
}

// Sixteen bytes of every fourth row.
template <class B>
inline Lanes load_quarters(const B* const* rows, int from) {
    const auto part = [&](int i) { return _mm_loadu_si128((const __m128i*)(rows[4 * i]->q + from)); };
    const Lanes two = _mm512_inserti32x4(_mm512_castsi128_si512(part(0)), part(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, part(2), 2), part(3), 3);
}

#else

typedef __m256i Lanes;
#define WIDE(operation) _mm256_##operation

template <class B>
inline Lanes load_quarters(const B* const* rows, int from) {
    const auto part = [&](int i) { return _mm_loadu_si128((const __m128i*)(rows[4 * i]->q + from)); };
    return _mm256_inserti128_si256(_mm256_castsi128_si256(part(0)), part(1), 1);
}

#endif

constexpr int UNROLLED = sizeof(Lanes) == 64 ? 1 : 5;  // with 16 registers more would be spilled
constexpr int ROWS = sizeof(Lanes) / sizeof(int32_t);  // a register's
static_assert(CHUNK == 2 * ROWS, "two registers");

struct alignas(64) Panel {
    Lanes pairs[BLOCK / 2][2];  // of every row, as 16-bit integers, the weights that meet a pair of activations
    float scale[CHUNK], least[CHUNK];
};

// To v[i] bytes `from` + 4 i to `from` + 4 i + 3 of each row.
template <class B>
inline void gather_words(const B* const* rows, int from, Lanes* v) {
    Lanes row[4];
    for (int i = 0; i < 4; i++) row[i] = load_quarters(rows + i, from);
    const Lanes a = WIDE(unpacklo_epi32)(row[0], row[1]), b = WIDE(unpacklo_epi32)(row[2], row[3]);
    const Lanes c = WIDE(unpackhi_epi32)(row[0], row[1]), d = WIDE(unpackhi_epi32)(row[2], row[3]);
    v[0] = WIDE(unpacklo_epi64)(a, b), v[1] = WIDE(unpackhi_epi64)(a, b);
    v[2] = WIDE(unpacklo_epi64)(c, d), v[3] = WIDE(unpackhi_epi64)(c, d);
}

inline void unpack(const Q8* const* rows, Panel& panel) {
    Lanes v[4];
    for (int j = 0; j < 2; j++)
        for (int part = 0; part < 2; part++) {
            gather_words(rows + ROWS * j, 16 * part, v);
            for (int i = 0; i < 4; i++) {
                panel.pairs[4 * part + i][j] = WIDE(srai_epi16)(WIDE(slli_epi16)(v[i], 8), 8);
                panel.pairs[8 + 4 * part + i][j] = WIDE(srai_epi16)(v[i], 8);
            }
        }
}

inline void unpack(const Q4* const* rows, Panel& panel) {
    const Lanes mask = WIDE(set1_epi16)(15);
    Lanes v[4];
    for (int j = 0; j < 2; j++) {
        gather_words(rows + ROWS * j, 0, v);
        for (int i = 0; i < 4; i++) {
            panel.pairs[i][j] = v[i] & mask;
            panel.pairs[4 + i][j] = WIDE(srli_epi16)(v[i], 4) & mask;
            panel.pairs[8 + i][j] = WIDE(srli_epi16)(v[i], 8) & mask;
            panel.pairs[12 + i][j] = WIDE(srli_epi16)(v[i], 12);
        }
    }
}

inline Lanes pair_of(const int16_t* q, int p, int m) {
    int32_t pair;
    std::memcpy(&pair, q + m * BLOCK + 2 * p, sizeof pair);
    return WIDE(set1_epi32)(pair);
}

template <int M>
inline void dot_panel(const Panel& w, const int16_t* q, Sums (*dot)[2]) {
    Lanes sums[M][2];
    for (int m = 0; m < M; m++) sums[m][0] = sums[m][1] = WIDE(set1_epi32)(0);
#pragma GCC unroll UNROLLED
    for (int p = 0; p < BLOCK / 2; p++) {
        const Lanes first = w.pairs[p][0], second = w.pairs[p][1];
#pragma GCC unroll 8
        for (int m = 0; m < M; m++) {
            const Lanes pair = pair_of(q, p, m);
            sums[m][0] = add_pairs(sums[m][0], first, pair);
            sums[m][1] = add_pairs(sums[m][1], second, pair);
        }
    }
    for (int m = 0; m < M; m++) dot[m][0] = (Sums)sums[m][0], dot[m][1] = (Sums)sums[m][1];
}

#undef WIDE

}  // namespace
