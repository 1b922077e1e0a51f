#include "bindings/jpeg_node.h"

#include <stdlib.h>

#include "data/turbojpeg.h"

// A picture being decoded by one of libuv's threads, as sharp's are.
typedef struct {
  napi_async_work work;
  napi_deferred deferred;
  napi_ref buffers;  // keeps both alive: an array of them
  const uint8_t* jpeg;
  size_t bytes;
  uint8_t* rgb;
  int32_t width, height;
  bool done;
} Job;

static void execute(napi_env env, void* data) {
  (void)env;
  Job* const job = data;
  job->done = turbojpeg_decode(job->jpeg, job->bytes, job->width, job->height, job->rgb);
}

static void complete(napi_env env, napi_status status, void* data) {
  Job* const job = data;
  napi_value done;
  // Nobody cancels; a process that ends has no reader for what fails here.
  if (napi_get_boolean(env, status == napi_ok && job->done, &done) == napi_ok)
    napi_resolve_deferred(env, job->deferred, done);
  napi_delete_reference(env, job->buffers);
  napi_delete_async_work(env, job->work);
  free(job);
}

// The bytes of a Uint8Array.
static bool bytes_at(napi_env env, napi_value value, uint8_t** bytes, size_t* length) {
  bool is = false;
  napi_typedarray_type type;
  void* data = NULL;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is ||
      napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array) {
    return false;
  }
  *bytes = data;
  return true;
}

static bool to_job(napi_env env, const napi_value* arguments, Job* job) {
  uint8_t* jpeg = NULL;
  size_t room = 0;
  if (!bytes_at(env, arguments[0], &jpeg, &job->bytes) ||
      !bytes_at(env, arguments[1], &job->rgb, &room) ||
      napi_get_value_int32(env, arguments[2], &job->width) != napi_ok ||
      napi_get_value_int32(env, arguments[3], &job->height) != napi_ok) {
    return false;
  }
  job->jpeg = jpeg;
  return job->width > 0 && job->height > 0 &&
         (uint64_t)job->width * (uint64_t)job->height * 3 == room;
}

static bool start(napi_env env, const napi_value* arguments, Job* job, napi_value* promise) {
  napi_value name, both;
  if (napi_create_array_with_length(env, 2, &both) != napi_ok ||
      napi_set_element(env, both, 0, arguments[0]) != napi_ok ||
      napi_set_element(env, both, 1, arguments[1]) != napi_ok ||
      napi_create_string_utf8(env, "decodeJpeg", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) != napi_ok) {
    return false;
  }
  if (napi_create_reference(env, both, 1, &job->buffers) == napi_ok &&
      napi_create_promise(env, &job->deferred, promise) == napi_ok &&
      napi_queue_async_work(env, job->work) == napi_ok) {
    return true;
  }
  napi_delete_async_work(env, job->work);
  return false;
}

// decodeJpeg(jpeg, rgb, width, height)
static napi_value decode_jpeg(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4], promise;
  Job* const job = calloc(1, sizeof *job);
  if (job != NULL && napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
      count == 4 && to_job(env, arguments, job) && start(env, arguments, job, &promise)) {
    return promise;
  }
  free(job);
  napi_throw_type_error(
      env, NULL, "decodeJpeg: expected a JPEG, room for its pixels, its width and its height");
  return NULL;
}

void define_jpeg(napi_env env, napi_value exports) {
  napi_value function;
  if (turbojpeg_found() && napi_create_function(env, "decodeJpeg", NAPI_AUTO_LENGTH, decode_jpeg,
                                                NULL, &function) == napi_ok) {
    napi_set_named_property(env, exports, "decodeJpeg", function);
  }
}
