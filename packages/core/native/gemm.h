// The innermost product of matrices: a block of the result stays in registers.
#pragma once

#include "vector.h"

namespace gpd {

// C[i, j] (+)= Σ_k A[i, k] · B[k, j] for Rows × (Columns · kWidth) of C.
// A holds `A[i * stride + k]`, or `A[k * stride + i]` if Transposed; B holds `B[k * b_stride + j]`.
template <int Rows, int Columns, bool Transposed>
inline void multiply_block(long depth, const float* a, long a_stride, const float* b, long b_stride, float* c,
                           long c_stride, bool accumulate) {
  Vector sum[Rows][Columns];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Columns; j++) sum[i][j] = accumulate ? load(c + i * c_stride + j * kWidth) : Vector{};
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
    for (int j = 0; j < Columns; j++) store(c + i * c_stride + j * kWidth, sum[i][j]);
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

}  // namespace gpd
