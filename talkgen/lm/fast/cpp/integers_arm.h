// Integers' products with ARM's dot products of bytes (SDOT); see integers.h. x = 256 high + low, both of eight bits.
#pragma once

#include <arm_neon.h>

#include "formats.h"

namespace {

// A block's 32 low bytes, then its 32 high ones: quantize_block() keeps |x| below 128 · 256 - 128, so that both have signs.
inline void arrange(int16_t* q) {
    int8_t low[BLOCK], high[BLOCK];
    for (int i = 0; i < BLOCK; i++) low[i] = (int8_t)q[i], high[i] = (int8_t)((q[i] + 128) >> 8);
    std::memcpy(q, low, BLOCK);
    std::memcpy((int8_t*)q + BLOCK, high, BLOCK);
}

inline void unpack_row(const Q8& w, int8x16_t* w16) { w16[0] = vld1q_s8(w.q), w16[1] = vld1q_s8(w.q + 16); }

inline void unpack_row(const Q4& w, int8x16_t* w16) {
    const uint8x16_t bytes = vld1q_u8(w.q);
    w16[0] = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15)));
    w16[1] = vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4));
}

template <class B>
inline Ints dot_block(const B& b, const int16_t* q) {
    const int8_t *low = (const int8_t*)q, *high = low + BLOCK;
    int8x16_t w[2];
    unpack_row(b, w);
    int32x4_t sums[2];
    for (int j = 0; j < 2; j++) {
        const int32x4_t of_high = vdotq_s32(vdupq_n_s32(0), w[j], vld1q_s8(high + 16 * j));
        sums[j] = vdotq_s32(vshlq_n_s32(of_high, 8), w[j], vld1q_s8(low + 16 * j));
    }
    return load<Ints>(sums);
}

struct Panel {
    int8x16_t fours[BLOCK / 4][CHUNK / 4];  // of four rows each weights 4p to 4p + 3
    alignas(32) float scale[CHUNK], least[CHUNK];
};

template <class B>
inline void unpack(Strided<B> rows, Panel& panel) {
    for (int r = 0; r < CHUNK; r++) {
        int8x16_t w[2];
        unpack_row(*rows.row(r), w);
        int32_t words[BLOCK / 4];
        std::memcpy(words, w, sizeof words);
        for (int p = 0; p < BLOCK / 4; p++) std::memcpy((int32_t*)&panel.fours[p][r / 4] + r % 4, words + p, 4);
    }
}

inline int8x16_t four_of(const int16_t* q, int from, int m) {
    int32_t word;
    std::memcpy(&word, (const int8_t*)(q + m * BLOCK) + from, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

template <class B, int M>
inline void dot_panel(const Panel& w, const int16_t* q, Sums (*dot)[SIDES]) {
    for (int j = 0; j < 2; j++) {  // eight rows of weights: sixteen sums of four rows of activations fit the registers
        int32x4_t sums[M][2];
        for (int part = 1; part >= 0; part--)  // high bytes, which count 256 times, then low ones
            for (int p = 0; p < BLOCK / 4; p++)
                for (int m = 0; m < M; m++) {
                    const int8x16_t four = four_of(q, part * BLOCK + 4 * p, m);
                    for (int i = 0; i < 2; i++) {
                        int32x4_t sum = part && !p ? vdupq_n_s32(0) : sums[m][i];
                        if (!part && !p) sum = vshlq_n_s32(sum, 8);
                        sums[m][i] = vdotq_s32(sum, w.fours[p][2 * j + i], four);
                    }
                }
        for (int m = 0; m < M; m++) std::memcpy(&dot[m][j], sums[m], sizeof sums[m]);
    }
}

}  // namespace
