#pragma once
#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must never cross a Swift frame: everything that can fail stays in these
// functions, which return a status instead.

#ifdef __cplusplus
extern "C" {
#endif

/// The size that a PNG's header claims, read before anything is decoded. Returns 0 where the bytes do not begin with
/// the signature and a whole IHDR chunk of sizes between 1 and 2^31-1.
int akashi_png_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height);

/// Decodes a PNG of any kind to 8-bit gray on white. `pixels` holds width * height bytes of the size that
/// akashi_png_size gave; returns 0 where the picture is broken or of another size (pixels are then undefined).
int akashi_png_read_gray(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height);

/// Writes a gray PNG. `ink` holds `height` rows of `stride` bytes, one a pixel, 0 white to 255 black; they are stored
/// with `bits` (1, 2, 4 or 8) a pixel. `dots_per_metre` goes into pHYs where it is not 0. Returns 0 on failure;
/// otherwise `*out` is for akashi_png_free.
int akashi_png_write_ink(
    const uint8_t *ink, uint32_t width, uint32_t height, size_t stride, int bits, uint32_t dots_per_metre,
    uint8_t **out, size_t *out_count);

void akashi_png_free(uint8_t *bytes);

/// A picture on which others are drawn that are mostly the same: what stays as it is has been compressed already.
typedef struct akashi_png_prepared akashi_png_prepared;

/// Copies `height` rows of `stride` bytes of ink. NULL where memory ran out.
akashi_png_prepared *akashi_png_prepared_make(const uint8_t *ink, uint32_t width, uint32_t height, size_t stride);

void akashi_png_prepared_free(akashi_png_prepared *prepared);

/// Gives the prepared picture's own ink, as many bytes as it was made of.
void akashi_png_prepared_copy(const akashi_png_prepared *prepared, uint8_t *ink);

/// Writes a PNG of sixteen grays, as akashi_png_write_ink does with 4 bits (pHYs always), of `ink` of the prepared picture's size and
/// stride. The prepared picture may be in use by several threads.
int akashi_png_prepared_write(
    const akashi_png_prepared *prepared, const uint8_t *ink, uint32_t dots_per_metre, uint8_t **out, size_t *out_count);

#ifdef __cplusplus
}
#endif
