#pragma once

#include <node_api.h>

// Sets `decodeJpeg` where the machine has a libjpeg-turbo.
void define_jpeg(napi_env env, napi_value exports);
