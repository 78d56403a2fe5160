// Batch normalization in training mode, over all axes but the last, with what often follows it, and the gradient: two
// passes over memory each.
//
//   y = x · factor + summand,  then perhaps + other,  then perhaps max(·, 0)
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
      const T center = sum * (1.0f / count);
      T deviation{};
      for (long i = 0; i < count; i++) {
        const T difference = load<T>(rows + i * channels + at) - center;
        deviation += difference * difference;
      }
      store<T>(piece + at, center);
      store<T>(piece + channels + at, deviation);
    });
    merge_moments(channels, row - first, mean, squares, count, piece, piece + channels);
  }
}

// How rows are divided: always alike, so that sums come out alike.
inline long row_ranges(long rows) {
  return std::max(1L, std::min<long>(Threads::instance().count() * 2L, rows / 64));
}

// What the moments come to: one number of each kind for every channel.
struct BatchMoments {
  float* mean;
  float* inverse;  // 1 / √(variance + ε)
};

// Averages over the batches so far, as they were and as they become.
struct MovingMoments {
  const float* mean;
  const float* variance;
  float* new_mean;
  float* new_variance;
  float keep;
};

// x̂ · scale + shift as x · factor + summand.
struct Affine {
  const float* factor;
  const float* summand;
  // The same instructions wherever it stands: the gradient has to know which numbers were positive.
  template <typename T>
  T operator()(T x, long channel) const {
    return x * load<T>(factor + channel) + load<T>(summand + channel);
  }
};

// `numbers` is where they are kept: two for each channel.
inline Affine affine_of(long channels, const float* scale, const float* shift, const float* mean, const float* inverse,
                        std::vector<float>& numbers) {
  numbers.resize(2 * channels);
  for (long c = 0; c < channels; c++) {
    numbers[c] = scale[c] * inverse[c];
    numbers[channels + c] = shift[c] - mean[c] * numbers[c];
  }
  return {numbers.data(), numbers.data() + channels};
}

template <typename T>
inline T positive_or_zero(T x) {
  return x <= 0 ? T{} : x;  // NaN stays NaN: training that has diverged must be seen
}

// Calls `body(offset, channel, T{})` for all numbers of x, by rows, in several threads. Each has a body of its own: what
// that captures by value stays in registers.
template <typename Body>
inline void for_each_number(long rows, long channels, Body body) {
  const long ranges = row_ranges(rows);
  Threads::instance().run(ranges, [&](long range) {
    const Body own = body;
    for (long row = rows * range / ranges; row < rows * (range + 1) / ranges; row++)
      for_each_vector(channels, [&](long at, auto kind) { own(row * channels + at, at, kind); });
  });
}

// Moments of all rows: the mean, and the sum of squared deviations from it, into `parts`.
inline void moments(const float* x, long rows, long channels, float* parts) {
  const long ranges = row_ranges(rows);
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
}

// `other` may be null.
inline void batch_norm(const float* x, long rows, long channels, const float* scale, const float* shift, float epsilon,
                       const float* other, bool relu, float* y, BatchMoments made, const MovingMoments& moving) {
  float* parts = shared_scratch(row_ranges(rows) * 4 * channels);
  moments(x, rows, channels, parts);
  for (long c = 0; c < channels; c++) {
    const float squares = parts[channels + c];
    made.mean[c] = parts[c];
    made.inverse[c] = 1 / std::sqrt(squares / rows + epsilon);
    moving.new_mean[c] = moving.keep * moving.mean[c] + (1 - moving.keep) * parts[c];
    // Unbiased, as PyTorch has it.
    moving.new_variance[c] =
        moving.keep * moving.variance[c] + (1 - moving.keep) * (squares / std::max(1L, rows - 1));
  }
  std::vector<float> numbers;
  const Affine normal = affine_of(channels, scale, shift, made.mean, made.inverse, numbers);
  const auto write = [&](auto finish) {
    for_each_number(rows, channels, [=](long i, long channel, auto kind) {
      using T = decltype(kind);
      store<T>(y + i, finish(normal(load<T>(x + i), channel), i));
    });
  };
  const auto sum = [=](auto value, long i) { return value + load<decltype(value)>(other + i); };
  if (other != nullptr && relu)
    write([=](auto value, long i) { return positive_or_zero(sum(value, i)); });
  else if (other != nullptr)
    write(sum);
  else if (relu)
    write([](auto value, long) { return positive_or_zero(value); });
  else
    write([](auto value, long) { return value; });
}

// Sums of dz and of dz · (x − mean) over all rows. `gradient(offset, channel, T{})` is dz.
template <typename Gradient>
inline void gradient_sums(const float* x, long rows, long channels, const float* mean, float* parts,
                          Gradient gradient) {
  const long ranges = row_ranges(rows), step = cached_rows(channels);
  Threads::instance().run(ranges, [&](long range) {
    float* sums = parts + range * 2 * channels;
    std::fill(sums, sums + 2 * channels, 0.0f);
    const Gradient dz_at = gradient;
    const long last = rows * (range + 1) / ranges;
    for (long row = rows * range / ranges; row < last; row += step) {
      const long count = std::min(step, last - row);
      for_each_vector(channels, [&](long at, auto kind) {
        using T = decltype(kind);
        const T center = load<T>(mean + at);
        T sum{}, product{};
        for (long i = row; i < row + count; i++) {
          const T dz = dz_at(i * channels + at, at, kind);
          sum += dz;
          product += dz * (load<T>(x + i * channels + at) - center);
        }
        store<T>(sums + at, load<T>(sums + at) + sum);
        store<T>(sums + channels + at, load<T>(sums + channels + at) + product);
      });
    }
  });
  for (long range = 1; range < ranges; range++)
    for (long i = 0; i < 2 * channels; i++) parts[i] += parts[range * 2 * channels + i];
}

struct BatchNormGradients {
  float* dx;
  float* dscale;
  float* dshift;
};

// dshift = Σ dz, dscale = Σ dz · x̂, dx = scale · u · (dz − mean(dz) − x̂ · mean(dz · x̂)) with u = 1 / √(variance + ε).
// `first` and `second` are dz in the first and in the second pass.
template <typename First, typename Second>
inline void batch_norm_gradient_of(const float* x, long rows, long channels, const float* scale, const float* mean,
                                   const float* inverse, const BatchNormGradients& made, First first, Second second) {
  float* parts = shared_scratch(row_ranges(rows) * 2 * channels);
  gradient_sums(x, rows, channels, mean, parts, first);
  std::vector<float> a(channels), b(channels), c(channels);
  for (long i = 0; i < channels; i++) {
    made.dshift[i] = parts[i];
    made.dscale[i] = parts[channels + i] * inverse[i];
    a[i] = scale[i] * inverse[i];
    b[i] = -a[i] * made.dscale[i] * inverse[i] / rows;
    c[i] = -a[i] * parts[i] / rows - b[i] * mean[i];
  }
  float* const dx = made.dx;
  const float *on_dz = a.data(), *on_x = b.data(), *summand = c.data();
  for_each_number(rows, channels, [=](long i, long channel, auto kind) {
    using T = decltype(kind);
    store<T>(dx + i, second(i, channel, kind) * load<T>(on_dz + channel) + load<T>(x + i) * load<T>(on_x + channel) +
                         load<T>(summand + channel));
  });
}

// Without what follows: dz = dy.
inline void batch_norm_gradient(const float* dy, const float* x, long rows, long channels, const float* scale,
                                const float* mean, const float* inverse, const BatchNormGradients& made) {
  const auto dz = [=](long i, long, auto kind) { return load<decltype(kind)>(dy + i); };
  batch_norm_gradient_of(x, rows, channels, scale, mean, inverse, made, dz, dz);
}

// Before a ReLU: dz = dy where x · factor + summand was positive. That is computed again, so that y need not be read.
inline void batch_norm_relu_gradient(const float* dy, const float* x, long rows, long channels, const float* scale,
                                     const float* shift, const float* mean, const float* inverse,
                                     const BatchNormGradients& made) {
  std::vector<float> numbers;
  const Affine normal = affine_of(channels, scale, shift, mean, inverse, numbers);
  const auto dz = [=](long i, long channel, auto kind) {
    using T = decltype(kind);
    return normal(load<T>(x + i), channel) > 0 ? load<T>(dy + i) : T{};
  };
  batch_norm_gradient_of(x, rows, channels, scale, mean, inverse, made, dz, dz);
}

// Before a sum and a ReLU: dz = dy where y is positive, which is the gradient of the other summand too.
inline void batch_norm_add_relu_gradient(const float* dy, const float* x, const float* y, long rows, long channels,
                                         const float* scale, const float* mean, const float* inverse,
                                         const BatchNormGradients& made, float* dother) {
  const auto first = [=](long i, long, auto kind) {
    using T = decltype(kind);
    const T dz = load<T>(y + i) > 0 ? load<T>(dy + i) : T{};
    store<T>(dother + i, dz);
    return dz;
  };
  const auto second = [=](long i, long, auto kind) { return load<decltype(kind)>(dother + i); };
  batch_norm_gradient_of(x, rows, channels, scale, mean, inverse, made, first, second);
}

}  // namespace gpd
