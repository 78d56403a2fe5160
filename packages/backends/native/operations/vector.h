// The widest vectors of the processor that this is compiled for, as plain arithmetic.
#pragma once

namespace gpd {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
constexpr int kRows = 12;
#elif defined(__AVX__)
constexpr int kWidth = 8;
constexpr int kRows = 6;
#elif defined(__aarch64__)
constexpr int kWidth = 4;
constexpr int kRows = 8;
#else
constexpr int kWidth = 4;
constexpr int kRows = 4;
#endif

typedef float Vector __attribute__((vector_size(kWidth * sizeof(float))));

// A vector (or a single number) from any address, aligned or not: the compiler makes one instruction of the copy.
template <typename T = Vector>
inline T load(const float* at) {
  T value;
  __builtin_memcpy(&value, at, sizeof(T));
  return value;
}
template <typename T>
inline void store(float* at, T value) {
  __builtin_memcpy(at, &value, sizeof(T));
}

// Calls `body(offset, T{})` for all of `count` numbers: T is a vector first, then, for the rest, one number.
template <typename Body>
inline void for_each_vector(long count, Body body) {
  long at = 0;
  for (; at + kWidth <= count; at += kWidth) body(at, Vector{});
  for (; at < count; at++) body(at, float{});
}

}  // namespace gpd
