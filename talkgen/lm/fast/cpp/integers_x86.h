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

// ---- CHUNK rows of weights, a lane for each.

#if defined(__AVX512BW__)

typedef __m512i Lanes;
#define WIDE(operation) _mm512_##operation  // on a whole register

// Sixteen bytes of every fourth row.
template <class B>
inline Lanes load_quarters(Strided<B> rows, int from) {
    const auto part = [&](int i) { return _mm_loadu_si128((const __m128i*)(rows.row(4 * i)->q + from)); };
    const Lanes two = _mm512_inserti32x4(_mm512_castsi128_si512(part(0)), part(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, part(2), 2), part(3), 3);
}

#else

typedef __m256i Lanes;
#define WIDE(operation) _mm256_##operation

template <class B>
inline Lanes load_quarters(Strided<B> rows, int from) {
    const auto part = [&](int i) { return _mm_loadu_si128((const __m128i*)(rows.row(4 * i)->q + from)); };
    return _mm256_inserti128_si256(_mm256_castsi128_si256(part(0)), part(1), 1);
}

#endif

// To words[i] the four bytes 4 i to 4 i + 3 of each of WIDTH rows.
template <class B>
inline void gather_words(Strided<B> rows, Lanes* words) {
    for (int from = 0; from < B::BYTES; from += 16, words += 4) {
        Lanes row[4];
        for (int i = 0; i < 4; i++) row[i] = load_quarters(rows.from(i), from);
        const Lanes a = WIDE(unpacklo_epi32)(row[0], row[1]), b = WIDE(unpacklo_epi32)(row[2], row[3]);
        const Lanes c = WIDE(unpackhi_epi32)(row[0], row[1]), d = WIDE(unpackhi_epi32)(row[2], row[3]);
        words[0] = WIDE(unpacklo_epi64)(a, b), words[1] = WIDE(unpackhi_epi64)(a, b);
        words[2] = WIDE(unpacklo_epi64)(c, d), words[3] = WIDE(unpackhi_epi64)(c, d);
    }
}

// Of a block's words the weights, as 16-bit integers, that meet its p-th pair of activations.
template <class B>
inline Lanes weights_of(const Lanes* words, int p) {
    if constexpr (B::SHIFTED) return WIDE(srli_epi16)(words[p % 4], 4 * (p / 4)) & WIDE(set1_epi16)(15);
    else return WIDE(srai_epi16)(p < 8 ? WIDE(slli_epi16)(words[p], 8) : words[p - 8], 8);
}

typedef int32_t Pair __attribute__((may_alias));  // of activations, which are kept as 16-bit integers

inline const Pair& pair_of(const int16_t* q, int p, int m) { return *(const Pair*)(q + m * BLOCK + 2 * p); }

#if defined(__AVX512BW__)

// Sixteen rows of activations use what is unpacked at once: so it stays in registers.
struct alignas(64) Panel {
    Lanes words[8];
    float scale[CHUNK], least[CHUNK];
};

template <class B>
inline void unpack(Strided<B> rows, Panel& panel) {
    gather_words(rows, panel.words);
}

// Adds to a sum of each row the products of its pair of weights with a pair of activations.
inline void add_pair(Lanes& sums, Lanes weights, const Pair& pair) {
#if defined(__AVX512VNNI__)
    // As an intrinsic GCC moves sums to and fro around it.
    asm("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(weights), "m"(pair));
#else
    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(weights, _mm512_set1_epi32(pair)));
#endif
}

template <class B, int M>
inline void dot_panel(const Panel& panel, const int16_t* q, Sums (*dot)[SIDES]) {
    Lanes words[B::BYTES / 4], sums[M];
    for (int i = 0; i < B::BYTES / 4; i++) words[i] = panel.words[i];
    for (int m = 0; m < M; m++) sums[m] = _mm512_setzero_si512();
#pragma GCC unroll 16
    for (int p = 0; p < BLOCK / 2; p++) {
        const Lanes weights = weights_of<B>(words, p);
#pragma GCC unroll 16
        for (int m = 0; m < M; m++) add_pair(sums[m], weights, pair_of(q, p, m));
    }
    for (int m = 0; m < M; m++) dot[m][0] = (Sums)sums[m];
}

#else

struct alignas(64) Panel {
    Lanes pairs[BLOCK / 2][SIDES];  // of every row, as 16-bit integers, the weights that meet a pair of activations
    float scale[CHUNK], least[CHUNK];
};

template <class B>
inline void unpack(Strided<B> rows, Panel& panel) {
    for (int j = 0; j < SIDES; j++) {
        Lanes words[B::BYTES / 4];
        gather_words(rows.from(WIDTH * j), words);
#pragma GCC unroll 16
        for (int p = 0; p < BLOCK / 2; p++) panel.pairs[p][j] = weights_of<B>(words, p);
    }
}

template <class B, int M>
inline void dot_panel(const Panel& panel, const int16_t* q, Sums (*dot)[SIDES]) {
    Lanes sums[M][SIDES];
    for (int m = 0; m < M; m++) sums[m][0] = sums[m][1] = _mm256_setzero_si256();
#pragma GCC unroll 5
    for (int p = 0; p < BLOCK / 2; p++) {  // unrolled further more would be spilled
        const Lanes first = panel.pairs[p][0], second = panel.pairs[p][1];
#pragma GCC unroll 4
        for (int m = 0; m < M; m++) {
            const Lanes pair = _mm256_set1_epi32(pair_of(q, p, m));
            sums[m][0] = add_pairs(sums[m][0], first, pair);
            sums[m][1] = add_pairs(sums[m][1], second, pair);
        }
    }
    for (int m = 0; m < M; m++) dot[m][0] = (Sums)sums[m][0], dot[m][1] = (Sums)sums[m][1];
}

#endif
#undef WIDE

}  // namespace
