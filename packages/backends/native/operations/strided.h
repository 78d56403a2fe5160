// Strided convolutions and their gradients, as products of matrices: pixels under the taps of a filter are copied side by
// side, block by block, so that a block and what is made of it stay in the caches.
//
//   dx[h, w] = Σ dy[(h + pad − i) / stride, (w + pad − j) / stride] · w[i, j]ᵀ   over the taps that divide
//
// Pixels whose coordinates leave the same remainders share their taps: for each of these classes it is one product of
// matrices, of the pixels of dy under the taps, side by side, with the filters of those taps.
#pragma once

#include <cstring>
#include <vector>

#include "gemm.h"

namespace gpd {

struct Convolution {
  long batch, height, width, inputs;               // of x
  long out_height, out_width, outputs;             // of y
  long filter_height, filter_width, stride, top, left;
};

// Along one dimension: the first pixel of a class, how many there are, and its taps with the place they read in dy.
struct Residue {
  struct Tap {
    long tap, shift;  // reads dy at `index of the pixel in the class + shift`
  };
  long first, count;
  std::vector<Tap> taps;

  Residue(long remainder, long size, long filter, long stride, long pad)
      : first(remainder), count(remainder < size ? (size - remainder + stride - 1) / stride : 0) {
    for (long tap = 0; tap < filter; tap++)
      if ((remainder + pad - tap) % stride == 0) taps.push_back({tap, (remainder + pad - tap) / stride});
  }
};

inline void gradient_of_class(const Convolution& c, const float* dy, const float* w, const Residue& rows,
                              const Residue& columns, float* dx) {
  const long taps = rows.taps.size() * columns.taps.size(), depth = taps * c.outputs;
  const long pixels = c.batch * rows.count * columns.count;
  const long panels = round_up(c.inputs, kPanel) / kPanel;
  // Filters as [panel][tap, out][kPanel]: w is [i, j, in, out], so a panel is a transpose.
  float* packed = shared_scratch(panels * depth * kPanel);
  Threads::instance().run(panels * taps, [&](long item) {
    const long panel = item / taps, tap = item % taps;
    const long i = rows.taps[tap / columns.taps.size()].tap, j = columns.taps[tap % columns.taps.size()].tap;
    const Matrix filters{w + (i * c.filter_width + j) * c.inputs * c.outputs, c.outputs, true};
    pack_transposed_panel(filters, 0, c.outputs, panel * kPanel, c.inputs,
                          packed + (panel * taps + tap) * c.outputs * kPanel);
  });
  const long block = std::max(2L * kRows, 96 * 1024 / (depth + panels * kPanel) / kRows * kRows);
  Threads::instance().run((pixels + block - 1) / block, [&](long index) {
    const long first = index * block, count = std::min(block, pixels - first);
    float* gathered = scratch(block * (depth + panels * kPanel));
    float* made = gathered + block * depth;
    for (long p = 0; p < count; p++) {
      const long column = (first + p) % columns.count, row = (first + p) / columns.count % rows.count;
      const long image = (first + p) / (columns.count * rows.count);
      float* to = gathered + p * depth;
      for (const Residue::Tap& i : rows.taps)
        for (const Residue::Tap& j : columns.taps) {
          const long y = row + i.shift, x = column + j.shift;
          if (y < 0 || y >= c.out_height || x < 0 || x >= c.out_width)
            std::memset(to, 0, c.outputs * sizeof(float));
          else
            std::memcpy(to, dy + ((image * c.out_height + y) * c.out_width + x) * c.outputs, c.outputs * sizeof(float));
          to += c.outputs;
        }
    }
    for (long panel = 0; panel < panels; panel++)
      multiply_rows<2, false>(count, depth, gathered, depth, packed + panel * depth * kPanel, kPanel,
                              made + panel * kPanel, panels * kPanel, false);
    for (long p = 0; p < count; p++) {
      const long column = (first + p) % columns.count, row = (first + p) / columns.count % rows.count;
      const long image = (first + p) / (columns.count * rows.count);
      const long y = rows.first + row * c.stride, x = columns.first + column * c.stride;
      std::memcpy(dx + ((image * c.height + y) * c.width + x) * c.inputs, made + p * panels * kPanel,
                  c.inputs * sizeof(float));
    }
  });
}

inline void strided_input_gradient(const Convolution& c, const float* dy, const float* w, float* dx) {
  for (long ry = 0; ry < c.stride; ry++)
    for (long rx = 0; rx < c.stride; rx++) {
      const Residue rows(ry, c.height, c.filter_height, c.stride, c.top);
      const Residue columns(rx, c.width, c.filter_width, c.stride, c.left);
      gradient_of_class(c, dy, w, rows, columns, dx);
    }
}

// Pixels [first, first + count) of y: for each the pixels of x under its taps, [taps, in].
inline void gather_pixels(const Convolution& c, const float* x, long first, long count, float* to) {
  for (long p = first; p < first + count; p++) {
    const long column = p % c.out_width, row = p / c.out_width % c.out_height, image = p / (c.out_width * c.out_height);
    for (long i = 0; i < c.filter_height; i++)
      for (long j = 0; j < c.filter_width; j++, to += c.inputs) {
        const long h = row * c.stride + i - c.top, w = column * c.stride + j - c.left;
        if (h < 0 || h >= c.height || w < 0 || w >= c.width)
          std::memset(to, 0, c.inputs * sizeof(float));
        else
          std::memcpy(to, x + ((image * c.height + h) * c.width + w) * c.inputs, c.inputs * sizeof(float));
      }
  }
}

inline void strided_convolution(const Convolution& c, const float* x, const float* w, float* y) {
  const long depth = c.filter_height * c.filter_width * c.inputs, pixels = c.batch * c.out_height * c.out_width;
  const long panels = round_up(c.outputs, kPanel) / kPanel, width = panels * kPanel;
  float* packed = shared_scratch(depth * width);
  const Matrix filters{w, c.outputs, false};
  for_ranges(panels, 1, [&](long begin, long end) {
    for (long panel = begin; panel < end; panel++)
      pack_panel(filters, 0, depth, panel * kPanel, c.outputs, packed + panel * depth * kPanel);
  });
  const long block = std::max(2L * kRows, 96 * 1024 / (depth + width) / kRows * kRows);
  Threads::instance().run((pixels + block - 1) / block, [&](long index) {
    const long first = index * block, count = std::min(block, pixels - first);
    float* gathered = scratch(block * (depth + width));
    float* made = gathered + block * depth;
    gather_pixels(c, x, first, count, gathered);
    for (long panel = 0; panel < panels; panel++)
      multiply_rows<2, false>(count, depth, gathered, depth, packed + panel * depth * kPanel, kPanel,
                              made + panel * kPanel, width, false);
    for (long p = 0; p < count; p++)
      std::memcpy(y + (first + p) * c.outputs, made + p * width, c.outputs * sizeof(float));
  });
}

// dw[i, j, in, out] = Σ x[h · stride + i − top, w · stride + j − left] · dy[h, w]ᵀ
inline void strided_filter_gradient(const Convolution& c, const float* x, const float* dy, float* dw) {
  const long depth = c.filter_height * c.filter_width * c.inputs, pixels = c.batch * c.out_height * c.out_width;
  const long panels = round_up(c.outputs, kPanel) / kPanel, width = panels * kPanel, size = depth * width;
  const long block = std::max(32L, 64 * 1024 / (depth + width));
  // Always as many parts, so that the sum comes out alike whoever is done first.
  const long parts = std::max(1L, std::min(Threads::instance().count() * 2L, pixels / (2 * block)));
  float* sums = shared_scratch(parts * size);
  Threads::instance().run(parts, [&](long part) {
    float* sum = sums + part * size;
    const long begin = pixels * part / parts, end = pixels * (part + 1) / parts;
    for (long first = begin; first < end; first += block) {
      const long count = std::min(block, end - first);
      float* gathered = scratch(block * (depth + width));
      float* gradients = gathered + block * depth;
      gather_pixels(c, x, first, count, gathered);
      for (long p = 0; p < count; p++) {
        std::memcpy(gradients + p * width, dy + (first + p) * c.outputs, c.outputs * sizeof(float));
        std::fill(gradients + p * width + c.outputs, gradients + (p + 1) * width, 0.0f);
      }
      for (long row = 0; row < depth; row += 4 * kRows)
        for (long column = 0; column < width; column += kPanel)
          multiply_rows<2, true>(std::min(4L * kRows, depth - row), count, gathered + row, depth, gradients + column, width,
                                 sum + row * width + column, width, first > begin);
    }
  });
  for_ranges(depth, 16, [&](long begin, long end) {
    for (long row = begin; row < end; row++)
      for_each_vector(c.outputs, [&](long at, auto kind) {
        using T = decltype(kind);
        T total = load<T>(sums + row * width + at);
        for (long part = 1; part < parts; part++) total += load<T>(sums + part * size + row * width + at);
        store<T>(dw + row * c.outputs + at, total);
      });
  });
}

}  // namespace gpd
