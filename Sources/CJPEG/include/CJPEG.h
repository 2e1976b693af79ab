#pragma once
#include <stddef.h>
#include <stdint.h>

// libjpeg reports errors through a function that must not return; the longjmp out of it stays in C.

#ifdef __cplusplus
extern "C" {
#endif

/// The size that a JPEG's headers claim, read before anything is decoded. Returns 0 where there is none.
int akashi_jpeg_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height);

/// Decodes a JPEG to 8-bit gray (its luminance). `pixels` holds width * height bytes of the size that
/// akashi_jpeg_size gave; returns 0 where the picture is broken, truncated, of another size or has over 100 scans.
int akashi_jpeg_read_gray(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height);

#ifdef __cplusplus
}
#endif
