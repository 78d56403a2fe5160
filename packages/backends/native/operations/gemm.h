// Products of matrices: a block of the result stays in registers, a panel of the right factor in the first-level cache.
#pragma once

#include <algorithm>

#include "parallel.h"
#include "scratch.h"
#include "vector.h"

namespace gpd {

constexpr long kPanel = 2 * kWidth;
constexpr long kLeast = 256 * 1024;  // products of numbers that are worth another thread

inline long round_up(long n, long step) { return (n + step - 1) / step * step; }

// C[i, j] (+)= Σ_k A[i, k] · B[k, j] for Rows × (Columns · kWidth) of C.
// A holds `A[i * stride + k]`, or `A[k * stride + i]` if Transposed; B holds `B[k * b_stride + j]`.
// Not inlined: among other variables the sums would not all stay in registers.
template <int Rows, int Columns, bool Transposed>
__attribute__((noinline)) void multiply_block(long depth, const float* a, long a_stride, const float* b, long b_stride, float* c,
                           long c_stride, bool accumulate) {
  Vector sum[Rows][Columns];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; j++) sum[i][j] = Vector{};
  for (long k = 0; k < depth; k++) {
    Vector row[Columns];
#pragma GCC unroll 4
    for (int j = 0; j < Columns; j++) row[j] = load(b + k * b_stride + j * kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++) {
      const float factor = Transposed ? a[k * a_stride + i] : a[i * a_stride + k];
#pragma GCC unroll 4
      for (int j = 0; j < Columns; j++) sum[i][j] += factor * row[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; j++) {
      float* to = c + i * c_stride + j * kWidth;
      store(to, accumulate ? load(to) + sum[i][j] : sum[i][j]);
    }
}

// The same for any number of rows.
template <int Columns, bool Transposed>
inline void multiply_rows(long rows, long depth, const float* a, long a_stride, const float* b, long b_stride, float* c,
                          long c_stride, bool accumulate) {
  const long step = Transposed ? 1 : a_stride;
  long i = 0;
  for (; i + kRows <= rows; i += kRows)
    multiply_block<kRows, Columns, Transposed>(depth, a + i * step, a_stride, b, b_stride, c + i * c_stride, c_stride,
                                               accumulate);
  for (; i + 2 <= rows; i += 2)
    multiply_block<2, Columns, Transposed>(depth, a + i * step, a_stride, b, b_stride, c + i * c_stride, c_stride,
                                           accumulate);
  if (i < rows)
    multiply_block<1, Columns, Transposed>(depth, a + i * step, a_stride, b, b_stride, c + i * c_stride, c_stride,
                                           accumulate);
}

// A matrix in memory, or its transpose.
struct Matrix {
  const float* data;
  long stride;
  bool transposed;
  const float* at(long row, long column) const { return transposed ? data + column * stride + row : data + row * stride + column; }
};

// Columns [column, column + kPanel) of some rows of b, side by side; zeros beyond `columns`.
inline void pack_panel(const Matrix& b, long row, long rows, long column, long columns, float* packed) {
  const long width = std::min(kPanel, columns - column);
  for (long k = 0; k < rows; k++) {
    const float* from = b.at(row + k, column);
    const long step = b.transposed ? b.stride : 1;
    for (long j = 0; j < kPanel; j++) packed[k * kPanel + j] = j < width ? from[j * step] : 0;
  }
}

// The transpose of the above, read along the rows of memory.
inline void pack_transposed_panel(const Matrix& b, long row, long rows, long column, long columns, float* packed) {
  const long width = std::min(kPanel, columns - column);
  for (long j = 0; j < kPanel; j++) {
    const float* from = j < width ? b.at(row, column + j) : nullptr;
    for (long k = 0; k < rows; k++) packed[k * kPanel + j] = from == nullptr ? 0 : from[k];
  }
}

// c[rows, columns] = a[rows, depth] · b[depth, columns] for the panels [first, last) of the columns; c is dense.
inline void multiply_panels(const Matrix& a, const Matrix& b, long rows, long depth, long columns, long first, long last,
                            float* c) {
  constexpr long kDepth = 256;                             // of a packed panel
  const long whole = std::min(last, columns / kPanel);     // up to here panels lie in c as they are
  const bool direct = !b.transposed && depth <= kDepth / 8 && whole == last;  // too little to be worth packing
  float* packed = scratch(kDepth * (last - first) * kPanel + rows * kPanel);
  float* edge = packed + kDepth * (last - first) * kPanel;
  for (long k = 0; k < depth; k += kDepth) {
    const long deep = std::min(kDepth, depth - k);
    for (long panel = first; panel < last && !direct; panel++)
      (b.transposed ? pack_transposed_panel : pack_panel)(b, k, deep, panel * kPanel, columns,
                                                          packed + (panel - first) * kDepth * kPanel);
    for (long row = 0; row < rows; row += 4 * kRows) {
      const long count = std::min(4L * kRows, rows - row);
      for (long panel = first; panel < last; panel++) {
        const bool fits = panel < whole;
        const float* right = direct ? b.at(k, panel * kPanel) : packed + (panel - first) * kDepth * kPanel;
        float* to = fits ? c + row * columns + panel * kPanel : edge + row * kPanel;
        (a.transposed ? multiply_rows<2, true> : multiply_rows<2, false>)(
            count, deep, a.at(row, k), a.stride, right, direct ? b.stride : kPanel, to, fits ? columns : kPanel, k > 0);
      }
    }
  }
  if (whole == last) return;
  const long rest = columns - whole * kPanel;
  for (long row = 0; row < rows; row++)
    std::copy(edge + row * kPanel, edge + row * kPanel + rest, c + row * columns + whole * kPanel);
}

// Σ_k a[k] · b[k], and the same for Columns vectors b
template <int Columns>
inline void dot(long depth, const float* a, const float* b, long b_stride, float* c) {
  Vector sum[Columns] = {};
  long k = 0;
  for (; k + kWidth <= depth; k += kWidth)
    for (int j = 0; j < Columns; j++) sum[j] += load(a + k) * load(b + j * b_stride + k);
  for (int j = 0; j < Columns; j++) {
    float total = 0;
    for (int lane = 0; lane < kWidth; lane++) total += sum[j][lane];
    for (long rest = k; rest < depth; rest++) total += a[rest] * b[j * b_stride + rest];
    c[j] = total;
  }
}

// The same as multiply_panels, for two matrices whose rows lie side by side along the depth, and few columns: a panel
// would be empty for the most part, and turning b takes longer than the product.
inline void multiply_dots(const Matrix& a, const Matrix& b, long rows, long depth, long columns, float* c) {
  for (long row = 0; row < rows; row++) {
    long column = 0;
    for (; column + 4 <= columns; column += 4)
      dot<4>(depth, a.at(row, 0), b.at(0, column), b.stride, c + row * columns + column);
    for (; column < columns; column++) dot<1>(depth, a.at(row, 0), b.at(0, column), b.stride, c + row * columns + column);
  }
}

// One product of large matrices by all threads.
inline void multiply(const Matrix& a, const Matrix& b, long rows, long depth, long columns, float* c) {
  constexpr long kGroup = 4;  // panels that are worked on together
  const long panels = round_up(columns, kPanel) / kPanel;
  const long least = std::max(1L, kLeast / (rows * depth * kGroup * kPanel + 1));
  for_ranges((panels + kGroup - 1) / kGroup, least, [&](long first, long last) {
    for (long group = first; group < last; group++)
      multiply_panels(a, b, rows, depth, columns, group * kGroup, std::min(panels, (group + 1) * kGroup), c);
  });
}

// Products of many small matrices, one after another in memory; each by one thread.
inline void multiply_batch(long batch, const Matrix& a, const Matrix& b, long rows, long depth, long columns, float* c) {
  const long panels = round_up(columns, kPanel) / kPanel;
  const long least = std::max(1L, kLeast / (rows * depth * columns + 1));
  const bool dots = !a.transposed && b.transposed && columns <= kPanel;
  for_ranges(batch, least, [&](long first, long last) {
    for (long i = first; i < last; i++) {
      const Matrix left = {a.data + i * rows * depth, a.stride, a.transposed};
      const Matrix right = {b.data + i * depth * columns, b.stride, b.transposed};
      float* product = c + i * rows * columns;
      if (dots)
        multiply_dots(left, right, rows, depth, columns, product);
      else
        multiply_panels(left, right, rows, depth, columns, 0, panels, product);
    }
  });
}

}  // namespace gpd
