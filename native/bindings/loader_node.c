// The one .node file of the package. It needs libc alone, so it loads on any machine; `dlopen`
// opens LibTorch by absolute path, after which the engine's own needs resolve by name.
// RTLD_LOCAL keeps LibTorch's symbols away from other addons. process.dlopen would not do: Node
// closes a library that does not register a module.
#include <dlfcn.h>
#include <node_api.h>

#include "bindings/jpeg_node.h"

static napi_value open_library(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  char path[4096];
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      napi_get_value_string_utf8(env, argument, path, sizeof path, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "dlopen: expected a path");
    return NULL;
  }
  if (dlopen(path, RTLD_NOW | RTLD_LOCAL) == NULL) napi_throw_error(env, NULL, dlerror());
  return NULL;
}

NAPI_MODULE_INIT(/* env, exports */) {
  napi_value function;
  if (napi_create_function(env, "dlopen", NAPI_AUTO_LENGTH, open_library, NULL, &function) ==
      napi_ok) {
    napi_set_named_property(env, exports, "dlopen", function);
  }
  define_jpeg(env, exports);
  return exports;
}
