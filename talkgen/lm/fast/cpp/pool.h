// Threads that share the work of a loop; knows no arithmetic. One round at a time: who comes meanwhile works alone.
//
// Each thread has a part of the loop to itself and goes through it in turn, so that what it will read next is known and
// can be on its way. Who is done takes half of what another still has before it: a core may be slow today.
//
// No OpenMP: each compiler brings a runtime of its own, some none, and two of them in one process are in each other's
// way. A thread that comes late to a round is not waited for, since on a busy machine it may come very late.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
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

// What is left of a loop, from ... to: its owner takes from the front, others from the back.
class alignas(64) Part {
    std::atomic<uint64_t> ends{0};

    static uint64_t pack(int from, int to) { return (uint64_t)from << 32 | (uint32_t)to; }

public:
    void set(int from, int to) { ends = pack(from, to); }

    // To from, to as many as `count` of the first, or what lies behind the first half; whether there were any.
    bool take(int count, bool behind, int& from, int& to) {
        for (uint64_t now = ends.load();;) {
            const int first = now >> 32, last = (uint32_t)now;
            if (first >= last) return false;
            const int cut = behind ? first + (last - first) / 2 : std::min(first + count, last);
            if (!ends.compare_exchange_weak(now, behind ? pack(first, cut) : pack(cut, last))) continue;
            from = behind ? cut : first, to = behind ? last : cut;
            return true;
        }
    }
};

class Pool {
    using Work = void (*)(const void* body, int from, int to);

    Work work = nullptr;
    const void* body = nullptr;
    int share = 1;
    std::deque<Part> parts = std::deque<Part>(1);  // the caller's, then each thread's
    std::atomic<int> active{0}, wanted{0};
    std::atomic<bool> open{false};
    std::atomic<unsigned> number{0};
    std::atomic<int> asleep{0};
    std::atomic<bool> awaited{false};
    std::mutex busy, sleeping;
    std::condition_variable wake, done;
    int started = 0;

    // Parts that no one has begun yet may go as well: their threads come late, or not at all.
    bool take_over(Part& own) {
        int from, to;
        for (int i = 0; i <= wanted.load(); i++)
            if (&parts[i] != &own && parts[i].take(0, true, from, to)) return own.set(from, to), true;
        return false;
    }

    void take(Part& own) {
        int from, to;
        do
            while (own.take(share, false, from, to)) work(body, from, to);
        while (take_over(own));
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
            if (open.load()) take(parts[index + 1]);  // closed: whoever called has done it all
            if (--active == 0 && awaited.load()) {
                std::lock_guard<std::mutex> lock(sleeping);
                done.notify_one();
            }
        }
    }

    void start(int threads) {
        for (; started < threads - 1; started++) {
            parts.emplace_back();
            std::thread(&Pool::serve, this, started).detach();
        }
    }

public:
    // body(from, to) for all of 0 to count, at least `share` of them at a time.
    template <class Body>
    void run(int threads, int count, int share_, const Body& given) {
        std::unique_lock<std::mutex> mine(busy, std::try_to_lock);
        if (threads < 2 || count <= share_ || !mine) return given(0, count);
        start(threads);
        work = [](const void* each, int from, int to) { (*(const Body*)each)(from, to); };
        body = &given, share = share_, wanted = threads - 1;
        for (int64_t i = 0; i < threads; i++) parts[i].set(i * count / threads, (i + 1) * count / threads);
        open = true;
        number++;
        if (asleep.load()) {
            std::lock_guard<std::mutex> lock(sleeping);
            wake.notify_all();
        }
        take(parts[0]);
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
