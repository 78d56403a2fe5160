// Normalization, and the activation of transformers, as operations of TensorFlow.
#pragma once

#include <vector>

#include "batch_norm.h"
#include "gelu.h"
#include "layer_norm.h"
#include "operation.h"

namespace gpd {

// x [..., c]; scale, shift, moving mean and variance, each [c]; k others, like x → y, the moving moments after this
// batch, and for the gradient its mean and 1 / √(variance + ε)
struct BatchNorm {
  const float epsilon, momentum;
  const bool relu;
  explicit BatchNorm(const Attributes& attributes)
      : epsilon(attributes.number("epsilon")), momentum(attributes.number("momentum")), relu(attributes.flag("relu")) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), scale = call.input(1), shift = call.input(2);
    const Tensor moving_mean = call.input(3), moving_variance = call.input(4);
    const std::vector<Tensor> others = inputs_from(call, 5);
    const int64_t channels = x.size(x.rank() - 1);
    const Tensor y = call.output(0, x.shape()), new_mean = call.output(1, {channels});
    const Tensor new_variance = call.output(2, {channels}), mean = call.output(3, {channels});
    const Tensor inverse = call.output(4, {channels});
    batch_norm(x.data(), x.count() / channels, channels, scale.data(), shift.data(), epsilon,
               others.empty() ? nullptr : others[0].data(), relu, y.data(), {mean.data(), inverse.data()},
               {moving_mean.data(), moving_variance.data(), new_mean.data(), new_variance.data(), momentum});
  }
};

// dy; x, scale, shift, mean, inverse deviation; k times y → dx, dscale, dshift; k times the gradient of the other summand
struct BatchNormGradient {
  const bool relu;
  explicit BatchNormGradient(const Attributes& attributes) : relu(attributes.flag("relu")) {}
  void operator()(const Call& call) const {
    const Tensor dy = call.input(0), x = call.input(1), scale = call.input(2), shift = call.input(3);
    const Tensor mean = call.input(4), inverse = call.input(5);
    const std::vector<Tensor> sums = inputs_from(call, 6);
    const int64_t channels = x.size(x.rank() - 1), rows = x.count() / channels;
    const Tensor dx = call.output(0, x.shape()), dscale = call.output(1, {channels});
    const Tensor dshift = call.output(2, {channels});
    const BatchNormGradients made = {dx.data(), dscale.data(), dshift.data()};
    if (!sums.empty())
      batch_norm_add_relu_gradient(dy.data(), x.data(), sums[0].data(), rows, channels, scale.data(), mean.data(),
                                   inverse.data(), made, call.output(3, x.shape()).data());
    else if (relu)
      batch_norm_relu_gradient(dy.data(), x.data(), rows, channels, scale.data(), shift.data(), mean.data(),
                               inverse.data(), made);
    else
      batch_norm_gradient(dy.data(), x.data(), rows, channels, scale.data(), mean.data(), inverse.data(), made);
  }
};

// x → y
struct Gelu {
  explicit Gelu(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), y = call.output(0, x.shape());
    gelu(x.count(), x.data(), y.data());
  }
};

// dy, x → dx
struct GeluGradient {
  explicit GeluGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor dy = call.input(0), x = call.input(1), dx = call.output(0, x.shape());
    gelu_gradient(x.count(), dy.data(), x.data(), dx.data());
  }
};

// x [..., c], scale [c], shift [c] → y, mean [...], 1 / √(variance + ε) [...]
struct LayerNorm {
  const float epsilon;
  explicit LayerNorm(const Attributes& attributes) : epsilon(attributes.number("epsilon")) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), scale = call.input(1), shift = call.input(2);
    std::vector<int64_t> rows = x.shape();
    const int64_t channels = rows.back();
    rows.pop_back();
    const Tensor y = call.output(0, x.shape()), mean = call.output(1, rows), inverse = call.output(2, rows);
    layer_norm(x.data(), mean.count(), channels, scale.data(), shift.data(), epsilon, y.data(), mean.data(),
               inverse.data());
  }
};

// dy, x, scale, mean, inverse deviation → dx, dscale, dshift
struct LayerNormGradient {
  explicit LayerNormGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor dy = call.input(0), x = call.input(1), scale = call.input(2), mean = call.input(3);
    const Tensor inverse = call.input(4), dx = call.output(0, x.shape()), dscale = call.output(1, scale.shape());
    const Tensor dshift = call.output(2, scale.shape());
    layer_norm_gradient(dy.data(), x.data(), mean.count(), scale.count(), scale.data(), mean.data(), inverse.data(),
                        dx.data(), dscale.data(), dshift.data());
  }
};

inline void define_norms() {
  define_operation<BatchNorm>("GpdBatchNorm",
                              {"x: T", "scale: T", "shift: T", "moving_mean: T", "moving_variance: T",
                               "others: k * T"},
                              {"y: T", "new_mean: T", "new_variance: T", "mean: T", "inverse: T"},
                              {"epsilon: float", "momentum: float", "relu: bool", "k: int >= 0"});
  define_operation<BatchNormGradient>(
      "GpdBatchNormGradient",
      {"dy: T", "x: T", "scale: T", "shift: T", "mean: T", "inverse: T", "sums: k * T"},
      {"dx: T", "dscale: T", "dshift: T", "dothers: k * T"}, {"relu: bool", "k: int >= 0"});
  define_operation<Gelu>("GpdGelu", {"x: T"}, {"y: T"});
  define_operation<GeluGradient>("GpdGeluGradient", {"dy: T", "x: T"}, {"dx: T"});
  define_operation<LayerNorm>("GpdLayerNorm", {"x: T", "scale: T", "shift: T"}, {"y: T", "mean: T", "inverse: T"},
                              {"epsilon: float"});
  define_operation<LayerNormGradient>("GpdLayerNormGradient", {"dy: T", "x: T", "scale: T", "mean: T", "inverse: T"},
                                      {"dx: T", "dscale: T", "dshift: T"});
}

}  // namespace gpd
