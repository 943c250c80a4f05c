// Eight float32 at a time: loads, sums, e^x and memory that suits them. Needs AVX2, FMA and F16C.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <vector>

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "AVX2, FMA and F16C are needed"
#endif

namespace {

inline float half(uint16_t h) { return _cvtsh_ss(h); }

inline __m256 load8(const float* p) { return _mm256_loadu_ps(p); }
inline __m256 load8(const uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }
inline float load1(float v) { return v; }
inline float load1(uint16_t v) { return half(v); }

inline float total(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// Four sums in a row.
inline __m128 totals(const __m256* v) {
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
    return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

// e^x to about float32's last digit but one: 2^n of x / ln 2's nearest integer n, times Cephes' polynomial (expf.c).
inline __m256 exponential(__m256 x) {
    x = _mm256_min_ps(_mm256_max_ps(x, _mm256_set1_ps(-87.0f)), _mm256_set1_ps(88.0f));
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), x);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        p = _mm256_fmadd_ps(p, x, _mm256_set1_ps(c));
    p = _mm256_fmadd_ps(_mm256_mul_ps(x, x), p, _mm256_add_ps(x, _mm256_set1_ps(1)));
    const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

// Numbers that begin where a vector register may be loaded without crossing a line of the cache.
template <class T>
struct Buffer {
    std::vector<__m256i> memory;

    explicit Buffer(size_t count = 0) : memory((count * sizeof(T) + 31) / 32) {}
    T* data() { return (T*)memory.data(); }
    const T* data() const { return (const T*)memory.data(); }
};

}  // namespace
