#include "data/turbojpeg.h"

#include <dlfcn.h>
#include <pthread.h>

// What is used of TurboJPEG's interface: the same since version 1.4 (2014), in 3 too.
typedef void* Handle;
static struct {
  Handle (*open)(void);
  int (*header)(Handle, const unsigned char*, unsigned long, int*, int*, int*, int*);
  int (*decode)(Handle, const unsigned char*, unsigned long, unsigned char*, int width, int pitch,
                int height, int format, int flags);
  int (*close)(Handle);
} turbo;

enum { kRgb = 0 };
// The exact DCT, as everybody who trains has it; a damaged file is an error at once; and one that
// was made to take hours, by thousands of progressive scans, is one too.
enum { kAccurateDct = 4096, kStopOnWarning = 8192, kLimitScans = 32768 };

static bool found = false;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool symbol(void* library, const char* name, void* function) {
  *(void**)function = dlsym(library, name);
  return *(void**)function != NULL;
}

static void look(void) {
  void* const library = dlopen("libturbojpeg.so.0", RTLD_NOW | RTLD_LOCAL);
  found = library != NULL && symbol(library, "tjInitDecompress", &turbo.open) &&
          symbol(library, "tjDecompressHeader3", &turbo.header) &&
          symbol(library, "tjDecompress2", &turbo.decode) &&
          symbol(library, "tjDestroy", &turbo.close);
}

bool turbojpeg_found(void) {
  pthread_once(&once, look);
  return found;
}

bool turbojpeg_decode(const uint8_t* jpeg, size_t bytes, int32_t width, int32_t height,
                      uint8_t* rgb) {
  if (!turbojpeg_found()) return false;
  const Handle handle = turbo.open();
  if (handle == NULL) return false;
  int w = 0, h = 0, sampling = 0, colours = 0;
  const int flags = kAccurateDct | kStopOnWarning | kLimitScans;
  const bool done = turbo.header(handle, jpeg, bytes, &w, &h, &sampling, &colours) == 0 &&
                    w == width && h == height &&
                    turbo.decode(handle, jpeg, bytes, rgb, w, 0, h, kRgb, flags) == 0;
  turbo.close(handle);
  return done;
}
