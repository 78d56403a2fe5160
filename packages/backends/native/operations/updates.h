// Updates of all parameters at once, one pass over memory.
#pragma once

#include <cmath>
#include <vector>

#include "parallel.h"
#include "vector.h"

namespace gpd {

inline float square_root(float x) { return std::sqrt(x); }
inline Vector square_root(Vector x) {
  for (int lane = 0; lane < kWidth; lane++) x[lane] = std::sqrt(x[lane]);
  return x;
}

// A piece of one of many tensors.
struct Piece {
  size_t tensor;
  long first, count;
};

inline std::vector<Piece> pieces_of(const std::vector<long>& sizes) {
  constexpr long kLongest = 32 * 1024;
  std::vector<Piece> pieces;
  for (size_t tensor = 0; tensor < sizes.size(); tensor++)
    for (long at = 0; at < sizes[tensor]; at += kLongest)
      pieces.push_back({tensor, at, std::min(kLongest, sizes[tensor] - at)});
  return pieces;
}

// Σ x² over all tensors; pieces are added in their order, so that it comes out alike whoever sums them.
inline double sum_of_squares(const std::vector<const float*>& tensors, const std::vector<long>& sizes) {
  const std::vector<Piece> pieces = pieces_of(sizes);
  std::vector<double> sums(pieces.size());
  Threads::instance().run(pieces.size(), [&](long i) {
    const float* x = tensors[pieces[i].tensor] + pieces[i].first;
    // Short runs in single precision, their sums in double.
    constexpr long kRun = 16 * kWidth;
    double total = 0;
    for (long at = 0; at < pieces[i].count; at += kRun) {
      Vector squares{};
      float rest = 0;
      for_each_vector(std::min(kRun, pieces[i].count - at), [&](long j, auto kind) {
        using T = decltype(kind);
        const T value = load<T>(x + at + j);
        if constexpr (sizeof(T) == sizeof(float))
          rest += value * value;
        else
          squares += value * value;
      });
      for (int lane = 0; lane < kWidth; lane++) total += squares[lane];
      total += rest;
    }
    sums[i] = total;
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

struct Momentum {
  float rate, momentum;
  bool nesterov, decoupled;
};

// d = s·g + λ θ;  v ← μ v + d;  θ ← θ − η v        nesterov: θ − η (d + μ v);  decoupled: θ(1 − η λ) − η …, without λ θ in d
inline void momentum_update(const Momentum& options, float scale, float decay, long count, const float* gradient,
                            const float* theta, const float* velocity, float* new_theta, float* new_velocity) {
  const float added = options.decoupled ? 0 : decay;
  const float kept = options.decoupled ? 1 - options.rate * decay : 1;
  for_each_vector(count, [&](long at, auto kind) {
    using T = decltype(kind);
    const T start = load<T>(theta + at);
    const T direction = load<T>(gradient + at) * scale + start * added;
    const T moved = load<T>(velocity + at) * options.momentum + direction;
    const T step = options.nesterov ? direction + moved * options.momentum : moved;
    store<T>(new_velocity + at, moved);
    store<T>(new_theta + at, start * kept - step * options.rate);
  });
}

struct Adam {
  float beta1, beta2, epsilon;
  float step;       // η / (1 − β₁ᵗ)
  float deviation;  // 1 / √(1 − β₂ᵗ)
};

// m ← β₁ m + (1 − β₁) s·g;  v ← β₂ v + (1 − β₂) (s·g)²;  θ ← θ (1 − η λ) − step · m / (√v · deviation + ε)
inline void adam_update(const Adam& options, float scale, float kept, long count, const float* gradient,
                        const float* theta, const float* first, const float* second, float* new_theta, float* new_first,
                        float* new_second) {
  const float share1 = 1 - options.beta1, share2 = 1 - options.beta2;
  for_each_vector(count, [&](long at, auto kind) {
    using T = decltype(kind);
    const T g = load<T>(gradient + at) * scale;
    const T m = load<T>(first + at) * options.beta1 + g * share1;
    const T v = load<T>(second + at) * options.beta2 + g * g * share2;
    store<T>(new_first + at, m);
    store<T>(new_second + at, v);
    store<T>(new_theta + at,
             load<T>(theta + at) * kept - m / (square_root(v) * options.deviation + options.epsilon) * options.step);
  });
}

}  // namespace gpd
