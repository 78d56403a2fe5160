// GELU, x · Φ(x) with the normal distribution function Φ, and its gradient, each in one pass over memory.
#pragma once

#include <algorithm>
#include <cstring>

#include "exponential.h"
#include "parallel.h"
#include "vector.h"

namespace gpd {

struct Normal {
  Vector cumulative;  // Φ(x)
  Vector density;     // φ(x)
};

// Φ(-|x|) = e^(-x²/2) · erfcx(|x| / √2) / 2: nothing cancels, so that small results are right too.
inline Normal normal_distribution(Vector x) {
  const Vector magnitude = x < 0 ? -x : x, t = magnitude * 0.707106781f;
  const Vector bell = exp_of_negative(-0.5f * x * x);
  const Vector tail = 0.5f * bell * scaled_erfc(t > 10.0f ? Vector{} + 10.0f : t);
  return {x > 0 ? 1.0f - tail : tail, bell * 0.398942280f};
}

// Calls `f` on vectors of the inputs and stores what it returns; the last vector is filled up with zeros.
template <typename F>
inline void map_vectors(long count, const float* a, const float* b, float* y, F f) {
  for_ranges((count + kWidth - 1) / kWidth, 512, [&](long first, long last) {
    const F own = f;
    for (long at = first * kWidth; at < last * kWidth; at += kWidth) {
      const size_t bytes = std::min<long>(kWidth, count - at) * sizeof(float);
      if (bytes == sizeof(Vector)) {
        store(y + at, own(load(a + at), load(b + at)));
        continue;
      }
      Vector one{}, two{};
      std::memcpy(&one, a + at, bytes);
      std::memcpy(&two, b + at, bytes);
      const Vector result = own(one, two);
      std::memcpy(y + at, &result, bytes);
    }
  });
}

inline void gelu(long count, const float* x, float* y) {
  map_vectors(count, x, x, y, [](Vector value, Vector) { return value * normal_distribution(value).cumulative; });
}

// dx = dy · (Φ(x) + x · φ(x))
inline void gelu_gradient(long count, const float* dy, const float* x, float* dx) {
  map_vectors(count, dy, x, dx, [](Vector gradient, Vector value) {
    const Normal normal = normal_distribution(value);
    return gradient * (normal.cumulative + value * normal.density);
  });
}

}  // namespace gpd
