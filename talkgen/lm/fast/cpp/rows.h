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

inline __m256 sigmoid(__m256 x) {
    const __m256 one = _mm256_set1_ps(1);
    return _mm256_div_ps(one, _mm256_add_ps(one, exponential(_mm256_sub_ps(_mm256_setzero_ps(), x))));
}

// The normal distribution's Φ. Φ(-|x|) = e^(-x²/2) t R(t) with t = 1 / (1 + 0.21 |x|); R was fitted to erfcx, and is
// right to 2e-8 of the value for every x.
inline __m256 normal_below(__m256 x) {
    const __m256 one = _mm256_set1_ps(1), sign = _mm256_set1_ps(-0.0f), size = _mm256_andnot_ps(sign, x);
    const __m256 bell = exponential(_mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-0.5f)));
    const __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(size, _mm256_set1_ps(0.212132034f), one));
    __m256 p = _mm256_set1_ps(-0.064670428f);
    for (const float c : {0.242302428f, -0.255057293f, 0.272494143f, -0.046271914f, 0.106955592f, 0.0743184423f, 0.0853333334f,
                          0.0845956864f})
        p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(c));
    const __m256 tail = _mm256_mul_ps(bell, _mm256_mul_ps(t, p));
    return _mm256_blendv_ps(_mm256_sub_ps(one, tail), tail, x);  // by the sign of x
}

// Of eight numbers x, and with SwiGLU as many values that they gate.
inline __m256 activate8(Activation kind, __m256 x, __m256 values) {
    if (kind == GELU) return _mm256_mul_ps(x, normal_below(x));
    if (kind == SWIGLU) return _mm256_mul_ps(_mm256_mul_ps(x, sigmoid(x)), values);
    // (1 + tanh u) / 2 = sigmoid(2 u), and 2 u = 2 √(2/π) (x + 0.044715 x³)
    const __m256 inner = _mm256_fmadd_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(0.044715f), _mm256_set1_ps(1));
    return _mm256_mul_ps(x, sigmoid(_mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(1.5957691216f), x), inner)));
}

// y [n] from h [n], or with SwiGLU from [2 n], gates before values.
inline void activate_row(Activation kind, const float* h, float* y, int n) {
    for (int i = 0; i < n; i += 8) {
        const int count = std::min(8, n - i);
        if (count == 8) {
            const __m256 values = kind == SWIGLU ? load8(h + n + i) : _mm256_setzero_ps();
            _mm256_storeu_ps(y + i, activate8(kind, load8(h + i), values));
            continue;
        }
        alignas(32) float x[8] = {}, values[8] = {};
        std::copy(h + i, h + i + count, x);
        if (kind == SWIGLU) std::copy(h + n + i, h + n + i + count, values);
        _mm256_store_ps(x, activate8(kind, load8(x), load8(values)));
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

inline float dot(const float* x, const float* y, int n) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

}  // namespace
