// Products of matrices, as operations of TensorFlow.
#pragma once

#include <stdexcept>
#include <vector>

#include "gemm.h"
#include "operation.h"

namespace gpd {

// a · b, each of `batch` matrices that lie one after another
inline void multiply_all(long batch, const Matrix& a, const Matrix& b, long rows, long depth, long columns, const Tensor& to) {
  if (depth == 0)
    std::fill(to.data(), to.data() + to.count(), 0.0f);
  else if (batch == 1)
    multiply(a, b, rows, depth, columns, to.data());
  else
    multiply_batch(batch, a, b, rows, depth, columns, to.data());
}

// a [..., rows, depth] · b [..., depth, columns] → [..., rows, columns]; a, b or both with their last axes exchanged
struct MatrixProduct {
  const bool transpose_a, transpose_b;
  explicit MatrixProduct(const Attributes& attributes)
      : transpose_a(attributes.flag("transpose_a")), transpose_b(attributes.flag("transpose_b")) {}
  void operator()(const Call& call) const {
    const Tensor left = call.input(0), right = call.input(1);
    std::vector<int64_t> shape = left.shape(), other = right.shape();
    const int last = left.rank() - 1;
    const int64_t rows = shape[transpose_a ? last : last - 1], depth = shape[transpose_a ? last - 1 : last];
    const int64_t columns = other[transpose_b ? last - 1 : last], batch = left.count() / (rows * depth);
    if (other[transpose_b ? last : last - 1] != depth || right.count() != batch * depth * columns)
      throw std::invalid_argument("GpdMatrixProduct: sizes differ");
    const Matrix a = {left.data(), shape[last], transpose_a}, b = {right.data(), other[last], transpose_b};
    shape[last - 1] = rows;
    shape[last] = columns;
    multiply_all(batch, a, b, rows, depth, columns, call.output(0, shape));
  }
};

// How tensors are seen as matrices: `batch` of them, [rows, depth] and [depth, columns].
struct ProductSizes {
  const long batch, rows, depth, columns;
  explicit ProductSizes(const Attributes& attributes)
      : batch(attributes.integer("batch")), rows(attributes.integer("rows")), depth(attributes.integer("depth")),
        columns(attributes.integer("columns")) {}
  void check(const Tensor& a, const Tensor& b) const {
    if (a.count() != batch * rows * depth || b.count() != batch * depth * columns)
      throw std::invalid_argument("GpdProduct: sizes differ");
  }
};

// a, b → a · b as `shape`
struct Product {
  const ProductSizes sizes;
  const std::vector<int64_t> shape;
  explicit Product(const Attributes& attributes) : sizes(attributes), shape(attributes.integers("shape")) {}
  void operator()(const Call& call) const {
    const Tensor a = call.input(0), b = call.input(1);
    sizes.check(a, b);
    const auto [batch, rows, depth, columns] = sizes;
    multiply_all(batch, {a.data(), depth, false}, {b.data(), columns, false}, rows, depth, columns, call.output(0, shape));
  }
};

// dy, a, b → da = dy · bᵀ, db = aᵀ · dy
struct ProductGradient {
  const ProductSizes sizes;
  explicit ProductGradient(const Attributes& attributes) : sizes(attributes) {}
  void operator()(const Call& call) const {
    const Tensor dy = call.input(0), a = call.input(1), b = call.input(2);
    sizes.check(a, b);
    const auto [batch, rows, depth, columns] = sizes;
    const Matrix gradient = {dy.data(), columns, false};
    multiply_all(batch, gradient, {b.data(), columns, true}, rows, columns, depth, call.output(0, a.shape()));
    multiply_all(batch, {a.data(), depth, true}, gradient, depth, rows, columns, call.output(1, b.shape()));
  }
};

inline void define_products() {
  define_operation<MatrixProduct>("GpdMatrixProduct", {"a: T", "b: T"}, {"c: T"},
                                  {"transpose_a: bool", "transpose_b: bool"});
  define_operation<Product>("GpdProduct", {"a: T", "b: T"}, {"c: T"},
                            {"batch: int", "rows: int", "depth: int", "columns: int", "shape: list(int)"});
  define_operation<ProductGradient>("GpdProductGradient", {"dc: T", "a: T", "b: T"}, {"da: T", "db: T"},
                                    {"batch: int", "rows: int", "depth: int", "columns: int"});
}

}  // namespace gpd
