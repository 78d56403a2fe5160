// The project's own operations of TensorFlow, for the CPU. Loading this registers them.
#include <node_api.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "operation.h"
#include "winograd.h"

namespace gpd {

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
}

}  // namespace gpd

static napi_value initialize(napi_env env, napi_value exports) {
  try {
    static const bool once = (gpd::keep_freed_memory(), gpd::define_operations(), true);
    (void)once;
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}

NAPI_MODULE(gpd_operations, initialize)
