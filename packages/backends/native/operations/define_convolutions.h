// Convolutions and their gradients, as operations of TensorFlow.
#pragma once

#include <stdexcept>

#include "operation.h"
#include "strided.h"
#include "winograd.h"

namespace gpd {

inline ImageSize image_size(const Tensor& images) { return {images.size(0), images.size(1), images.size(2)}; }

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
inline Convolution convolution_of(const Tensor& geometry, int64_t batch, int64_t inputs, int64_t outputs) {
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

inline void define_convolutions() {
  define_operation<Winograd>("GpdWinograd", {"x: T", "filter: T"}, {"y: T"}, {"turned: bool"});
  define_operation<WinogradFilterGradient>("GpdWinogradFilterGradient", {"x: T", "dy: T"}, {"dw: T"});
  define_operation<StridedConvolution>("GpdStridedConvolution", {"x: T", "filter: T", "geometry: T"}, {"y: T"});
  define_operation<StridedFilterGradient>("GpdStridedFilterGradient", {"x: T", "dy: T", "geometry: T"}, {"dw: T"});
  define_operation<StridedInputGradient>("GpdStridedInputGradient", {"dy: T", "filter: T", "geometry: T"}, {"dx: T"});
}

}  // namespace gpd
