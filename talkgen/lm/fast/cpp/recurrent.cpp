// One token through an LSTM or a tanh RNN: the arithmetic of models/lstm.py's `step` without its calls.
#include "linear.h"

struct Recurrent {
    int32_t n_layer, n_embd, lstm, shift, threads;
    Matrix embed, head;
    const Matrix* layers;  // [4 C or C, 2 C]: what x and h are multiplied with, side by side; both biases in one
};

extern "C" const int32_t size_of_Recurrent = sizeof(Recurrent);  // compared by who fills it in

// Reads a token of each of `m` texts, `before` it another or -1; h and c [n_layer, m, C] are changed in place; logits
// [m, vocab_size].
extern "C" void read_recurrent(const Recurrent* pointer, int32_t m, const int64_t* tokens, const int64_t* before, float* h,
                               float* c, float* logits) {
    const Recurrent& model = *pointer;
    const int C = model.n_embd, width = model.lstm ? 4 * C : C;
    Buffer<float> x((size_t)m * 2 * C), gates((size_t)m * width), out((size_t)m * C);
    for (int r = 0; r < m; r++)
        look_up_token(model.embed, tokens[r], model.shift ? before[r] : NO_SHIFT, C, out.data() + (size_t)r * C);
    for (int l = 0; l < model.n_layer; l++, h += (size_t)m * C, c += (size_t)m * C) {
        for (int r = 0; r < m; r++) {
            std::memcpy(x.data() + (size_t)r * 2 * C, out.data() + (size_t)r * C, C * sizeof(float));
            std::memcpy(x.data() + (size_t)r * 2 * C + C, h + (size_t)r * C, C * sizeof(float));
        }
        linear(model.layers[l], x.data(), gates.data(), m, model.threads);
        for (int r = 0; r < m; r++) {
            const float* gate = gates.data() + (size_t)r * width;
            float *h_row = h + (size_t)r * C, *c_row = c + (size_t)r * C;
            for (int i = 0; i < C; i++) {
                if (model.lstm) {
                    const float in = 1 / (1 + std::exp(-gate[i])), forget = 1 / (1 + std::exp(-gate[C + i]));
                    c_row[i] = forget * c_row[i] + in * std::tanh(gate[2 * C + i]);
                    h_row[i] = std::tanh(c_row[i]) / (1 + std::exp(-gate[3 * C + i]));
                } else {
                    h_row[i] = std::tanh(gate[i]);
                }
            }
        }
        std::memcpy(out.data(), h, (size_t)m * C * sizeof(float));
    }
    if (logits) linear(model.head, out.data(), logits, m, model.threads);
}
