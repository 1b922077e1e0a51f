#pragma once

// Small functions that host and device share stand in headers under this mark.
#ifdef __CUDACC__
#define SSD_HOST_DEVICE __host__ __device__
#else
#define SSD_HOST_DEVICE
#endif

// A loop that is compiled for wider vectors too, chosen when the library is loaded. Without fused
// multiply-adds (-ffp-contract=off), so that every machine computes the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SSD_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SSD_VECTOR_CLONES
#endif

// What such a loop calls has to be inlined into each of its versions. A template cannot be one
// itself, but its body can be a template's.
#define SSD_INLINE inline __attribute__((always_inline))
