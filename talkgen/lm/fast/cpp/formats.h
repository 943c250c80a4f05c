// Weights in ggml's blocks of 32 (Q8_0 and Q4_1), as small in memory as they are stored; knows no product.
#pragma once

#include "vectors.h"

namespace {

constexpr int BLOCK = 32;  // weights that share a scale
constexpr int CHUNK = 16;  // rows of weights a thread takes at a time

struct Q8 {  // ggml's Q8_0: w = scale q
    static constexpr int BYTES = 32;
    uint16_t scale;
    int8_t q[BYTES];

    float least() const { return 0; }
};

struct Q4 {  // ggml's Q4_1: w = scale q + least, the first half of a block in the low nibbles
    static constexpr int BYTES = 16;
    uint16_t scale, least_;
    uint8_t q[BYTES];

    float least() const { return half(least_); }
};

typedef int8_t EightBytes __attribute__((vector_size(8)));
typedef uint8_t EightNibbles __attribute__((vector_size(8)));

inline void widen_block(const Q8& b, float* y) {
    const float scale = half(b.scale);
    for (int j = 0; j < BLOCK; j += 8) store(y + j, __builtin_convertvector(load<EightBytes>(b.q + j), Floats) * scale);
}

inline void widen_block(const Q4& b, float* y) {
    const float scale = half(b.scale), least = b.least();
    for (int j = 0; j < BLOCK / 2; j += 8) {
        const EightNibbles q = load<EightNibbles>(b.q + j);
        store(y + j, __builtin_convertvector(q & 15, Floats) * scale + least);
        store(y + BLOCK / 2 + j, __builtin_convertvector(q >> 4, Floats) * scale + least);
    }
}

}  // namespace
