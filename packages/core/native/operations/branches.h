// A sum of convolution kernels, each scaled per tap and filter, and its gradient.
//
//   y[t, i, o] = Σ_b c[b, t, o] · x_b[i, t, o]        x_b is [in, taps, out], or [in, 1, out] for all taps alike
#pragma once

#include <vector>

#include "parallel.h"
#include "scratch.h"
#include "vector.h"

namespace gpd {

struct Kernels {
  long inputs, taps, outputs;
  struct Part {
    float* data;
    long taps;  // 1, or all
  };
  const float* coefficients;
  std::vector<Part> parts;

  const float* coefficient(long part, long tap) const { return coefficients + (part * taps + tap) * outputs; }
  float* row(const Part& part, long input, long tap) const {
    return part.data + (input * part.taps + (part.taps == 1 ? 0 : tap)) * outputs;
  }
};

inline void sum_kernels(const Kernels& kernels, float* y) {
  for_ranges(kernels.inputs, 1, [&](long first, long last) {
    for (long tap = 0; tap < kernels.taps; tap++)
      for (long in = first; in < last; in++)
        for_each_vector(kernels.outputs, [&](long at, auto kind) {
          using T = decltype(kind);
          T sum{};
          for (size_t b = 0; b < kernels.parts.size(); b++)
            sum += load<T>(kernels.coefficient(b, tap) + at) * load<T>(kernels.row(kernels.parts[b], in, tap) + at);
          store<T>(y + (tap * kernels.inputs + in) * kernels.outputs + at, sum);
        });
  });
}

// `gradients` has the parts' shapes; dc is [parts, taps, outputs].
inline void sum_kernels_gradient(const Kernels& kernels, const float* dy, const std::vector<Kernels::Part>& gradients,
                                 float* dc) {
  const long size = kernels.parts.size() * kernels.taps * kernels.outputs;
  const long ranges = std::max(1L, std::min<long>(Threads::instance().count(), kernels.inputs));
  float* sums = shared_scratch(ranges * size);
  Threads::instance().run(ranges, [&](long range) {
    float* own = sums + range * size;
    std::fill(own, own + size, 0.0f);
    for (long in = kernels.inputs * range / ranges; in < kernels.inputs * (range + 1) / ranges; in++)
      for (size_t b = 0; b < gradients.size(); b++)
        for (long tap = 0; tap < kernels.taps; tap++) {
          const float* dy_row = dy + (tap * kernels.inputs + in) * kernels.outputs;
          const float* x_row = kernels.row(kernels.parts[b], in, tap);
          float* dx_row = kernels.row(gradients[b], in, tap);
          float* dc_row = own + (b * kernels.taps + tap) * kernels.outputs;
          const bool adds = gradients[b].taps == 1 && tap > 0;
          for_each_vector(kernels.outputs, [&](long at, auto kind) {
            using T = decltype(kind);
            const T gradient = load<T>(dy_row + at);
            const T dx = gradient * load<T>(kernels.coefficient(b, tap) + at);
            store<T>(dx_row + at, adds ? load<T>(dx_row + at) + dx : dx);
            store<T>(dc_row + at, load<T>(dc_row + at) + gradient * load<T>(x_row + at));
          });
        }
  });
  for (long i = 0; i < size; i++) {
    dc[i] = sums[i];
    for (long range = 1; range < ranges; range++) dc[i] += sums[range * size + i];
  }
}

}  // namespace gpd
