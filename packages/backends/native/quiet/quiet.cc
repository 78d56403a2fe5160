// quietly(f): calls f with nothing printed on stderr. TensorFlow greets there while its libraries load, before any setting
// of its own could keep it from that.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static napi_value quietly(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value function, undefined, result = nullptr;
  napi_get_cb_info(env, info, &count, &function, nullptr, nullptr);
  napi_get_undefined(env, &undefined);
  const int nowhere = open("/dev/null", O_WRONLY), kept = dup(STDERR_FILENO);
  if (nowhere >= 0 && kept >= 0) dup2(nowhere, STDERR_FILENO);
  // What it throws is thrown on when this returns.
  napi_call_function(env, undefined, function, 0, nullptr, &result);
  if (kept >= 0) dup2(kept, STDERR_FILENO);
  if (kept >= 0) close(kept);
  if (nowhere >= 0) close(nowhere);
  return result;
}

static napi_value initialize(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "quietly", NAPI_AUTO_LENGTH, quietly, nullptr, &function);
  napi_set_named_property(env, exports, "quietly", function);
  return exports;
}

NAPI_MODULE(gpd_quiet, initialize)
