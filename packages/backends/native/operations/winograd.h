// 3x3 convolutions of stride 1 and "same" padding by Winograd's minimal filtering F(2x2, 3x3): 16 products where the
// definition has 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016).
//
//   y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A           4x4 tiles of x, 2x2 tiles of y
//   dw = Gᵀ [ Σ (Bᵀ x B) ⊙ (A dy Aᵀ) ] G       the adjoint in w; the gradient in x is y with the filter turned round
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "gemm.h"
#include "parallel.h"
#include "scratch.h"

namespace gpd {

struct ImageSize {
  long batch, height, width;
  long rows() const { return (height + 1) / 2; }
  long columns() const { return (width + 1) / 2; }
  long tiles() const { return batch * rows() * columns(); }
};

constexpr int kTile = 16;

// 16 matrices, one after another. Their first rows are 320 bytes apart modulo a page, and rows are no power of two long, so
// that what is used together does not fall into the same sets of the caches.
struct TileMatrices {
  long row, matrix;
  TileMatrices(long rows, long columns)
      : row(columns + (columns % 32 == 0 ? 16 : 0)), matrix(round_up(rows * row, 1024) + 80) {}
  long size() const { return kTile * matrix; }
};

// Goes through the tiles one after another.
class Tile {
 public:
  Tile(const ImageSize& size, long index) : size_(size) {
    column_ = index % size.columns();
    row_ = index / size.columns() % size.rows();
    image_ = index / (size.columns() * size.rows());
  }

  void next() {
    if (++column_ < size_.columns()) return;
    column_ = 0;
    if (++row_ < size_.rows()) return;
    row_ = 0;
    image_++;
  }

  // Side x Side pixels from `offset` before the tile's first one; `outside` where there is no image.
  template <int Side, typename Pixel>
  void pixels(Pixel* images, long channels, long offset, Pixel* outside, Pixel* found[Side][Side]) const {
    const long top = 2 * row_ - offset, left = 2 * column_ - offset;
    Pixel* first = images + ((image_ * size_.height + top) * size_.width + left) * channels;
    const bool inside = top >= 0 && left >= 0 && top + Side <= size_.height && left + Side <= size_.width;
    for (int i = 0; i < Side; i++)
      for (int j = 0; j < Side; j++) {
        const bool here = inside || (top + i >= 0 && top + i < size_.height && left + j >= 0 && left + j < size_.width);
        found[i][j] = here ? first + (i * size_.width + j) * channels : outside;
      }
  }

 private:
  const ImageSize& size_;
  long image_, row_, column_;
};

// Bᵀ x B
inline void transform_input(const float* const pixels[4][4], long channels, float* out, long matrix) {
  for_each_vector(channels, [&](long at, auto kind) {
    using T = decltype(kind);
    T t[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const T d0 = load<T>(pixels[0][j] + at), d1 = load<T>(pixels[1][j] + at);
      const T d2 = load<T>(pixels[2][j] + at), d3 = load<T>(pixels[3][j] + at);
      t[0][j] = d0 - d2;
      t[1][j] = d1 + d2;
      t[2][j] = d2 - d1;
      t[3][j] = d1 - d3;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      float* to = out + i * 4 * matrix + at;
      store<T>(to, t[i][0] - t[i][2]);
      store<T>(to + matrix, t[i][1] + t[i][2]);
      store<T>(to + 2 * matrix, t[i][2] - t[i][1]);
      store<T>(to + 3 * matrix, t[i][1] - t[i][3]);
    }
  });
}

// A dy Aᵀ
inline void transform_gradient(const float* const pixels[2][2], long channels, float* out, long matrix) {
  for_each_vector(channels, [&](long at, auto kind) {
    using T = decltype(kind);
    T t[4][2];
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      const T d0 = load<T>(pixels[0][j] + at), d1 = load<T>(pixels[1][j] + at);
      t[0][j] = d0;
      t[1][j] = d0 + d1;
      t[2][j] = d0 - d1;
      t[3][j] = -d1;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      float* to = out + i * 4 * matrix + at;
      store<T>(to, t[i][0]);
      store<T>(to + matrix, t[i][0] + t[i][1]);
      store<T>(to + 2 * matrix, t[i][0] - t[i][1]);
      store<T>(to + 3 * matrix, -t[i][1]);
    }
  });
}

// Aᵀ m A; `pixels` are null where the tile reaches over the edge of the image.
inline void transform_output(const float* m, long matrix, long channels, float* const pixels[2][2]) {
  for_each_vector(channels, [&](long at, auto kind) {
    using T = decltype(kind);
    T t[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const float* from = m + j * matrix + at;
      const T m0 = load<T>(from), m1 = load<T>(from + 4 * matrix);
      const T m2 = load<T>(from + 8 * matrix), m3 = load<T>(from + 12 * matrix);
      t[0][j] = m0 + m1 + m2;
      t[1][j] = m1 - m2 - m3;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
      if (pixels[i][0] != nullptr) store<T>(pixels[i][0] + at, t[i][0] + t[i][1] + t[i][2]);
      if (pixels[i][1] != nullptr) store<T>(pixels[i][1] + at, t[i][1] - t[i][2] - t[i][3]);
    }
  });
}

// G w Gᵀ of one number per tap.
template <typename T>
inline void transform_filter(const T w[9], T u[16]) {
  T t[4][3];
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    const T sum = (w[j] + w[6 + j]) * 0.5f, middle = w[3 + j] * 0.5f;
    t[0][j] = w[j];
    t[1][j] = sum + middle;
    t[2][j] = sum - middle;
    t[3][j] = w[6 + j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const T sum = (t[i][0] + t[i][2]) * 0.5f, middle = t[i][1] * 0.5f;
    u[4 * i] = t[i][0];
    u[4 * i + 1] = sum + middle;
    u[4 * i + 2] = sum - middle;
    u[4 * i + 3] = t[i][2];
  }
}

// Gᵀ u G
template <typename T>
inline void transform_back_filter(const T u[16], T w[9]) {
  T t[3][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    const T sum = (u[4 + j] + u[8 + j]) * 0.5f;
    t[0][j] = u[j] + sum;
    t[1][j] = (u[4 + j] - u[8 + j]) * 0.5f;
    t[2][j] = sum + u[12 + j];
  }
#pragma GCC unroll 3
  for (int i = 0; i < 3; i++) {
    const T sum = (t[i][1] + t[i][2]) * 0.5f;
    w[3 * i] = t[i][0] + sum;
    w[3 * i + 1] = (t[i][1] - t[i][2]) * 0.5f;
    w[3 * i + 2] = sum + t[i][3];
  }
}

// Filters in panels of kPanel outputs: [tile][panel][input][kPanel], the last panel filled up with zeros.
// Turned round: inputs and outputs change places and the taps run backwards, for the gradient in x.
inline void pack_filters(const float* w, long inputs, long outputs, bool turned, float* packed) {
  const long ins = turned ? outputs : inputs, outs = turned ? inputs : outputs;
  const long panels = round_up(outs, kPanel) / kPanel, matrix = panels * ins * kPanel, area = inputs * outputs;
  const long in_step = turned ? 1 : outputs, out_step = turned ? outputs : 1;
  for_ranges(panels * ins, 64, [&](long first, long last) {
    for (long item = first; item < last; item++) {
      const long panel = item / ins, in = item % ins, out = panel * kPanel;
      float* to = packed + item * kPanel;
      const long columns = std::min(kPanel, outs - out);
      float taps[9][kPanel] = {}, tiles[16][kPanel];
      for (int tap = 0; tap < 9; tap++) {
        const float* from = w + (turned ? 8 - tap : tap) * area + in * in_step + out * out_step;
        if (out_step == 1)
          std::memcpy(taps[tap], from, columns * sizeof(float));
        else
          for (long j = 0; j < columns; j++) taps[tap][j] = from[j * out_step];
      }
      for (int v = 0; v < kPanel; v += kWidth) {
        Vector given[9], made[16];
        for (int tap = 0; tap < 9; tap++) given[tap] = load(taps[tap] + v);
        transform_filter(given, made);
        for (int k = 0; k < kTile; k++) store(tiles[k] + v, made[k]);
      }
      for (int k = 0; k < kTile; k++) std::memcpy(to + k * matrix, tiles[k], sizeof(tiles[k]));
    }
  });
}

// y[n, h, w, out] = Σ x[n, h + i, w + j, in] · w[i, j, in, out]. Turned: the gradient in x, with dy in place of x;
// `inputs` and `outputs` are those of w.
inline void convolve(const ImageSize& size, const float* x, const float* w, long inputs, long outputs, bool turned,
                     float* y) {
  const long ins = turned ? outputs : inputs, outs = turned ? inputs : outputs;
  const long panels = round_up(outs, kPanel) / kPanel;
  float* packed = shared_scratch(kTile * panels * ins * kPanel);
  pack_filters(w, inputs, outputs, turned, packed);
  const std::vector<float> zeros(ins);

  constexpr long kCache = 192 * 1024;  // floats: what the tiles of a block may take of a second-level cache
  const long columns = panels * kPanel, tiles = size.tiles();
  long block = std::max(4L * kRows, std::min(32L * kRows, kCache / (kTile * (ins + columns)) / kRows * kRows));
  const long threads = Threads::instance().count();
  if (tiles / block < 2 * threads) block = std::max(1L * kRows, round_up((tiles + threads - 1) / threads, kRows));
  const TileMatrices from(block, ins), to(block, columns);

  Threads::instance().run((tiles + block - 1) / block, [&](long index) {
    const long first = index * block, count = std::min(block, tiles - first);
    float* v = scratch(from.size() + to.size());
    float* m = v + from.size();
    Tile tile(size, first);
    for (long i = 0; i < count; i++, tile.next()) {
      const float* pixels[4][4];
      tile.pixels<4>(x, ins, 1, zeros.data(), pixels);
      transform_input(pixels, ins, v + i * from.row, from.matrix);
    }
    for (int k = 0; k < kTile; k++)
      for (long panel = 0; panel < panels; panel++)
        multiply_rows<2, false>(count, ins, v + k * from.matrix, from.row, packed + (k * panels + panel) * ins * kPanel,
                                kPanel, m + k * to.matrix + panel * kPanel, to.row, false);
    Tile made(size, first);
    for (long i = 0; i < count; i++, made.next()) {
      float* pixels[2][2];
      made.pixels<2>(y, outs, 0, static_cast<float*>(nullptr), pixels);
      transform_output(m + i * to.row, to.matrix, outs, pixels);
    }
  });
}

// The products of all tiles in [first, last), added up in `u`: one matrix for each place in a tile.
class FilterGradient {
 public:
  FilterGradient(const ImageSize& size, const float* x, const float* dy, long inputs, long outputs)
      : size_(size),
        x_(x),
        dy_(dy),
        inputs_(inputs),
        outputs_(outputs),
        columns_(round_up(outputs, kPanel)),
        apart_(kTile * inputs * columns_ <= 128 * 1024),
        chunk_(std::min(size.tiles(), std::max(apart_ ? 32L : 96L, (apart_ ? kCache / 3 : kCache) / (kTile * (inputs + columns_))))),
        left_(chunk_, inputs),
        right_(chunk_, columns_),
        sum_(inputs, columns_),
        zeros_(std::max(inputs, outputs)) {}

  const TileMatrices& sum() const { return sum_; }
  // Small results are added up by each thread for itself, without waiting for the others; large ones by all together.
  bool apart() const { return apart_; }
  long tile_floats() const { return left_.size() + right_.size(); }

  // `run(tasks, task)` is who does the work: this thread, or all of them.
  template <typename Run>
  void accumulate(long first, long last, float* tiles, float* u, Run run) const {
    float* v = tiles;
    float* z = tiles + left_.size();
    for (long at = first; at < last; at += chunk_) {
      const long count = std::min(chunk_, last - at);
      const long parts = (count + kPart - 1) / kPart;
      run(parts, [&](long part) { transform(at, part * kPart, std::min(count, (part + 1) * kPart), v, z); });
      const long pieces = (inputs_ + kPiece - 1) / kPiece;
      run(kTile * pieces, [&](long task) {
        const long k = task / pieces, row = task % pieces * kPiece, rows = std::min(kPiece, inputs_ - row);
        for (long column = 0; column < columns_; column += kPanel)
          multiply_rows<2, true>(rows, count, v + k * left_.matrix + row, left_.row, z + k * right_.matrix + column,
                                 right_.row, u + k * sum_.matrix + row * sum_.row + column, sum_.row, at > first);
      });
    }
  }

 private:
  static constexpr long kCache = 256 * 1024;  // floats: what the tiles of a chunk may take of a second-level cache
  static constexpr long kPart = 16;           // tiles that are transformed together
  static constexpr long kPiece = 4 * kRows;   // rows of the result whose part of V fits a first-level cache

  void transform(long origin, long begin, long end, float* v, float* z) const {
    Tile tile(size_, origin + begin);
    for (long i = begin; i < end; i++, tile.next()) {
      const float* pixels[4][4];
      tile.pixels<4>(x_, inputs_, 1, zeros_.data(), pixels);
      transform_input(pixels, inputs_, v + i * left_.row, left_.matrix);
      const float* gradients[2][2];
      tile.pixels<2>(dy_, outputs_, 0, zeros_.data(), gradients);
      transform_gradient(gradients, outputs_, z + i * right_.row, right_.matrix);
    }
  }

  const ImageSize size_;
  const float* const x_;
  const float* const dy_;
  const long inputs_, outputs_, columns_;
  const bool apart_;
  const long chunk_;
  const TileMatrices left_, right_, sum_;
  const std::vector<float> zeros_;
};

// dw[i, j, in, out] = Σ x[n, h + i, w + j, in] · dy[n, h, w, out]
inline void filter_gradient(const ImageSize& size, const float* x, const float* dy, long inputs, long outputs,
                            float* dw) {
  const FilterGradient gradient(size, x, dy, inputs, outputs);
  const TileMatrices& sum = gradient.sum();
  Threads& threads = Threads::instance();
  // Always as many parts, so that the sum comes out alike whoever is done first.
  const long parts = gradient.apart() ? std::max(1L, std::min(threads.count() * 4L, size.tiles() / 256)) : 1;
  float* u = shared_scratch(parts * sum.size() + gradient.tile_floats());
  const auto alone = [](long tasks, const auto& task) {
    for (long i = 0; i < tasks; i++) task(i);
  };
  const auto together = [&](long tasks, const auto& task) { threads.run(tasks, task); };
  if (gradient.apart())
    threads.run(parts, [&](long part) {
      gradient.accumulate(size.tiles() * part / parts, size.tiles() * (part + 1) / parts,
                          scratch(gradient.tile_floats()), u + part * sum.size(), alone);
    });
  else
    gradient.accumulate(0, size.tiles(), u + sum.size(), u, together);

  for_ranges(inputs, 1, [&](long begin, long end) {
    for (long in = begin; in < end; in++)
      for_each_vector(outputs, [&](long out, auto kind) {
        using T = decltype(kind);
        T tile[kTile], taps[9];
        for (int k = 0; k < kTile; k++) {
          const float* from = u + k * sum.matrix + in * sum.row + out;
          tile[k] = load<T>(from);
          for (long part = 1; part < parts; part++) tile[k] += load<T>(from + part * sum.size());
        }
        transform_back_filter(tile, taps);
#pragma GCC unroll 9
        for (int tap = 0; tap < 9; tap++) store<T>(dw + (tap * inputs + in) * outputs + out, taps[tap]);
      });
  });
}

}  // namespace gpd
