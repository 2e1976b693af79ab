#pragma once
#include "CPNG.h"

#include <png.h>

// What the files of this shim share.

// libpng's reports: errors go back to setjmp, warnings nowhere.
void akashi_png_on_error(png_structp png, png_const_charp message);
void akashi_png_on_warning(png_structp png, png_const_charp message);

// A file as it is written.
typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} akashi_png_sink;

// Appends bytes; png_error where memory runs out.
void akashi_png_put(png_structp png, akashi_png_sink *sink, const uint8_t *from, size_t count);
// libpng's functions for writing into the sink that it was given.
void akashi_png_write(png_structp png, png_bytep from, png_size_t count);
void akashi_png_flush(png_structp png);

// Packs a row of ink into `bits` a pixel; gray is the complement of ink.
void akashi_png_pack(const uint8_t *ink, uint32_t width, int bits, uint8_t *row);
