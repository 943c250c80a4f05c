// Runs the kernels' parts on numbers from a file, for test_variants.py: a program a variant. See CASES for what it reads.
#include <cstdio>

#include "attention.h"
#include "linear.h"
#include "rows.h"

enum Case { PRODUCT = 1, ELEMENTS, HALVES, NARROWED, ATTENTION };

template <class T>
std::vector<T> take(FILE* in, size_t count) {
    std::vector<T> values(count);
    if (fread(values.data(), sizeof(T), count, in) != count) exit(1);
    return values;
}

void keep_and_widen(float* x, int n) {
    std::vector<uint16_t> kept(n);
    keep_row(x, kept.data(), n);
    for (int i = 0; i < n; i++) x[i] = half(kept[i]);
}

// Of three heads over n keys of k numbers, which are kept in T.
template <class T>
std::vector<float> attention(FILE* in, int n, int k) {
    const auto q = take<float>(in, 3 * k), keys = take<float>(in, n * k), values = take<float>(in, n * k);
    std::vector<T> kept_keys(n * k), kept_values(n * k);
    keep_row(keys.data(), kept_keys.data(), n * k);
    keep_row(values.data(), kept_values.data(), n * k);
    std::vector<float> room(3 * n), y(3 * k);
    attend_heads<3>(q.data(), kept_keys.data(), kept_values.data(), n, k, room.data(), y.data());
    return y;
}

int main(int, char** argv) {
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    int32_t head[6];  // the case, and five sizes
    while (fread(head, sizeof head, 1, in) == 1) {
        const int a = head[1], n = head[2], k = head[3], m = head[4];
        std::vector<float> y;
        if (head[0] == PRODUCT) {  // a: the kind of weights, head[5] bytes of them
            const auto data = take<uint8_t>(in, head[5]);
            const auto x = take<float>(in, (size_t)m * k);
            y.resize((size_t)m * n);
            linear(Matrix{a, n, k, data.data(), nullptr}, x.data(), y.data(), m, 1);
        } else if (head[0] == ELEMENTS) {  // of n numbers: e^x, and each activation
            const auto x = take<float>(in, 2 * n);
            y.resize(4 * n);
            std::copy(x.begin(), x.begin() + n, y.begin());
            exponentiate(y.data(), n);
            for (int kind = GELU; kind <= SWIGLU; kind++) activate_row((Activation)kind, x.data(), y.data() + (kind + 1) * n, n);
        } else if (head[0] == HALVES) {
            const auto x = take<uint16_t>(in, n);
            for (int i = 0; i < n; i += 8) {
                float eight[8];
                store(eight, load8(x.data() + i));
                y.insert(y.end(), eight, eight + 8);
            }
        } else if (head[0] == NARROWED) {  // n numbers, to halves and back
            const auto x = take<float>(in, n);
            y = x;
            keep_and_widen(y.data(), n);
        } else if (a == FLOAT16) {
            y = attention<uint16_t>(in, n, k);
        } else {
            y = attention<float>(in, n, k);
        }
        fwrite(y.data(), sizeof(float), y.size(), out);
    }
    return fclose(out);
}
