#pragma once
#include <stddef.h>
#include <stdint.h>

// ZXing-C++ throws and returns C++ values; this is its one use here in C's terms. No exception leaves these functions.

#ifdef __cplusplus
extern "C" {
#endif

/// The codes found in one picture.
typedef struct akashi_codes akashi_codes;

/// How the pixels lie in memory.
typedef enum {
    AKASHI_PIXELS_GRAY,  ///< one byte a pixel
    AKASHI_PIXELS_BGRX   ///< four bytes a pixel: Cairo's RGB24 on a little-endian machine
} akashi_pixels;

/// How a picture is looked at.
typedef enum {
    AKASHI_LOOK_QUICK,     ///< upright, at its own size
    AKASHI_LOOK_THOROUGH,  ///< also turned and made smaller
    AKASHI_LOOK_GLOBAL,    ///< as thoroughly, with one threshold between dark and light for rows instead of for places
    AKASHI_LOOK_ENLARGED   ///< as thoroughly, at twice its size with soft edges: four times the memory
} akashi_look;

/// Finds at most `maximum` (1 to 255) QR codes in `height` rows of `stride` bytes. NULL where memory ran out.
akashi_codes *akashi_codes_read(
    const uint8_t *pixels, int width, int height, int stride, akashi_pixels format, int maximum, akashi_look look);

/// How many codes were found.
size_t akashi_codes_count(const akashi_codes *codes);

/// How many symbols were seen that could not be read.
size_t akashi_codes_unread(const akashi_codes *codes);

/// The bytes of a code as its segments give them, before any character set; valid until akashi_codes_free.
const uint8_t *akashi_codes_bytes(const akashi_codes *codes, size_t index, size_t *count);

void akashi_codes_free(akashi_codes *codes);

#ifdef __cplusplus
}
#endif
