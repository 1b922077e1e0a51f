#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decoding by the machine's libjpeg-turbo, where it has one (Debian: libturbojpeg0). It is looked
// for at run time, so that nothing of this package depends on it; two and a half times as fast as
// going through sharp, and the same pixels.

// Whether there is one. Any thread.
bool turbojpeg_found(void);

// Decodes a JPEG of this size to u8 RGB, rows without padding: [height, width, 3]. False when it
// has another size, does not become RGB, or has anything to complain about; then `rgb` is
// undefined. Any thread.
bool turbojpeg_decode(const uint8_t* jpeg, size_t bytes, int32_t width, int32_t height,
                      uint8_t* rgb);
