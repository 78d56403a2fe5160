// Parts of tensors, and other shapes, as operations of TensorFlow.
#pragma once

#include <vector>

#include "block.h"
#include "operation.h"

namespace gpd {

// Sizes of a block and of its tensor, in a row of numbers: [..., block, tensor].
inline Block block_of(const float* sizes, int64_t rank) {
  return {std::vector<long>(sizes, sizes + rank), std::vector<long>(sizes + rank, sizes + 2 * rank)};
}

// n tensors; scales [n]; sizes [n, 2, rank] of the blocks and the tensors, with ones in front where they have fewer axes
// → their leading blocks, each multiplied by its scale
struct LeadingBlocks {
  explicit LeadingBlocks(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor scales = call.input(0), sizes = call.input(1);
    const std::vector<Tensor> tensors = inputs_from(call, 2);
    const int64_t rank = sizes.size(2);
    std::vector<Tensor> blocks;
    for (size_t i = 0; i < tensors.size(); i++) {
      const float* size = sizes.data() + i * 2 * rank;
      blocks.push_back(call.output(static_cast<int>(i), {size + rank - tensors[i].rank(), size + rank}));
    }
    Threads::instance().run(tensors.size(), [&](long i) {
      block_of(sizes.data() + i * 2 * rank, rank).gather(tensors[i].data(), scales.data()[i], blocks[i].data());
    });
  }
};

// scales [n]; known [n], ones and zeros; sizes as above; n blocks; those tensors of which a gradient is known
// → n tensors: the known gradient, or zeros, and the scaled block added to it
struct LeadingBlocksGradient {
  explicit LeadingBlocksGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor scales = call.input(0), known = call.input(1), sizes = call.input(2);
    const std::vector<Tensor> given = inputs_from(call, 3);
    const int64_t rank = sizes.size(2);
    const size_t n = scales.count();
    std::vector<Tensor> tensors;
    std::vector<const float*> onto;
    size_t next = n;
    for (size_t i = 0; i < n; i++) {
      const float* whole = sizes.data() + (i * 2 + 1) * rank;
      tensors.push_back(call.output(static_cast<int>(i), {whole + rank - given[i].rank(), whole + rank}));
      onto.push_back(known.data()[i] != 0 ? given.at(next++).data() : nullptr);
    }
    Threads::instance().run(n, [&](long i) {
      block_of(sizes.data() + i * 2 * rank, rank).add(given[i].data(), scales.data()[i], onto[i], tensors[i].data());
    });
  }
};

// x with the same numbers in another shape: no copy
struct Reshape {
  const std::vector<int64_t> shape;
  explicit Reshape(const Attributes& attributes) : shape(attributes.integers("shape")) {}
  void operator()(const Call& call) const { call.share(call.input(0), shape, 0); }
};

inline void define_views() {
  define_operation<LeadingBlocks>("GpdLeadingBlocks", {"scales: T", "sizes: T", "tensors: n * T"}, {"blocks: n * T"},
                                  {"n: int"});
  define_operation<LeadingBlocksGradient>(
      "GpdLeadingBlocksGradient", {"scales: T", "known: T", "sizes: T", "blocks: n * T", "onto: m * T"},
      {"tensors: n * T"}, {"n: int", "m: int >= 0"});
  define_operation<Reshape>("GpdReshape", {"x: T"}, {"y: T"}, {"shape: list(int)"});
}

}  // namespace gpd
