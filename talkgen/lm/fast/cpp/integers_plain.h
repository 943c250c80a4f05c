// Integers' products for any processor; see integers.h.
#pragma once

#include "formats.h"

namespace {

inline void arrange(int16_t*) {}

inline int weight(const Q8& b, int i) { return b.q[i]; }
inline int weight(const Q4& b, int i) { return i < BLOCK / 2 ? b.q[i] & 15 : b.q[i - BLOCK / 2] >> 4; }

template <class B>
inline Ints dot_block(const B& b, const int16_t* q) {
    Ints sums{};
    for (int i = 0; i < BLOCK; i += 8)
        for (int j = 0; j < 8; j++) sums[j] += weight(b, i + j) * q[i + j];
    return sums;
}

struct Panel {
    int16_t weights[BLOCK][CHUNK];
    alignas(32) float scale[CHUNK], least[CHUNK];
};

template <class B>
inline void unpack(Strided<B> rows, Panel& panel) {
    for (int r = 0; r < CHUNK; r++)
        for (int i = 0; i < BLOCK; i++) panel.weights[i][r] = (int16_t)weight(*rows.row(r), i);
}

typedef int16_t EightShorts __attribute__((vector_size(16)));

template <class B, int M>
inline void dot_panel(const Panel& w, const int16_t* q, Sums (*dot)[SIDES]) {
    for (int m = 0; m < M; m++) dot[m][0] = dot[m][1] = Ints{};
    for (int i = 0; i < BLOCK; i++)
        for (int j = 0; j < 2; j++) {
            const Ints eight = __builtin_convertvector(load<EightShorts>(w.weights[i] + 8 * j), Ints);
            for (int m = 0; m < M; m++) dot[m][j] += eight * (int32_t)q[m * BLOCK + i];
        }
}

}  // namespace
