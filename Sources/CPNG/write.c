#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Errors carry no text of the input and warnings are nobody's business: nothing is printed.
void akashi_png_on_error(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}
void akashi_png_on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

void akashi_png_put(png_structp png, akashi_png_sink *sink, const uint8_t *from, size_t count) {
    if (count > sink->capacity - sink->count) {
        size_t capacity = (sink->capacity + count) * 2;
        uint8_t *grown = realloc(sink->bytes, capacity);
        if (!grown) png_error(png, "memory");
        sink->bytes = grown;
        sink->capacity = capacity;
    }
    memcpy(sink->bytes + sink->count, from, count);
    sink->count += count;
}
void akashi_png_write(png_structp png, png_bytep from, png_size_t count) {
    akashi_png_put(png, png_get_io_ptr(png), from, count);
}
void akashi_png_flush(png_structp png) { (void)png; }

// The nearest of sixteen grays, (g * 15 + 127) / 255, without a division and in sixteen bits, so that compilers take many
// pixels at once.
static inline uint8_t sixteenth(uint8_t ink) { return (uint16_t)((255u - ink) * 241u + 2048u) >> 12; }

// Packs a row of ink into `bits` a pixel; gray is the complement of ink.
void akashi_png_pack(const uint8_t *ink, uint32_t width, int bits, uint8_t *row) {
    if (bits == 8) {
        for (uint32_t x = 0; x < width; x++) row[x] = (uint8_t)~ink[x];
    } else if (bits == 4) {
        for (uint32_t x = 0; x < width / 2; x++) row[x] = (uint8_t)(sixteenth(ink[2 * x]) << 4 | sixteenth(ink[2 * x + 1]));
        if (width % 2) row[width / 2] = (uint8_t)(sixteenth(ink[width - 1]) << 4);
    } else {
        int per = 8 / bits;
        unsigned top = (1u << bits) - 1;
        memset(row, 0, (width + (uint32_t)per - 1) / (uint32_t)per);
        for (uint32_t x = 0; x < width; x++) {
            unsigned gray = ((255u - ink[x]) * top + 127u) / 255u;
            row[x / (uint32_t)per] |= (uint8_t)(gray << (8 - bits - (int)(x % (uint32_t)per) * bits));
        }
    }
}

int akashi_png_write_ink(
    const uint8_t *ink, uint32_t width, uint32_t height, size_t stride, int bits, uint32_t dots_per_metre,
    uint8_t **out, size_t *out_count) {
    akashi_png_sink sink = {malloc(64 * 1024), 0, 64 * 1024};
    uint8_t *row = malloc((size_t)width + 8);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, akashi_png_on_error, akashi_png_on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    volatile int done = 0;
    if (sink.bytes && row && info && setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, &sink, akashi_png_write, akashi_png_flush);
        png_set_IHDR(
            png, info, width, height, bits, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
            PNG_FILTER_TYPE_DEFAULT);
        if (dots_per_metre) png_set_pHYs(png, info, dots_per_metre, dots_per_metre, PNG_RESOLUTION_METER);
        // On a page of text and codes most rows are like the one above: the difference is long runs of zeros, which
        // run lengths alone catch (measured on a page: smaller than, and as fast as, the fastest full search).
        png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
        png_set_compression_level(png, 1);
        png_set_compression_strategy(png, Z_RLE);
        png_set_compression_buffer_size(png, 32 * 1024);
        png_write_info(png, info);
        for (uint32_t y = 0; y < height; y++) {
            akashi_png_pack(ink + (size_t)y * stride, width, bits, row);
            png_write_row(png, row);
        }
        png_write_end(png, NULL);
        done = 1;
    }
    png_destroy_write_struct(&png, &info);
    free(row);
    if (!done) {
        free(sink.bytes);
        return 0;
    }
    *out = sink.bytes;
    *out_count = sink.count;
    return 1;
}

void akashi_png_free(uint8_t *bytes) { free(bytes); }
