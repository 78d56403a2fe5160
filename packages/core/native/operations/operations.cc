// The project's own operations of TensorFlow, for the CPU. Loading this registers them.
#include <node_api.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cmath>

#include "batch_norm.h"
#include "block.h"
#include "branches.h"
#include "gelu.h"
#include "layer_norm.h"
#include "operation.h"
#include "strided.h"
#include "updates.h"
#include "winograd.h"

namespace gpd {

// Of the operations' names, inputs and attributes: kernels that know another version leave them alone.
constexpr int kInterfaceVersion = 3;

std::vector<Tensor> inputs_from(const Call& call, int first) {
  std::vector<Tensor> tensors;
  for (int i = first; i < call.inputs(); i++) tensors.push_back(call.input(i));
  return tensors;
}

ImageSize image_size(const Tensor& images) { return {images.size(0), images.size(1), images.size(2)}; }

// x [n, h, w, in], filter [3, 3, in, out] → [n, h, w, out]. Turned: dy [n, h, w, out] → dx [n, h, w, in].
struct Winograd {
  const bool turned;
  explicit Winograd(const Attributes& attributes) : turned(attributes.flag("turned")) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), filter = call.input(1);
    const int64_t inputs = filter.size(2), outputs = filter.size(3);
    if (filter.size(0) != 3 || filter.size(1) != 3 || x.size(3) != (turned ? outputs : inputs))
      throw std::invalid_argument("GpdWinograd: a 3x3 filter that fits the images is needed");
    const Tensor y = call.output(0, {x.size(0), x.size(1), x.size(2), turned ? inputs : outputs});
    convolve(image_size(x), x.data(), filter.data(), inputs, outputs, turned, y.data());
  }
};

// x [n, h, w, in], dy [n, h, w, out] → [3, 3, in, out]
struct WinogradFilterGradient {
  explicit WinogradFilterGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), dy = call.input(1);
    const Tensor dw = call.output(0, {3, 3, x.size(3), dy.size(3)});
    filter_gradient(image_size(x), x.data(), dy.data(), x.size(3), dy.size(3), dw.data());
  }
};

// What `geometry` holds of a convolution: [h, w, oh, ow, fh, fw, stride, top, left].
Convolution convolution_of(const Tensor& geometry, int64_t batch, int64_t inputs, int64_t outputs) {
  const auto given = [&](int i) { return static_cast<long>(geometry.data()[i]); };
  return {batch,    given(0), given(1), inputs,   given(2), given(3),
          outputs,  given(4), given(5), given(6), given(7), given(8)};
}

// x [n, h, w, in], filter [fh, fw, in, out], geometry → [n, oh, ow, out]
struct StridedConvolution {
  explicit StridedConvolution(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), filter = call.input(1), geometry = call.input(2);
    const Convolution c = convolution_of(geometry, x.size(0), x.size(3), filter.size(3));
    const Tensor y = call.output(0, {c.batch, c.out_height, c.out_width, c.outputs});
    strided_convolution(c, x.data(), filter.data(), y.data());
  }
};

// dy [n, oh, ow, out], filter, geometry → dx [n, h, w, in]
struct StridedInputGradient {
  explicit StridedInputGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor dy = call.input(0), filter = call.input(1), geometry = call.input(2);
    const Convolution c = convolution_of(geometry, dy.size(0), filter.size(2), dy.size(3));
    const Tensor dx = call.output(0, {c.batch, c.height, c.width, c.inputs});
    strided_input_gradient(c, dy.data(), filter.data(), dx.data());
  }
};

// x, dy, geometry → dw [fh, fw, in, out]
struct StridedFilterGradient {
  explicit StridedFilterGradient(const Attributes&) {}
  void operator()(const Call& call) const {
    const Tensor x = call.input(0), dy = call.input(1), geometry = call.input(2);
    const Convolution c = convolution_of(geometry, x.size(0), x.size(3), dy.size(3));
    const Tensor dw = call.output(0, {c.filter_height, c.filter_width, c.inputs, c.outputs});
    strided_filter_gradient(c, x.data(), dy.data(), dw.data());
  }
};

// a · b, each of `batch` matrices that lie one after another
void multiply_all(long batch, const Matrix& a, const Matrix& b, long rows, long depth, long columns, const Tensor& to) {
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

// Sizes of a block and of its tensor, in a row of numbers: [..., block, tensor].
Block block_of(const float* sizes, int64_t rank) {
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

std::vector<long> sizes_of(const std::vector<Tensor>& tensors) {
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

// Large tensors come and go many times in a step. Kept by the process they need not be cleared by the kernel each time.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

void define_operations() {
  define_operation<Winograd>("GpdWinograd", {"x: T", "filter: T"}, {"y: T"}, {"turned: bool"});
  define_operation<WinogradFilterGradient>("GpdWinogradFilterGradient", {"x: T", "dy: T"}, {"dw: T"});
  define_operation<StridedConvolution>("GpdStridedConvolution", {"x: T", "filter: T", "geometry: T"}, {"y: T"});
  define_operation<StridedFilterGradient>("GpdStridedFilterGradient", {"x: T", "dy: T", "geometry: T"}, {"dw: T"});
  define_operation<StridedInputGradient>("GpdStridedInputGradient", {"dy: T", "filter: T", "geometry: T"}, {"dx: T"});
  define_operation<MatrixProduct>("GpdMatrixProduct", {"a: T", "b: T"}, {"c: T"},
                                  {"transpose_a: bool", "transpose_b: bool"});
  define_operation<Product>("GpdProduct", {"a: T", "b: T"}, {"c: T"},
                            {"batch: int", "rows: int", "depth: int", "columns: int", "shape: list(int)"});
  define_operation<ProductGradient>("GpdProductGradient", {"dc: T", "a: T", "b: T"}, {"da: T", "db: T"},
                                    {"batch: int", "rows: int", "depth: int", "columns: int"});
  define_operation<LeadingBlocks>("GpdLeadingBlocks", {"scales: T", "sizes: T", "tensors: n * T"}, {"blocks: n * T"},
                                  {"n: int"});
  define_operation<LeadingBlocksGradient>(
      "GpdLeadingBlocksGradient", {"scales: T", "known: T", "sizes: T", "blocks: n * T", "onto: m * T"},
      {"tensors: n * T"}, {"n: int", "m: int >= 0"});
  define_operation<Reshape>("GpdReshape", {"x: T"}, {"y: T"}, {"shape: list(int)"});
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
  define_operation<KernelSum>("GpdKernelSum", {"gates: T", "factors: T", "kernels: n * T", "profiles: m * T"}, {"y: T"},
                              {"n: int", "m: int >= 0", "profiled: list(int)", "shape: list(int)"});
  define_operation<KernelSumGradient>(
      "GpdKernelSumGradient", {"dy: T", "gates: T", "factors: T", "kernels: n * T", "profiles: m * T"},
      {"dgates: T", "dkernels: n * T"}, {"n: int", "m: int >= 0", "profiled: list(int)"});
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

static napi_value initialize(napi_env env, napi_value exports) {
  try {
    static const bool once = (gpd::keep_freed_memory(), gpd::define_operations(), true);
    (void)once;
    napi_value version;
    napi_create_int32(env, gpd::kInterfaceVersion, &version);
    napi_set_named_property(env, exports, "version", version);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}

NAPI_MODULE(gpd_operations, initialize)
