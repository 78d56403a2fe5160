// Layer normalization over the last axis, and its gradient: one pass over memory each.
#pragma once

#include <algorithm>
#include <cmath>

#include "parallel.h"
#include "scratch.h"
#include "vector.h"

namespace gpd {

inline float sum_of(Vector values) {
  float sum = 0;
  for (int i = 0; i < kWidth; i++) sum += values[i];
  return sum;
}
inline float sum_of(float value) { return value; }

// Σ f(offset, T{}) over a row.
template <typename F>
inline float sum_of_row(long count, F f) {
  Vector vectors{};
  float rest = 0;
  long at = 0;
  for (; at + kWidth <= count; at += kWidth) vectors += f(at, Vector{});
  for (; at < count; at++) rest += f(at, float{});
  return sum_of(vectors) + rest;
}

// Rows that one thread takes: always the same, so that sums come out alike.
inline long norm_ranges(long rows) {
  return std::max(1L, std::min<long>(Threads::instance().count() * 2L, rows / 16));
}

// y = x̂ · scale + shift with x̂ = (x − mean) · inverse, inverse = 1 / √(variance + ε), each row by itself.
inline void layer_norm(const float* x, long rows, long channels, const float* scale, const float* shift, float epsilon,
                       float* y, float* mean, float* inverse) {
  const long ranges = norm_ranges(rows);
  Threads::instance().run(ranges, [=](long range) {
    for (long row = rows * range / ranges; row < rows * (range + 1) / ranges; row++) {
      const float* in = x + row * channels;
      float* out = y + row * channels;
      const float center = sum_of_row(channels, [=](long at, auto kind) { return load<decltype(kind)>(in + at); }) / channels;
      const float squares = sum_of_row(channels, [=](long at, auto kind) {
        const auto difference = load<decltype(kind)>(in + at) - center;
        return difference * difference;
      });
      const float factor = 1 / std::sqrt(squares / channels + epsilon);
      for_each_vector(channels, [=](long at, auto kind) {
        using T = decltype(kind);
        store<T>(out + at, (load<T>(in + at) - center) * factor * load<T>(scale + at) + load<T>(shift + at));
      });
      mean[row] = center;
      inverse[row] = factor;
    }
  });
}

// With g = dy · scale: dx = inverse · (g − mean(g) − x̂ · mean(g · x̂)); dscale = Σ dy · x̂ and dshift = Σ dy over all rows.
inline void layer_norm_gradient(const float* dy, const float* x, long rows, long channels, const float* scale,
                                const float* mean, const float* inverse, float* dx, float* dscale, float* dshift) {
  const long ranges = norm_ranges(rows);
  float* parts = shared_scratch(ranges * 2 * channels);
  Threads::instance().run(ranges, [=](long range) {
    float *scales = parts + range * 2 * channels, *shifts = scales + channels;
    std::fill(scales, scales + 2 * channels, 0.0f);
    for (long row = rows * range / ranges; row < rows * (range + 1) / ranges; row++) {
      const float *gradient = dy + row * channels, *in = x + row * channels;
      float* out = dx + row * channels;
      const float center = mean[row], factor = inverse[row];
      const auto normal = [=](long at, auto kind) { return (load<decltype(kind)>(in + at) - center) * factor; };
      const auto scaled = [=](long at, auto kind) {
        using T = decltype(kind);
        return load<T>(gradient + at) * load<T>(scale + at);
      };
      const float average = sum_of_row(channels, scaled) / channels;
      const float slope =
          sum_of_row(channels, [=](long at, auto kind) { return scaled(at, kind) * normal(at, kind); }) / channels;
      for_each_vector(channels, [=](long at, auto kind) {
        using T = decltype(kind);
        const T x_hat = normal(at, kind), g = load<T>(gradient + at);
        store<T>(out + at, (scaled(at, kind) - average - x_hat * slope) * factor);
        store<T>(scales + at, load<T>(scales + at) + g * x_hat);
        store<T>(shifts + at, load<T>(shifts + at) + g);
      });
    }
  });
  for (long i = 0; i < channels; i++) {
    dscale[i] = dshift[i] = 0;
    for (long range = 0; range < ranges; range++) {
      dscale[i] += parts[range * 2 * channels + i];
      dshift[i] += parts[(range * 2 + 1) * channels + i];
    }
  }
}

}  // namespace gpd
