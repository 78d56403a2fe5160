// Batch normalization in training mode, over all axes but the last, and its gradient: two passes over memory each.
#pragma once

#include <cmath>
#include <vector>

#include "parallel.h"
#include "scratch.h"
#include "vector.h"

namespace gpd {

// Rows of a piece that stays in the first-level cache while it is read twice.
inline long cached_rows(long channels) { return std::max(1L, 4096 / channels); }

// Adds the mean and the sum of squared deviations of one set of rows to those of another (Chan, Golub and LeVeque, 1983).
inline void merge_moments(long channels, long count, float* mean, float* squares, long more, const float* other_mean,
                          const float* other_squares) {
  const float share = static_cast<float>(more) / (count + more), weight = share * count;
  for_each_vector(channels, [&](long at, auto kind) {
    using T = decltype(kind);
    const T old = load<T>(mean + at), delta = load<T>(other_mean + at) - old;
    store<T>(mean + at, old + delta * share);
    store<T>(squares + at, load<T>(squares + at) + load<T>(other_squares + at) + delta * delta * weight);
  });
}

// Mean, and sum of squared deviations from it, of some rows of x.
inline void moments_of_rows(const float* x, long first, long last, long channels, float* mean, float* squares,
                            float* piece) {
  const long step = cached_rows(channels);
  for (long row = first; row < last; row += step) {
    const long count = std::min(step, last - row);
    const float* rows = x + row * channels;
    for_each_vector(channels, [&](long at, auto kind) {
      using T = decltype(kind);
      T sum{};
      for (long i = 0; i < count; i++) sum += load<T>(rows + i * channels + at);
      const T centre = sum * (1.0f / count);
      T deviation{};
      for (long i = 0; i < count; i++) {
        const T difference = load<T>(rows + i * channels + at) - centre;
        deviation += difference * difference;
      }
      store<T>(piece + at, centre);
      store<T>(piece + channels + at, deviation);
    });
    merge_moments(channels, row - first, mean, squares, count, piece, piece + channels);
  }
}

// How rows are divided: always alike, so that sums come out alike.
inline long row_ranges(long rows) {
  return std::max(1L, std::min<long>(Threads::instance().count() * 2L, rows / 64));
}

inline void batch_norm(const float* x, long rows, long channels, const float* scale, const float* shift, float epsilon,
                       float* y, float* mean, float* variance, float* inverse) {
  const long ranges = row_ranges(rows);
  float* parts = shared_scratch(ranges * 4 * channels);
  Threads::instance().run(ranges, [&](long range) {
    float* own = parts + range * 4 * channels;
    std::fill(own, own + 2 * channels, 0.0f);
    moments_of_rows(x, rows * range / ranges, rows * (range + 1) / ranges, channels, own, own + channels,
                    own + 2 * channels);
  });
  for (long range = 1; range < ranges; range++) {
    const long count = rows * range / ranges, more = rows * (range + 1) / ranges - count;
    const float* other = parts + range * 4 * channels;
    merge_moments(channels, count, parts, parts + channels, more, other, other + channels);
  }
  std::vector<float> factor(channels), summand(channels);
  for (long c = 0; c < channels; c++) {
    mean[c] = parts[c];
    variance[c] = parts[channels + c] / rows;
    inverse[c] = 1 / std::sqrt(variance[c] + epsilon);
    factor[c] = scale[c] * inverse[c];
    summand[c] = shift[c] - mean[c] * factor[c];
  }
  Threads::instance().run(ranges, [&](long range) {
    for (long row = rows * range / ranges; row < rows * (range + 1) / ranges; row++)
      for_each_vector(channels, [&](long at, auto kind) {
        using T = decltype(kind);
        store<T>(y + row * channels + at,
                 load<T>(x + row * channels + at) * load<T>(factor.data() + at) + load<T>(summand.data() + at));
      });
  });
}

// dshift = Σ dy, dscale = Σ dy · x̂, dx = scale · u · (dy − mean(dy) − x̂ · mean(dy · x̂)) with u = 1 / √(variance + ε)
inline void batch_norm_gradient(const float* dy, const float* x, long rows, long channels, const float* scale,
                                const float* mean, const float* inverse, float* dx, float* dscale, float* dshift) {
  const long ranges = row_ranges(rows);
  float* parts = shared_scratch(ranges * 2 * channels);
  Threads::instance().run(ranges, [&](long range) {
    float* sums = parts + range * 2 * channels;
    std::fill(sums, sums + 2 * channels, 0.0f);
    const long step = cached_rows(channels), last = rows * (range + 1) / ranges;
    for (long row = rows * range / ranges; row < last; row += step) {
      const long count = std::min(step, last - row);
      for_each_vector(channels, [&](long at, auto kind) {
        using T = decltype(kind);
        const T centre = load<T>(mean + at);
        T sum{}, product{};
        for (long i = row; i < row + count; i++) {
          const T gradient = load<T>(dy + i * channels + at);
          sum += gradient;
          product += gradient * (load<T>(x + i * channels + at) - centre);
        }
        store<T>(sums + at, load<T>(sums + at) + sum);
        store<T>(sums + channels + at, load<T>(sums + channels + at) + product);
      });
    }
  });
  // dx = dy · a + x · b + c
  std::vector<float> a(channels), b(channels), c(channels);
  for (long i = 0; i < channels; i++) {
    float sum = 0, product = 0;
    for (long range = 0; range < ranges; range++) {
      sum += parts[range * 2 * channels + i];
      product += parts[range * 2 * channels + channels + i];
    }
    dshift[i] = sum;
    dscale[i] = product * inverse[i];
    a[i] = scale[i] * inverse[i];
    b[i] = -a[i] * dscale[i] * inverse[i] / rows;
    c[i] = -a[i] * sum / rows - b[i] * mean[i];
  }
  Threads::instance().run(ranges, [&](long range) {
    for (long row = rows * range / ranges; row < rows * (range + 1) / ranges; row++)
      for_each_vector(channels, [&](long at, auto kind) {
        using T = decltype(kind);
        const long i = row * channels + at;
        store<T>(dx + i, load<T>(dy + i) * load<T>(a.data() + at) + load<T>(x + i) * load<T>(b.data() + at) +
                             load<T>(c.data() + at));
      });
  });
}

}  // namespace gpd
