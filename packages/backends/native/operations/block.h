// The leading block of a tensor: the first entries along each axis.
#pragma once

#include <algorithm>
#include <vector>

#include "vector.h"

namespace gpd {

class Block {
 public:
  // Sizes of the block and of the tensor, as many axes each.
  Block(const std::vector<long>& size, const std::vector<long>& whole) {
    // Axes that are taken as a whole belong to the one before them: their rows lie side by side.
    for (size_t axis = 0; axis < size.size(); axis++) {
      if (!size_.empty() && size[axis] == whole[axis]) {
        size_.back() *= size[axis];
        whole_.back() *= whole[axis];
      } else {
        size_.push_back(size[axis]);
        whole_.push_back(whole[axis]);
      }
    }
    rows_ = 1;
    for (size_t axis = 0; axis + 1 < size_.size(); axis++) rows_ *= size_[axis];
  }

  // block ← scale · leading block of the tensor
  void gather(const float* tensor, float scale, float* block) const {
    for (long row = 0; row < rows_; row++) copy(tensor + offset(row), scale, block + row * size_.back());
  }

  // tensor ← known, with scale · block added to its leading block; known is null for zeros
  void add(const float* block, float scale, const float* known, float* tensor) const {
    long count = 1;
    for (long size : whole_) count *= size;
    if (known == nullptr)
      std::fill(tensor, tensor + count, 0.0f);
    else
      std::copy(known, known + count, tensor);
    for (long row = 0; row < rows_; row++) add_row(block + row * size_.back(), scale, tensor + offset(row));
  }

 private:
  void add_row(const float* from, float scale, float* to) const {
    for_each_vector(size_.back(), [&](long at, auto kind) {
      using T = decltype(kind);
      store<T>(to + at, load<T>(to + at) + load<T>(from + at) * scale);
    });
  }

  void copy(const float* from, float scale, float* to) const {
    for_each_vector(size_.back(), [&](long at, auto kind) {
      using T = decltype(kind);
      store<T>(to + at, load<T>(from + at) * scale);
    });
  }

  // Where a row of the block begins in the tensor.
  long offset(long row) const {
    long at = 0, step = whole_.back();
    for (size_t axis = size_.size() - 1; axis-- > 0;) {
      at += row % size_[axis] * step;
      row /= size_[axis];
      step *= whole_[axis];
    }
    return at;
  }

  std::vector<long> size_, whole_;
  long rows_;
};

}  // namespace gpd
