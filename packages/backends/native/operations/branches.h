// A sum of convolution kernels, each scaled per filter and per tap, and its gradient.
//
//   y[t, i, o] = Σ_b g[b, o] · p_b[t, o] · x_b[i, t, o]        x_b is [in, taps, out], or [in, 1, out] for all taps alike
#pragma once

#include <algorithm>
#include <vector>

#include "parallel.h"
#include "scratch.h"
#include "vector.h"

namespace gpd {

struct Kernels {
  long inputs, taps, outputs;
  struct Part {
    float* data;
    long taps;             // 1, or all
    const float* profile;  // p: [taps, outputs]; of null one number for each tap
    const float* factors;  // these: [taps]
  };
  const float* gates;  // g
  std::vector<Part> parts;

  long size() const { return parts.size() * taps * outputs; }
  // Inputs that are worth another thread.
  long least() const { return std::max(1L, 16 * 1024 / (size() + 1)); }
  float* row(const Part& part, float* data, long input, long tap) const {
    return data + (input * part.taps + (part.taps == 1 ? 0 : tap)) * outputs;
  }
  float* row(const Part& part, long input, long tap) const { return row(part, part.data, input, tap); }

  template <typename T>
  T profile(const Part& part, long tap, long at) const {
    return part.profile == nullptr ? T{} + part.factors[tap] : load<T>(part.profile + tap * outputs + at);
  }

  // c[b, t, o] = g[b, o] · p_b[t, o]
  void multiply_gates(float* c) const {
    for (size_t b = 0; b < parts.size(); b++)
      for (long tap = 0; tap < taps; tap++)
        for_each_vector(outputs, [&](long at, auto kind) {
          using T = decltype(kind);
          store<T>(c + (b * taps + tap) * outputs + at, load<T>(gates + b * outputs + at) * profile<T>(parts[b], tap, at));
        });
  }
};

inline void sum_kernels(const Kernels& kernels, float* y) {
  float* coefficients = shared_scratch(kernels.size());
  kernels.multiply_gates(coefficients);
  for_ranges(kernels.inputs, kernels.least(), [&](long first, long last) {
    for (long in = first; in < last; in++)
      for (long tap = 0; tap < kernels.taps; tap++)
        for (size_t b = 0; b < kernels.parts.size(); b++) {
          const float* c = coefficients + (b * kernels.taps + tap) * kernels.outputs;
          const float* x = kernels.row(kernels.parts[b], in, tap);
          float* sum = y + (tap * kernels.inputs + in) * kernels.outputs;
          for_each_vector(kernels.outputs, [&](long at, auto kind) {
            using T = decltype(kind);
            const T scaled = load<T>(c + at) * load<T>(x + at);
            store<T>(sum + at, b == 0 ? scaled : load<T>(sum + at) + scaled);
          });
        }
  });
}

// `dx` has one tensor for each part, `dg` is [parts, outputs].
inline void sum_kernels_gradient(const Kernels& kernels, const float* dy, const std::vector<float*>& dx, float* dg) {
  const long size = kernels.size(), parts = kernels.parts.size(), outputs = kernels.outputs;
  const long ranges = std::max(1L, std::min<long>(Threads::instance().count(), kernels.inputs / kernels.least()));
  float* coefficients = shared_scratch((1 + ranges) * size);
  float* sums = coefficients + size;  // of dy · x over the inputs, by every range of them
  kernels.multiply_gates(coefficients);
  Threads::instance().run(ranges, [&](long range) {
    float* own = sums + range * size;
    std::fill(own, own + size, 0.0f);
    for (long in = kernels.inputs * range / ranges; in < kernels.inputs * (range + 1) / ranges; in++)
      for (long b = 0; b < parts; b++)
        for (long tap = 0; tap < kernels.taps; tap++) {
          const Kernels::Part& part = kernels.parts[b];
          const long coefficient = (b * kernels.taps + tap) * outputs;
          const float* dy_row = dy + (tap * kernels.inputs + in) * outputs;
          const float* x_row = kernels.row(part, in, tap);
          float* dx_row = kernels.row(part, dx[b], in, tap);
          const bool adds = part.taps == 1 && tap > 0;
          for_each_vector(outputs, [&](long at, auto kind) {
            using T = decltype(kind);
            const T gradient = load<T>(dy_row + at);
            const T scaled = gradient * load<T>(coefficients + coefficient + at);
            store<T>(dx_row + at, adds ? load<T>(dx_row + at) + scaled : scaled);
            float* sum = own + coefficient + at;
            store<T>(sum, load<T>(sum) + gradient * load<T>(x_row + at));
          });
        }
  });
  for (long b = 0; b < parts; b++)
    for_each_vector(outputs, [&](long at, auto kind) {
      using T = decltype(kind);
      T gate{};
      for (long tap = 0; tap < kernels.taps; tap++) {
        T sum{};
        for (long range = 0; range < ranges; range++)
          sum += load<T>(sums + range * size + (b * kernels.taps + tap) * outputs + at);
        gate += sum * kernels.profile<T>(kernels.parts[b], tap, at);
      }
      store<T>(dg + b * outputs + at, gate);
    });
}

}  // namespace gpd
