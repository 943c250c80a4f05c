// Weights in ggml's blocks of 32 (Q8_0 and Q4_1), as small in memory as they are stored; knows no product.
#pragma once

#include "vectors.h"

namespace {

constexpr int BLOCK = 32;  // weights that share a scale
constexpr int CHUNK = 16;  // rows of weights that are multiplied together
#if defined(__AVX512BW__)
constexpr int WIDTH = 16;  // of them that a register has sums of
constexpr int TILE = 16;   // rows of activations that meet them at a time
#else
constexpr int WIDTH = 8;
constexpr int TILE = 4;
#endif
constexpr int SIDES = CHUNK / WIDTH;

// A side's sums, and the same as floats.
typedef int32_t Sums __attribute__((vector_size(WIDTH * sizeof(int32_t))));
typedef float WideFloats __attribute__((vector_size(WIDTH * sizeof(float))));

template <class T>
struct Strided {  // rows of numbers or of blocks, `stride` apart
    const T* data;
    int64_t stride;

    const T* row(int64_t i) const { return data + i * stride; }
    Strided from(int64_t i) const { return {row(i), stride}; }
};

struct Q8 {  // ggml's Q8_0: w = scale q
    static constexpr int BYTES = 32;
    static constexpr bool SHIFTED = false;
    uint16_t scale;
    int8_t q[BYTES];

    float least() const { return 0; }
};

struct Q4 {  // ggml's Q4_1: w = scale q + least, the first half of a block in the low nibbles
    static constexpr int BYTES = 16;
    static constexpr bool SHIFTED = true;
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
