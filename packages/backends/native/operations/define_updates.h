// Updates of all parameters at once, as operations of TensorFlow.
#pragma once

#include <cmath>
#include <vector>

#include "operation.h"
#include "updates.h"

namespace gpd {

inline std::vector<long> sizes_of(const std::vector<Tensor>& tensors) {
  std::vector<long> sizes;
  for (const Tensor& tensor : tensors) sizes.push_back(tensor.count());
  return sizes;
}

// n tensors → √(Σ x²)
struct GlobalNorm {
  explicit GlobalNorm(const Attributes&) {}
  void operator()(const Call& call) const {
    const std::vector<Tensor> tensors = inputs_from(call, 0);
    std::vector<const float*> data;
    for (const Tensor& tensor : tensors) data.push_back(tensor.data());
    *call.output(0, {}).data() = static_cast<float>(std::sqrt(sum_of_squares(data, sizes_of(tensors))));
  }
};

// What updates of all parameters have in common: scale of the gradients [], decays [n], then n gradients, n parameters and
// n of each thing that the optimizer remembers → n parameters and n of each thing remembered.
// `update(scale, decay, count, given, made)` does a piece: pointers to the gradient, the parameter, the first thing …
template <typename Update>
void update_all(const Call& call, int remembered, Update update) {
  const Tensor scale = call.input(1), decays = call.input(2);
  const std::vector<Tensor> given = inputs_from(call, 3);
  const size_t lists = 2 + remembered, n = given.size() / lists;
  std::vector<Tensor> made;
  for (size_t i = 0; i < (lists - 1) * n; i++) made.push_back(call.output(static_cast<int>(i), given[n + i].shape()));
  std::vector<long> sizes = sizes_of(given);
  sizes.resize(n);
  const std::vector<Piece> pieces = pieces_of(sizes);
  Threads::instance().run(pieces.size(), [&](long i) {
    const auto [tensor, first, count] = pieces[i];
    std::vector<const float*> from;
    std::vector<float*> to;
    for (size_t list = 0; list < lists; list++) from.push_back(given[list * n + tensor].data() + first);
    for (size_t list = 0; list + 1 < lists; list++) to.push_back(made[list * n + tensor].data() + first);
    update(*scale.data(), decays.data()[tensor], count, from, to);
  });
}

// settings [rate, momentum, nesterov, decoupled]; remembered: velocities
struct MomentumUpdate {
  explicit MomentumUpdate(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor settings = call.input(0);
    const float* given = settings.data();
    const Momentum options = {given[0], given[1], given[2] != 0, given[3] != 0};
    update_all(call, 1, [&](float scale, float decay, long count, const auto& from, const auto& to) {
      momentum_update(options, scale, decay, count, from[0], from[1], from[2], to[0], to[1]);
    });
  }
};

// settings [β₁, β₂, ε, step, deviation]; decays are what a parameter keeps of itself; remembered: both moments
struct AdamUpdate {
  explicit AdamUpdate(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor settings = call.input(0);
    const float* given = settings.data();
    const Adam options = {given[0], given[1], given[2], given[3], given[4]};
    update_all(call, 2, [&](float scale, float kept, long count, const auto& from, const auto& to) {
      adam_update(options, scale, kept, count, from[0], from[1], from[2], from[3], to[0], to[1], to[2]);
    });
  }
};

inline void define_updates() {
  define_operation<GlobalNorm>("GpdGlobalNorm", {"tensors: n * T"}, {"norm: T"}, {"n: int"});
  define_operation<MomentumUpdate>("GpdMomentumUpdate",
                                   {"settings: T", "scale: T", "decays: T", "gradients: n * T", "parameters: n * T",
                                    "velocities: n * T"},
                                   {"new_parameters: n * T", "new_velocities: n * T"}, {"n: int"});
  define_operation<AdamUpdate>("GpdAdamUpdate",
                               {"settings: T", "scale: T", "decays: T", "gradients: n * T", "parameters: n * T",
                                "first: n * T", "second: n * T"},
                               {"new_parameters: n * T", "new_first: n * T", "new_second: n * T"}, {"n: int"});
}

}  // namespace gpd
