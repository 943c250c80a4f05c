// Attention of a token's heads over what is remembered of a text, for reading alone; knows no layer around it.
#pragma once

#include "linear.h"
#include "rows.h"

namespace {

constexpr int HEADS = 3;  // at a time: their sums over four keys, or over 32 numbers of a value, fill the registers

inline void exponentiate(float* x, int n) {
    int i = 0;
    for (; i + 8 <= n; i += 8) store(x + i, exponential(load8(x + i)));
    for (; i < n; i++) x[i] = std::exp(x[i]);
}

// Scores [G, length], `ld` apart, become weights, but for the sum that they are to be divided by.
inline void soften(float* scores, int ld, int length, float scale, int G, float* sums) {
    for (int g = 0; g < G; g++) {
        float* x = scores + (int64_t)g * ld;
        float most = -INFINITY, sum = 0;
#pragma omp simd reduction(max : most)
        for (int s = 0; s < length; s++) most = std::max(most, x[s]);
        for (int s = 0; s < length; s++) x[s] = (x[s] - most) * scale;
        exponentiate(x, length);
#pragma omp simd reduction(+ : sum)
        for (int s = 0; s < length; s++) sum += x[s];
        sums[g] = sum;
    }
}

// To y [G, D] what the weights [G, length], `ld` apart, gather of the values.
template <int G, class T>
[[gnu::noinline]] void gather_values(const float* weights, int ld, const T* values, int length, int D, const float* sums,
                                     float* y) {
    int d = 0;
    for (; d + 32 <= D; d += 32) {
        Floats acc[G][4] = {};
        for (int s = 0; s < length; s++) {
            Floats weight[G];
#pragma GCC unroll 3
            for (int g = 0; g < G; g++) weight[g] = all(weights[(int64_t)g * ld + s]);
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                const Floats v = load_once(values + (int64_t)s * D + d + 8 * j);
#pragma GCC unroll 3
                for (int g = 0; g < G; g++) acc[g][j] = weight[g] * v + acc[g][j];
            }
        }
        for (int g = 0; g < G; g++)
            for (int j = 0; j < 4; j++)
                store(y + g * D + d + 8 * j, acc[g][j] * (1 / sums[g]));
    }
    for (; d < D; d++)
        for (int g = 0; g < G; g++) {
            float sum = 0;
            for (int s = 0; s < length; s++) sum += weights[(int64_t)g * ld + s] * load1(values[(int64_t)s * D + d]);
            y[g * D + d] = sum / sums[g];
        }
}

// y [G, D] = softmax(q Kᵀ / √D) V of heads that share keys and values [length, D]. room: G times `length` numbers.
template <int G, class T>
inline void attend_heads(const float* q, const T* keys, const T* values, int length, int D, float* room, float* y) {
    int s = 0;
    std::fill(room, room + (int64_t)G * length, 0.0f);
    for (; s + 4 <= length; s += 4) {
        for (size_t i = 0; i < 4 * D * sizeof(T); i += 64) __builtin_prefetch((const char*)(values + (int64_t)s * D) + i);
        multiply_four<G>(Strided<T>{keys + (int64_t)s * D, D}, {q, D}, D, room + s, length);
    }
    for (; s < length; s++)
        for (int g = 0; g < G; g++) room[(int64_t)g * length + s] = dot(q + g * D, keys + (int64_t)s * D, D);
    float sums[G];
    soften(room, length, length, 1 / std::sqrt((float)D), G, sums);
    gather_values<G>(room, length, values, length, D, sums, y);
}

}  // namespace
