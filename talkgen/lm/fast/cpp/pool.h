// Threads that share the work of a loop; knows no arithmetic. One round at a time: who comes meanwhile works alone.
//
// No OpenMP: each compiler brings a runtime of its own, some none, and two of them in one process are in each other's
// way. A thread that comes late to a round is not waited for, since on a busy machine it may come very late.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace {

inline void breathe() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

class Pool {
    using Work = void (*)(const void* body, int from, int to);

    Work work = nullptr;
    const void* body = nullptr;
    int count = 0, share = 1;
    std::atomic<int> next{0}, active{0}, wanted{0};
    std::atomic<bool> open{false};
    std::atomic<unsigned> number{0};
    std::atomic<int> asleep{0};
    std::atomic<bool> awaited{false};
    std::mutex busy, sleeping;
    std::condition_variable wake, done;
    int started = 0;

    // Large parts first, which read memory in one go, then ever smaller ones, since a core may be slow today.
    void take() {
        for (int i = next.load(); i < count;) {
            const int end = std::min(count, i + std::max(share, (count - i) / (2 * (wanted.load() + 1))));
            if (!next.compare_exchange_weak(i, end)) continue;
            work(body, i, end);
            i = next.load();
        }
    }

    // Whether it came about in a while that is spent awake: between two products of a token lie microseconds.
    template <class Condition>
    static bool await(const Condition& met) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(60);
        do {
            for (int i = 0; i < 32; i++, breathe())
                if (met()) return true;
        } while (std::chrono::steady_clock::now() < until);
        return false;
    }

    // The number of the round after `seen`.
    unsigned wait(unsigned seen) {
        if (await([&] { return number.load() != seen; })) return number.load();
        std::unique_lock<std::mutex> lock(sleeping);
        asleep++;
        wake.wait(lock, [&] { return number.load() != seen; });
        asleep--;
        return number.load();
    }

    void serve(int index) {
        for (unsigned seen = 0;;) {
            seen = wait(seen);
            if (index >= wanted.load()) continue;
            active++;
            if (open.load()) take();  // closed: whoever called has done it all
            if (--active == 0 && awaited.load()) {
                std::lock_guard<std::mutex> lock(sleeping);
                done.notify_one();
            }
        }
    }

    void start(int threads) {
        for (; started < threads - 1; started++) std::thread(&Pool::serve, this, started).detach();
    }

public:
    // body(from, to) for all of 0 to count, at least `share` of them at a time.
    template <class Body>
    void run(int threads, int count_, int share_, const Body& given) {
        std::unique_lock<std::mutex> mine(busy, std::try_to_lock);
        if (threads < 2 || count_ <= share_ || !mine) return given(0, count_);
        start(threads);
        work = [](const void* each, int from, int to) { (*(const Body*)each)(from, to); };
        body = &given, count = count_, share = share_;
        next = 0, wanted = threads - 1, open = true;
        number++;
        if (asleep.load()) {
            std::lock_guard<std::mutex> lock(sleeping);
            wake.notify_all();
        }
        take();
        open = false;
        if (await([&] { return !active.load(); })) return;
        // Whoever is not done had to make room for another program: on the core that is free now it can go on.
        std::unique_lock<std::mutex> lock(sleeping);
        awaited = true;
        done.wait(lock, [&] { return !active.load(); });
        awaited = false;
    }
};

// Lives as long as the process: its threads do.
inline Pool& pool() {
    static Pool* all = new Pool;
    return *all;
}

// body(i) for each i below count.
template <class Body>
void each(int threads, int count, const Body& body) {
    pool().run(threads, count, 1, [&](int from, int to) {
        for (int i = from; i < to; i++) body(i);
    });
}

}  // namespace
