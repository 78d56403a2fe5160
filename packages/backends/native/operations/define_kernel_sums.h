// Sums of convolution kernels, as operations of TensorFlow.
#pragma once

#include <stdexcept>
#include <vector>

#include "branches.h"
#include "operation.h"

namespace gpd {

// What a sum of n kernels and its gradient share. Inputs: `first` of their own, gates [n, out], factors of the taps
// [n, taps], n kernels [in, taps or 1, out]; profiles [taps, out] which those of `profiled` have in place of the factors.
class KernelSumInputs {
 public:
  explicit KernelSumInputs(const Attributes& attributes) : profiled_(attributes.integers("profiled")) {}

  // The tensors must live as long as what is returned.
  Kernels kernels(const std::vector<Tensor>& given, size_t first) const {
    const Tensor &gates = given[first], &factors = given[first + 1];
    const long n = factors.size(0), taps = factors.size(1);
    Kernels kernels{given[first + 2].size(0), taps, gates.size(1), gates.data(), {}};
    for (long b = 0; b < n; b++) {
      const Tensor& part = given[first + 2 + b];
      const bool fits = part.size(0) == kernels.inputs && part.size(2) == kernels.outputs;
      if (!fits || (part.size(1) != 1 && part.size(1) != taps))
        throw std::invalid_argument("GpdKernelSum: the kernels' sizes differ");
      kernels.parts.push_back({part.data(), part.size(1), nullptr, factors.data() + b * taps});
    }
    for (size_t i = 0; i < profiled_.size(); i++)
      kernels.parts.at(profiled_[i]).profile = given[first + 2 + n + i].data();
    return kernels;
  }

 private:
  const std::vector<int64_t> profiled_;
};

// gates, factors, kernels, profiles → their sum, [taps, in, out] as `shape`
struct KernelSum {
  const KernelSumInputs inputs;
  const std::vector<int64_t> shape;
  explicit KernelSum(const Attributes& attributes) : inputs(attributes), shape(attributes.integers("shape")) {}
  void operator()(const Call& call) const {
    const std::vector<Tensor> given = inputs_from(call, 0);
    const Kernels kernels = inputs.kernels(given, 0);
    const Tensor y = call.output(0, shape);
    if (y.count() != kernels.inputs * kernels.taps * kernels.outputs)
      throw std::invalid_argument("GpdKernelSum: the sum has another size");
    sum_kernels(kernels, y.data());
  }
};

// dy, gates, factors, kernels, profiles → gradients of the gates and of each kernel
struct KernelSumGradient {
  const KernelSumInputs inputs;
  explicit KernelSumGradient(const Attributes& attributes) : inputs(attributes) {}
  void operator()(const Call& call) const {
    const std::vector<Tensor> given = inputs_from(call, 0);
    const Kernels kernels = inputs.kernels(given, 1);
    const Tensor dgates = call.output(0, given[1].shape());
    std::vector<Tensor> gradients;
    std::vector<float*> made;
    for (size_t b = 0; b < kernels.parts.size(); b++) {
      gradients.push_back(call.output(static_cast<int>(b) + 1, given[3 + b].shape()));
      made.push_back(gradients[b].data());
    }
    sum_kernels_gradient(kernels, given[0].data(), made, dgates.data());
  }
};

inline void define_kernel_sums() {
  define_operation<KernelSum>("GpdKernelSum", {"gates: T", "factors: T", "kernels: n * T", "profiles: m * T"}, {"y: T"},
                              {"n: int", "m: int >= 0", "profiled: list(int)", "shape: list(int)"});
  define_operation<KernelSumGradient>(
      "GpdKernelSumGradient", {"dy: T", "gates: T", "factors: T", "kernels: n * T", "profiles: m * T"},
      {"dgates: T", "dkernels: n * T"}, {"n: int", "m: int >= 0", "profiled: list(int)"});
}

}  // namespace gpd
