// Loops shared by the pool's threads, for test_pool.py: says of the first that is not gone through once and whole.
#include <cstdio>
#include <numeric>
#include <vector>

#include "pool.h"

int main() {
    unsigned random = 7;
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525u + 1013904223u;
        const int threads = 1 + (random >> 8) % 4, count = (random >> 12) % 200, share = 1 + (random >> 20) % 9;
        std::vector<int> times(count);  // no atomics: two threads at one place would be a race
        pool().run(threads, count, share, [&](int from, int to) {
            for (int i = from; i < to; i++) times[i]++;
        });
        if (std::accumulate(times.begin(), times.end(), 0) != count || std::count(times.begin(), times.end(), 1) != count)
            return printf("%d of %d by %d threads, %d at a time\n", (int)std::count(times.begin(), times.end(), 1), count, threads, share), 1;
    }
}
