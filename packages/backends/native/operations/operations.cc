// The project's own operations of TensorFlow, for the CPU. Loading this registers them.
#include <node_api.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "define_convolutions.h"
#include "define_kernel_sums.h"
#include "define_norms.h"
#include "define_products.h"
#include "define_updates.h"
#include "define_views.h"

namespace gpd {

// Of the operations' names, inputs and attributes: kernels that know another version leave them alone.
constexpr int kInterfaceVersion = 3;

// Large tensors come and go many times in a step. Kept by the process they need not be cleared by the kernel each time.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

void define_operations() {
  define_convolutions();
  define_products();
  define_views();
  define_norms();
  define_kernel_sums();
  define_updates();
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
