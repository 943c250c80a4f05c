// What a transformer does to each token by itself besides products: norms, activations, rotations.
#pragma once

#include <cmath>

#include "vectors.h"

namespace {

// LayerNorm, or RMSNorm with `rms`; a bias or null.
inline void normalize_row(const float* x, float* y, int n, bool rms, float eps, const float* weight, const float* bias) {
    float mean = 0, square = 0;
    if (!rms) {
#pragma omp simd reduction(+ : mean)
        for (int c = 0; c < n; c++) mean += x[c];
        mean /= n;
    }
#pragma omp simd reduction(+ : square)
    for (int c = 0; c < n; c++) square += (x[c] - mean) * (x[c] - mean);
    const float scale = 1 / std::sqrt(square / n + eps);
    for (int c = 0; c < n; c++) y[c] = (x[c] - mean) * scale * weight[c];
    if (bias)
        for (int c = 0; c < n; c++) y[c] += bias[c];
}

enum Activation { GELU, GELU_TANH, SWIGLU };

inline Floats sigmoid(Floats x) { return 1 / (1 + exponential(-x)); }

// The normal distribution's Φ. Φ(-|x|) = e^(-x²/2) t R(t) with t = 1 / (1 + 0.21 |x|); R was fitted to erfcx, and is
// right to 2e-8 of the value for every x.
inline Floats normal_below(Floats x) {
    const Floats bell = exponential(x * x * -0.5f), t = 1 / (size_of(x) * 0.212132034f + 1);
    Floats p = all(-0.064670428f);
    for (const float c : {0.242302428f, -0.255057293f, 0.272494143f, -0.046271914f, 0.106955592f, 0.0743184423f, 0.0853333334f,
                          0.0845956864f})
        p = p * t + c;
    const Floats tail = bell * (t * p);
    return x < 0 ? tail : 1 - tail;
}

// Of eight numbers x, and with SwiGLU as many values that they gate.
inline Floats activate8(Activation kind, Floats x, Floats values) {
    if (kind == GELU) return x * normal_below(x);
    if (kind == SWIGLU) return x * sigmoid(x) * values;
    // (1 + tanh u) / 2 = sigmoid(2 u), and 2 u = 2 √(2/π) (x + 0.044715 x³)
    return x * sigmoid(1.5957691216f * x * (x * x * 0.044715f + 1));
}

// y [n] from h [n], or with SwiGLU from [2 n], gates before values.
inline void activate_row(Activation kind, const float* h, float* y, int n) {
    for (int i = 0; i < n; i += 8) {
        const int count = std::min(8, n - i);
        if (count == 8) {
            const Floats values = kind == SWIGLU ? load8(h + n + i) : Floats{};
            store(y + i, activate8(kind, load8(h + i), values));
            continue;
        }
        float x[8] = {}, values[8] = {};
        std::copy(h + i, h + i + count, x);
        if (kind == SWIGLU) std::copy(h + n + i, h + n + i + count, values);
        store(x, activate8(kind, load8(x), load8(values)));
        std::copy(x, x + count, y + i);
    }
}

// Turns each pair by its position's angle: (i, i + D/2), or (2 i, 2 i + 1) where they are adjacent.
inline void turn(float* x, const float* cos, const float* sin, int D, bool adjacent) {
    const int half = D / 2, step = adjacent ? 2 : 1, apart = adjacent ? 1 : half;
    for (int i = 0; i < half; i++) {
        float *first = x + i * step, *second = first + apart;
        const float a = *first, b = *second;
        *first = a * cos[i] - b * sin[i];
        *second = b * cos[i] + a * sin[i];
    }
}

// n numbers, in what they are kept in.
template <class T>
inline void keep_row(const float* x, T* y, int n) {
    int i = 0;
    for (; i + 8 <= n; i += 8) store8(y + i, load8(x + i));
    for (; i < n; i++) store1(y + i, x[i]);
}

template <class T>
inline float dot(const float* x, const T* y, int n) {
    Floats sums{};
    int i = 0;
    for (; i + 8 <= n; i += 8) sums += load8(x + i) * load8(y + i);
    float sum = total(sums);
    for (; i < n; i++) sum += x[i] * load1(y[i]);
    return sum;
}

}  // namespace
