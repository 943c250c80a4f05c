// Which of the kernels' variants this processor runs best; compiled for any processor, and asked before another is loaded.
#if defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#endif

extern "C" const char* best_variant() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512vnni")) return "vnni";
    if (avx512) return "avx512";
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11  // whose names it is among
    if (__builtin_cpu_supports("avxvnni") && __builtin_cpu_supports("fma")) return "avxvnni";
#endif
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";  // which all have F16C
#elif defined(__aarch64__) && defined(__APPLE__)
    return "dotprod";  // since the first of them
#elif defined(__aarch64__) && defined(__linux__)
    if (getauxval(AT_HWCAP) & (1 << 20)) return "dotprod";  // HWCAP_ASIMDDP
#endif
    return "plain";
}
