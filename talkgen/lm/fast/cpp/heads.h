// Causal attention of one text's heads that share keys, forward and backward; knows no layer around it and no threads.
//
// Scores are made for a few queries at a time, over the tokens these may see, and never kept: the backward pass makes
// them again from each row's log-sum-exp (Dao 2022).
#pragma once

#include <cmath>

#include "gemm.h"
#include "vectors.h"

namespace {

constexpr int QUERIES = 24;  // at a time: few, for the triangle's sake; a multiple of a tile's 6

struct Heads {  // of one text of `length` tokens: q of `group` heads side by side, and the k and v they share
    int length, D, group;
    const float *q, *k, *v;
    int64_t stride;  // from a token's q, k or v to the next one's
};

// Memory for one thread.
struct Scratch {
    int64_t ld;  // of scores; an odd number of cache lines, since dK and dV read them by columns
    Buffer<float> across, down, values, queries, scores, grads;  // keys in panels of keys, and in panels of D

    Scratch(int length, int D)
        : ld((panels_of(length) | 1) * WIDE),
          across(panels_size(D, length)),
          down(panels_size(length, D)),
          values(std::max(panels_size(D, length), panels_size(length, D))),
          queries(panels_size(QUERIES, D)),
          scores(QUERIES * ld),
          grads(QUERIES * ld) {}
};

// All ones in the first `count` of 8 lanes.
inline __m256 first_lanes(int count) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes));
}

// x becomes e^(scale x - shift) for the first `count`, 0 for the others up to `length` and to the register's end; the sum.
inline float exponentiate_row(float* x, int count, int length, float scale, float shift) {
    const __m256 factor = _mm256_set1_ps(scale), away = _mm256_set1_ps(shift);
    __m256 sum = _mm256_setzero_ps();
    for (int i = 0; i < length; i += 8) {
        const __m256 e = exponential(_mm256_fmsub_ps(_mm256_loadu_ps(x + i), factor, away));
        const __m256 seen = _mm256_and_ps(e, first_lanes(count - i));
        _mm256_storeu_ps(x + i, seen);
        sum = _mm256_add_ps(sum, seen);
    }
    return total(sum);
}

// The same for p without the sum; and dp, what reached the weights p, becomes what reaches the scores.
inline void softmax_backward(float* p, float* dp, int count, int length, float scale, float shift, float delta) {
    const __m256 factor = _mm256_set1_ps(scale), away = _mm256_set1_ps(shift), level = _mm256_set1_ps(delta);
    for (int i = 0; i < length; i += 8) {
        const __m256 seen = first_lanes(count - i);
        const __m256 e = exponential(_mm256_fmsub_ps(_mm256_loadu_ps(p + i), factor, away));
        const __m256 slope = _mm256_mul_ps(_mm256_mul_ps(e, factor), _mm256_sub_ps(_mm256_loadu_ps(dp + i), level));
        _mm256_storeu_ps(p + i, _mm256_and_ps(e, seen));
        _mm256_storeu_ps(dp + i, _mm256_and_ps(slope, seen));
    }
}

// The greatest of `count` numbers; NaN if one of them is not finite.
inline float greatest(const float* x, int count) {
    const __m256 least = _mm256_set1_ps(-INFINITY), zero = _mm256_setzero_ps();
    __m256 most = least, spoilt = zero;
    for (int i = 0; i < count; i += 8) {
        const __m256 v = _mm256_loadu_ps(x + i), seen = first_lanes(count - i);
        most = _mm256_max_ps(_mm256_blendv_ps(least, v, seen), most);
        spoilt = _mm256_fmadd_ps(_mm256_and_ps(v, seen), zero, spoilt);
    }
    alignas(32) float lanes[8];
    _mm256_store_ps(lanes, most);
    return *std::max_element(lanes, lanes + 8) + total(spoilt);
}

// y, laid out like q but `ld` from token to token, and each row's log-sum-exp [group, length].
inline void attend_forward(const Heads& h, float* y, int64_t ld, float* lse, Scratch& room) {
    const float scale = 1 / std::sqrt((float)h.D);
    pack_transposed(h.k, h.stride, h.D, h.length, room.across.data(), 0, panels_of(h.length));
    pack_rows(h.v, h.stride, 0, h.length, h.D, room.values.data(), h.length);
    for (int g = 0; g < h.group; g++)
        for (int first = 0; first < h.length; first += QUERIES) {
            const int rows = std::min(QUERIES, h.length - first), seen = first + rows;
            float *scores = room.scores.data(), *out = y + first * ld + g * h.D;
            const Left q{h.q + first * h.stride + g * h.D, h.stride, 1};
            multiply_panels(q, {room.across.data(), h.D}, rows, seen, h.D, scores, room.ld);
            float sums[QUERIES];
            for (int r = 0; r < rows; r++) {
                float* row = scores + r * room.ld;
                const float most = greatest(row, first + r + 1) * scale;
                const float sum = exponentiate_row(row, first + r + 1, seen, scale, most);
                lse[(int64_t)g * h.length + first + r] = most + std::log(sum);
                sums[r] = 1 / sum + 0 * most;
            }
            multiply_panels({scores, room.ld, 1}, {room.values.data(), h.length}, rows, h.D, seen, out, ld);
            for (int r = 0; r < rows; r++)
                for (int d = 0; d < h.D; d++) out[r * ld + d] *= sums[r];
        }
}

struct Reached {  // attention's output y on the way back
    const float* dy;  // laid out like y
    int64_t ld;
    const float* lse;    // what attend_forward gave
    const float* level;  // y · dy of a token's `group` heads, `heads` numbers from those of the next token
    int64_t heads;
};

// dq, dk and dv, each laid out like its own; dk and dv are sums over the group.
inline void attend_backward(const Heads& h, const Reached& by, float* dq, float* dk, float* dv, Scratch& room) {
    const float scale = 1 / std::sqrt((float)h.D);
    float *scores = room.scores.data(), *grads = room.grads.data();
    pack_transposed(h.k, h.stride, h.D, h.length, room.across.data(), 0, panels_of(h.length));
    pack_transposed(h.v, h.stride, h.D, h.length, room.values.data(), 0, panels_of(h.length));
    pack_rows(h.k, h.stride, 0, h.length, h.D, room.down.data(), h.length);
    bool begun = false;
    for (int g = 0; g < h.group; g++)
        for (int first = (h.length - 1) / QUERIES * QUERIES; first >= 0; first -= QUERIES) {  // the last ones reach all keys
            const int rows = std::min(QUERIES, h.length - first), seen = first + rows;
            const float *q = h.q + first * h.stride + g * h.D, *from = by.dy + first * by.ld + g * h.D;
            multiply_panels({q, h.stride, 1}, {room.across.data(), h.D}, rows, seen, h.D, scores, room.ld);
            multiply_panels({from, by.ld, 1}, {room.values.data(), h.D}, rows, seen, h.D, grads, room.ld);
            for (int r = 0; r < rows; r++)
                softmax_backward(scores + r * room.ld, grads + r * room.ld, first + r + 1, seen, scale,
                                 by.lse[(int64_t)g * h.length + first + r], by.level[(first + r) * by.heads + g]);
            float* into = dq + first * h.stride + g * h.D;
            const float *more_v = begun ? dv : nullptr, *more_k = begun ? dk : nullptr;
            multiply_panels({grads, room.ld, 1}, {room.down.data(), h.length}, rows, h.D, seen, into, h.stride);
            pack_rows(from, by.ld, 0, rows, h.D, room.queries.data(), rows);
            multiply_panels({scores, 1, room.ld}, {room.queries.data(), rows}, seen, h.D, rows, dv, h.stride, more_v, h.stride);
            pack_rows(q, h.stride, 0, rows, h.D, room.queries.data(), rows);
            multiply_panels({grads, 1, room.ld}, {room.queries.data(), rows}, seen, h.D, rows, dk, h.stride, more_k, h.stride);
            begun = true;
        }
}

}  // namespace
