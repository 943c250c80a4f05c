// Integers' products with AVX2, and with VNNI where it is there, AVX-512's or the one of processors without; see integers.h.
#pragma once

#include <immintrin.h>

#include "formats.h"

namespace {

inline void arrange(int16_t*) {}

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

inline void unpack_row(const Q8& w, __m256i& a, __m256i& b) {
    a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)w.q));
    b = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(w.q + 16)));
}

inline void unpack_row(const Q4& w, __m256i& a, __m256i& b) {
    const __m128i bytes = _mm_loadu_si128((const __m128i*)w.q), mask = _mm_set1_epi8(15);
    a = _mm256_cvtepu8_epi16(_mm_and_si128(bytes, mask));
    b = _mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(bytes, 4), mask));
}

template <class B>
inline Ints dot_block(const B& w, const int16_t* q) {
    __m256i a, b;
    unpack_row(w, a, b);
    const __m256i first = _mm256_madd_epi16(a, _mm256_loadu_si256((const __m256i*)q));
    return (Ints)add_pairs(first, b, _mm256_loadu_si256((const __m256i*)(q + 16)));
}

struct alignas(64) Panel {
    __m256i pairs[BLOCK / 2][2];  // of every row its weights 2p and 2p + 1, as 16-bit integers; rows 0-7, rows 8-15
    float scale[CHUNK], least[CHUNK];
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

inline void unpack(const Q8* const* rows, Panel& panel) {
    __m256i v[8];
    for (int part = 0; part < 2; part++) {
        gather_words(rows, part * BLOCK / 2, v);
        for (int p = 0; p < 8; p++) {
            panel.pairs[8 * part + p][0] = _mm256_srai_epi16(_mm256_unpacklo_epi8(v[p], v[p]), 8);
            panel.pairs[8 * part + p][1] = _mm256_srai_epi16(_mm256_unpackhi_epi8(v[p], v[p]), 8);
        }
    }
}

inline void unpack(const Q4* const* rows, Panel& panel) {
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
}

inline int32_t pair_of(const int16_t* q, int p, int m) {
    int32_t pair;
    std::memcpy(&pair, q + m * BLOCK + 2 * p, sizeof pair);
    return pair;
}

#if defined(__AVX512VNNI__)

// A row of activations' pair meets all sixteen rows of weights at once.
template <int M>
inline void dot_panel(const Panel& w, const int16_t* q, Ints (*dot)[2]) {
    __m512i sums[M];
    for (auto& sum : sums) sum = _mm512_setzero_si512();
#pragma GCC unroll 16
    for (int p = 0; p < BLOCK / 2; p++) {
        const __m512i pairs = _mm512_load_si512(w.pairs[p]);
#pragma GCC unroll 8
        for (int m = 0; m < M; m++) sums[m] = _mm512_dpwssd_epi32(sums[m], pairs, _mm512_set1_epi32(pair_of(q, p, m)));
    }
    for (int m = 0; m < M; m++) std::memcpy(dot[m], &sums[m], sizeof sums[m]);
}

#else

template <int M>
inline void dot_panel(const Panel& w, const int16_t* q, Ints (*dot)[2]) {
    __m256i sums[M][2];
#pragma GCC unroll 4
    for (int m = 0; m < M; m++)
        for (int j = 0; j < 2; j++) sums[m][j] = _mm256_madd_epi16(w.pairs[0][j], _mm256_set1_epi32(pair_of(q, 0, m)));
#pragma GCC unroll 5
    for (int p = 1; p < BLOCK / 2; p++) {
#pragma GCC unroll 4
        for (int m = 0; m < M; m++)
            for (int j = 0; j < 2; j++)
                sums[m][j] = add_pairs(sums[m][j], w.pairs[p][j], _mm256_set1_epi32(pair_of(q, p, m)));
    }
    std::memcpy(dot, sums, sizeof sums);
}

#endif

}  // namespace
