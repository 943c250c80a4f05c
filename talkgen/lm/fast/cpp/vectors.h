// Eight float32 at a time, on the compilers' vector extensions: loads, sums, e^x and memory that suits them.
//
// GCC and Clang make of these types what the processor has: one register of AVX, two of SSE or NEON.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#if defined(__F16C__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));
typedef float FourFloats __attribute__((vector_size(16)));
typedef uint16_t EightHalves __attribute__((vector_size(16)));

template <class V, class T>
inline V load(const T* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

template <class V, class T>
inline void store(T* p, V v) {
    std::memcpy(p, &v, sizeof v);
}

// The bits of a vector as those of another type.
template <class To, class From>
inline To as(From v) {
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    return load<To>(&v);
}

inline Floats all(float x) { return x - Floats{}; }
inline Floats largest(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smallest(Floats a, Floats b) { return a < b ? a : b; }
inline Floats size_of(Floats x) { return as<Floats>(as<Ints>(x) & 0x7fffffff); }
inline Floats floats(Ints x) { return __builtin_convertvector(x, Floats); }

// The nearest integers, of two the even one; of numbers below 2^22.
inline Floats nearest(Floats x) {
    const float magic = 12582912.0f;  // 1.5 · 2^23, beside which float32 has no fractions
    return (x + magic) - magic;
}

// ---- Half precision.

inline Floats widen(EightHalves h) {
#if defined(__F16C__)
    return (Floats)_mm256_cvtph_ps((__m128i)h);
#elif defined(__aarch64__)
    const float16x8_t eight = (float16x8_t)h;
    Floats wide;
    store(&wide, vcvt_f32_f16(vget_low_f16(eight)));
    store((float*)&wide + 4, vcvt_f32_f16(vget_high_f16(eight)));
    return wide;
#else
    const Ints bits = __builtin_convertvector(h, Ints), sign = (bits & 0x8000) << 16, size = (bits & 0x7fff) << 13;
    const Ints wide = as<Ints>(as<Floats>(size) * 0x1p112f);  // the exponent moves from half's middle to float's
    return as<Floats>((size >= (0x7c00 << 13) ? wide | 0x7f800000 : wide) | sign);
#endif
}

// The nearest halves, of two the even one; what is too large for one becomes the largest there is.
inline EightHalves narrow(Floats x) {
    x = smallest(largest(x, all(-65504.0f)), all(65504.0f));
#if defined(__F16C__)
    return (EightHalves)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT);
#elif defined(__aarch64__)
    return (EightHalves)vcombine_f16(vcvt_f16_f32(load<float32x4_t>(&x)), vcvt_f16_f32(load<float32x4_t>((const float*)&x + 4)));
#else
    const Ints bits = as<Ints>(x), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    const Ints normal = (size - (112 << 23) + 0xfff + (size >> 13 & 1)) >> 13;
    const Ints small = as<Ints>(as<Floats>(size) + 0.5f) - (126 << 23);  // beside a half, floats are as far apart as these
    return __builtin_convertvector((size < (113 << 23) ? small : normal) | sign, EightHalves);
#endif
}

inline Floats load8(const float* p) { return load<Floats>(p); }
inline Floats load8(const uint16_t* p) { return widen(load<EightHalves>(p)); }
inline void store8(float* p, Floats v) { store(p, v); }
inline void store8(uint16_t* p, Floats v) { store(p, narrow(v)); }
inline float half(uint16_t h) { return widen(EightHalves{h})[0]; }
inline float load1(float v) { return v; }
inline float load1(uint16_t v) { return half(v); }
inline void store1(float* p, float v) { *p = v; }
inline void store1(uint16_t* p, float v) { *p = narrow(all(v))[0]; }

// ---- Sums and e^x.

inline float total(Floats v) {
    const FourFloats s = load<FourFloats>(&v) + load<FourFloats>((const float*)&v + 4);
    return (s[0] + s[2]) + (s[1] + s[3]);
}

inline float highest(Floats v) {
    const FourFloats a = load<FourFloats>(&v), b = load<FourFloats>((const float*)&v + 4), s = a > b ? a : b;
    return std::max(std::max(s[0], s[2]), std::max(s[1], s[3]));
}

// e^x to about float32's last digit but one: 2^n of x / ln 2's nearest integer n, times Cephes' polynomial (expf.c).
inline Floats exponential(Floats x) {
    x = smallest(largest(x, all(-87.0f)), all(88.0f));
    const Floats n = nearest(x * 1.44269504f);
    x = x - n * 0.693359375f;
    x = x + n * 2.12194440e-4f;
    Floats p = all(1.9875691500e-4f);
    for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) p = p * x + c;
    p = x * x * p + (x + 1);
    return p * as<Floats>((__builtin_convertvector(n, Ints) + 127) << 23);
}

// A value that the compiler may not load again for every product it is used in.
inline void keep_in_register([[maybe_unused]] Floats& v) {
#if defined(__AVX2__)
    asm("" : "+x"(v));
#endif
}

// Memory for numbers, which begin where a vector register may be loaded without crossing a line of the cache. It is
// not zero, and each thread keeps what it has given back: the next token asks for the same.
template <class T>
class Buffer {
    struct alignas(64) Line {
        char bytes[64];
    };
    using Lines = std::unique_ptr<Line[]>;

    int size;  // 2^size lines
    Lines memory;

    static std::vector<Lines>& kept(int size) {
        thread_local std::vector<Lines> of_size[64];
        return of_size[size];
    }

public:
    explicit Buffer(size_t count) : size(0) {
        while (((size_t)sizeof(Line) << size) < count * sizeof(T)) size++;
        auto& mine = kept(size);
        if (mine.empty()) {
            memory.reset(new Line[(size_t)1 << size]);
        } else {
            memory = std::move(mine.back());
            mine.pop_back();
        }
    }
    ~Buffer() { kept(size).push_back(std::move(memory)); }
    Buffer(const Buffer&) = delete;

    T* data() { return (T*)memory.get(); }
    const T* data() const { return (const T*)memory.get(); }
};

}  // namespace
