// Products of float32 matrices, as near to the processor's speed as we can get; knows no model and no threads.
//
// The right-hand matrix is packed into panels of 16 columns, so that a tile of C, 6 rows by 16 columns, is 12 registers
// to which every k adds 12 products of 2 + 6 loaded numbers (Goto and van de Geijn 2008). The left-hand one is read
// where it lies, by two strides. Each number of C is a sum in the order of k, however the rows are shared out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace {

constexpr int WIDE = 16;    // columns of a panel
constexpr int DEEP = 256;   // of k at a time: a panel's part is then 16 KiB and stays in the first cache

struct Left {  // A[i, k] = data[i row + k step]
    const float* data;
    int64_t row, step;

    Left at(int64_t i, int64_t k) const { return {data + i * row + k * step, row, step}; }
};

inline int panels_of(int n) { return (n + WIDE - 1) / WIDE; }
inline int64_t panels_size(int k, int n) { return (int64_t)panels_of(n) * WIDE * k; }

// Rows `first` … `first + count - 1` of B [k, n] into their places in B's panels; b: the first of them, `stride` apart.
inline void pack_rows(const float* b, int64_t stride, int first, int count, int n, float* panels, int k) {
    for (int p = 0; p < n; p += WIDE) {
        const int columns = std::min(WIDE, n - p);
        const float* row = b + p;
        float* to = panels + (int64_t)p * k + (int64_t)first * WIDE;
        for (int i = 0; i < count; i++, row += stride, to += WIDE) {
            if (columns == WIDE) {
                _mm256_storeu_ps(to, _mm256_loadu_ps(row));
                _mm256_storeu_ps(to + 8, _mm256_loadu_ps(row + 8));
            } else {
                std::copy(row, row + columns, to);
                std::fill(to + columns, to + WIDE, 0.0f);
            }
        }
    }
}

inline void transpose8(const float* from, int64_t stride, float* to) {
    __m256 r[8], s[8];
    for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(from + i * stride);
    for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0x44);
            r[i + 2 * j + 1] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0xEE);
        }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * WIDE, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * WIDE, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
}

// Panels `from` … `to` of Bᵀ, where B is [n, k].
inline void pack_transposed(const float* b, int64_t stride, int k, int n, float* out, int from, int to) {
    for (int p = from; p < to; p++) {
        const int count = std::min(WIDE, n - p * WIDE);
        const float* row = b + (int64_t)p * WIDE * stride;
        float* panel = out + (int64_t)p * WIDE * k;
        int i = 0;
        for (; count == WIDE && i + 8 <= k; i += 8) {
            transpose8(row + i, stride, panel + i * WIDE);
            transpose8(row + 8 * stride + i, stride, panel + i * WIDE + 8);
        }
        for (; i < k; i++)
            for (int j = 0; j < WIDE; j++) panel[i * WIDE + j] = j < count ? row[j * stride + i] : 0;
    }
}

// A tile of C, R rows by `columns` ≤ 16, = what lies in `plus` (null: nothing) + A B.
// Not inlined: it would be compiled anew wherever it is used, and that took four times as long.
template <int R>
[[gnu::noinline]] void multiply_tile(int k, Left a, const float* b, float* c, int64_t ld, const float* plus, int64_t ld_plus,
                                     int columns) {
    __m256 acc[R][2];  // in registers, which takes loops unrolled to the end
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) acc[r][0] = acc[r][1] = _mm256_setzero_ps();
    const float* p[2] = {a.data, a.data + 3 * a.row};
#pragma GCC unroll 2
    for (int i = 0; i < k; i++, b += WIDE) {
        const __m256 low = _mm256_loadu_ps(b), high = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            const __m256 v = _mm256_broadcast_ss(p[r / 3] + (r % 3) * a.row);
            acc[r][0] = _mm256_fmadd_ps(v, low, acc[r][0]);
            acc[r][1] = _mm256_fmadd_ps(v, high, acc[r][1]);
        }
        p[0] += a.step, p[1] += a.step;
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; r++, c += ld) {
        const float* more = plus ? plus + r * ld_plus : nullptr;
        if (columns == WIDE) {
            if (more) {
                acc[r][0] = _mm256_add_ps(acc[r][0], _mm256_loadu_ps(more));
                acc[r][1] = _mm256_add_ps(acc[r][1], _mm256_loadu_ps(more + 8));
            }
            _mm256_storeu_ps(c, acc[r][0]);
            _mm256_storeu_ps(c + 8, acc[r][1]);
        } else {
            alignas(32) float row[WIDE];
            _mm256_store_ps(row, acc[r][0]);
            _mm256_store_ps(row + 8, acc[r][1]);
            for (int j = 0; j < columns; j++) c[j] = more ? row[j] + more[j] : row[j];
        }
    }
}

// How many of the rows left a tile takes: 8 and 7 are better halved than left with 2 or 1.
inline int tile_rows(int left) { return left >= 9 || left == 6 ? 6 : left >= 7 ? 4 : left; }

inline void multiply_rows(int rows, int k, Left a, const float* b, float* c, int64_t ld, const float* plus, int64_t ld_plus,
                          int columns) {
    switch (rows) {
        case 6: return multiply_tile<6>(k, a, b, c, ld, plus, ld_plus, columns);
        case 5: return multiply_tile<5>(k, a, b, c, ld, plus, ld_plus, columns);
        case 4: return multiply_tile<4>(k, a, b, c, ld, plus, ld_plus, columns);
        case 3: return multiply_tile<3>(k, a, b, c, ld, plus, ld_plus, columns);
        case 2: return multiply_tile<2>(k, a, b, c, ld, plus, ld_plus, columns);
        default: return multiply_tile<1>(k, a, b, c, ld, plus, ld_plus, columns);
    }
}

struct Right {  // B in panels of `k` rows
    const float* panels;
    int k;
};

// C [m, n] = plus (null: nothing; C itself: added to) + A B over the first k of what B has.
inline void multiply_panels(Left a, Right b, int m, int n, int k, float* c, int64_t ld, const float* plus = nullptr,
                            int64_t ld_plus = 0) {
    for (int from = 0; from < k; from += DEEP) {
        const int deep = std::min(DEEP, k - from);
        for (int j = 0; j < n; j += WIDE) {
            const float* panel = b.panels + (int64_t)j * b.k + (int64_t)from * WIDE;
            for (int i = 0, rows; i < m; i += rows) {
                rows = tile_rows(m - i);
                multiply_rows(rows, deep, a.at(i, from), panel, c + i * ld + j, ld, plus ? plus + i * ld_plus + j : nullptr,
                              ld_plus, std::min(WIDE, n - j));
            }
        }
        plus = c, ld_plus = ld;
    }
}

// C [m, n] = Aᵀ B, where A [k, m] has rows `stride` apart. `room`: DEEP m numbers, for A where it is read one by one.
inline void multiply_transposed(const float* a, int64_t stride, Right b, int m, int n, int k, float* c, int64_t ld, float* room) {
    for (int from = 0; from < k; from += DEEP) {
        const int deep = std::min(DEEP, k - from);
        float* to = room;
        for (int i = 0, rows; i < m; i += rows) {
            rows = tile_rows(m - i);
            const float* column = a + from * stride + i;
            for (int t = 0; t < deep; t++, column += stride, to += rows) {
                if (rows == 6) std::memcpy(to, column, 6 * sizeof(float));
                else std::copy(column, column + rows, to);
            }
        }
        for (int j = 0; j < n; j += WIDE) {
            const float* panel = b.panels + (int64_t)j * b.k + (int64_t)from * WIDE;
            for (int i = 0, rows; i < m; i += rows) {
                rows = tile_rows(m - i);
                float* tile = c + i * ld + j;
                multiply_rows(rows, deep, {room + (int64_t)i * deep, 1, rows}, panel, tile, ld, from ? tile : nullptr, ld,
                              std::min(WIDE, n - j));
            }
        }
    }
}

}  // namespace
