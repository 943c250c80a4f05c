// What a transformer does to each token by itself besides products: norms, activations, rotations, forward and backward.
#pragma once

#include <cmath>

#include "vectors.h"

namespace {

struct Moments {  // of a row of `x`: what makes it normal again
    float mean, scale;
};

// LayerNorm, or RMSNorm with `rms`; a bias or null.
inline Moments normalize_row(const float* x, float* y, int n, bool rms, float eps, const float* weight, const float* bias) {
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
    return {mean, scale};
}

// dx [n] = what reaches x through its norm, of which dy reaches the output, + plus; dweight and dbias are added to.
inline void normalize_backward(const float* x, Moments m, const float* dy, int n, bool rms, const float* weight,
                               const float* plus, float* dx, float* dweight, float* dbias) {
    float along = 0, sum = 0;
#pragma omp simd reduction(+ : along, sum)
    for (int c = 0; c < n; c++) {
        const float g = dy[c] * weight[c];
        along += g * (x[c] - m.mean) * m.scale;
        sum += g;
    }
    along /= n;
    sum = rms ? 0 : sum / n;
#pragma omp simd
    for (int c = 0; c < n; c++) {
        const float normal = (x[c] - m.mean) * m.scale;
        dx[c] = (dy[c] * weight[c] - sum - normal * along) * m.scale + plus[c];
        dweight[c] += dy[c] * normal;
        dbias[c] += dy[c];
    }
}

enum Activation { GELU, GELU_TANH, SWIGLU };

// s = 1 / (1 + e^-x) and 1 - s, each to its own last digits.
inline void sigmoid(__m256 x, __m256& s, __m256& rest) {
    const __m256 one = _mm256_set1_ps(1), e = exponential(_mm256_sub_ps(_mm256_setzero_ps(), x));
    s = _mm256_div_ps(one, _mm256_add_ps(one, e));
    rest = _mm256_mul_ps(e, s);
}

// The normal distribution's Φ and φ. Φ(-|x|) = e^(-x²/2) t R(t) with t = 1 / (1 + 0.21 |x|); R was fitted to erfcx, and is
// right to 2e-8 of the value for every x.
inline void normal_distribution(__m256 x, __m256& below, __m256& density) {
    const __m256 one = _mm256_set1_ps(1), sign = _mm256_set1_ps(-0.0f), size = _mm256_andnot_ps(sign, x);
    const __m256 bell = exponential(_mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-0.5f)));
    const __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(size, _mm256_set1_ps(0.212132034f), one));
    __m256 p = _mm256_set1_ps(-0.064670428f);
    for (const float c : {0.242302428f, -0.255057293f, 0.272494143f, -0.046271914f, 0.106955592f, 0.0743184423f, 0.0853333334f,
                          0.0845956864f})
        p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(c));
    const __m256 tail = _mm256_mul_ps(bell, _mm256_mul_ps(t, p));
    below = _mm256_blendv_ps(_mm256_sub_ps(one, tail), tail, x);  // by the sign of x
    density = _mm256_mul_ps(bell, _mm256_set1_ps(0.39894228f));
}

// Of eight numbers x (and with SwiGLU as many `values`): the activation, and its slopes by x and by the values.
inline void activate8(Activation kind, __m256 x, __m256 values, __m256& y, __m256& slope, __m256& second) {
    const __m256 one = _mm256_set1_ps(1);
    if (kind == GELU) {
        __m256 below, density;
        normal_distribution(x, below, density);
        y = _mm256_mul_ps(x, below);
        slope = _mm256_fmadd_ps(x, density, below);
        return;
    }
    __m256 inner = x, steep = one;  // x sigmoid(inner), and inner's own slope
    if (kind == GELU_TANH) {        // (1 + tanh u) / 2 = sigmoid(2 u)
        const __m256 square = _mm256_mul_ps(x, x), two = _mm256_set1_ps(1.5957691216f);  // 2 √(2/π)
        inner = _mm256_mul_ps(_mm256_mul_ps(two, x), _mm256_fmadd_ps(square, _mm256_set1_ps(0.044715f), one));
        steep = _mm256_mul_ps(two, _mm256_fmadd_ps(square, _mm256_set1_ps(3 * 0.044715f), one));
    }
    __m256 s, rest;
    sigmoid(inner, s, rest);
    y = _mm256_mul_ps(x, s);
    slope = _mm256_fmadd_ps(_mm256_mul_ps(y, rest), steep, s);
    if (kind == SWIGLU) {
        second = y;
        y = _mm256_mul_ps(y, values);
        slope = _mm256_mul_ps(slope, values);
    }
}

// y [n] from h [n], or [2 n] with SwiGLU, which becomes the slopes: all that the way back needs.
inline void activate_row(Activation kind, float* h, float* y, int n) {
    for (int i = 0; i < n; i += 8) {
        const int count = std::min(8, n - i);
        alignas(32) float x[8] = {}, values[8] = {};
        __m256 out, slope, second = _mm256_setzero_ps();
        if (count == 8) {
            const __m256 v = kind == SWIGLU ? _mm256_loadu_ps(h + n + i) : second;
            activate8(kind, _mm256_loadu_ps(h + i), v, out, slope, second);
            _mm256_storeu_ps(y + i, out);
            _mm256_storeu_ps(h + i, slope);
            if (kind == SWIGLU) _mm256_storeu_ps(h + n + i, second);
            continue;
        }
        std::copy(h + i, h + i + count, x);
        if (kind == SWIGLU) std::copy(h + n + i, h + n + i + count, values);
        activate8(kind, _mm256_load_ps(x), _mm256_load_ps(values), out, slope, second);
        _mm256_store_ps(x, out);
        std::copy(x, x + count, y + i);
        _mm256_store_ps(x, slope);
        std::copy(x, x + count, h + i);
        _mm256_store_ps(x, second);
        if (kind == SWIGLU) std::copy(x, x + count, h + n + i);
    }
}

// Turns each pair (i, i + D/2) by its position's angle; by its negative with `back`.
inline void turn(float* x, const float* cos, const float* sin, int D, bool back) {
    const int half = D / 2;
    const float sign = back ? -1.0f : 1.0f;
    for (int i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], s = sign * sin[i];
        x[i] = a * cos[i] - b * s;
        x[i + half] = b * cos[i] + a * s;
    }
}

inline float dot(const float* x, const float* y, int n) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

inline void add_row(float* x, const float* y, int n) {
    for (int i = 0; i < n; i++) x[i] += y[i];
}

}  // namespace
