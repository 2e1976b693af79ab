#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// MARK: Reading

typedef struct {
    const uint8_t *bytes;
    size_t count, offset;
} source_t;

static void read_bytes(png_structp png, png_bytep into, png_size_t count) {
    source_t *source = png_get_io_ptr(png);
    if (count > source->count - source->offset) png_error(png, "truncated");
    memcpy(into, source->bytes + source->offset, count);
    source->offset += count;
}

// Errors carry no text of the input and warnings are nobody's business: nothing is printed.
static void on_error(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}
static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static uint32_t big_endian(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int akashi_png_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
    static const uint8_t start[16] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    if (count < 33 || memcmp(bytes, start, sizeof start) != 0) return 0;
    *width = big_endian(bytes + 16);
    *height = big_endian(bytes + 20);
    return *width >= 1 && *height >= 1 && *width <= 0x7fffffff && *height <= 0x7fffffff;
}

int akashi_png_read_gray(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height) {
    source_t source = {bytes, count, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    if (!png) return 0;
    png_infop info = png_create_info_struct(png);
    // Volatile: both change after setjmp and are read after a longjmp.
    png_bytep *volatile rows = NULL;
    volatile int done = 0;
    if (info && setjmp(png_jmpbuf(png)) == 0) {
        png_set_read_fn(png, &source, read_bytes);
        png_set_user_limits(png, width, height);
        png_set_chunk_malloc_max(png, 1 << 20);
        png_set_chunk_cache_max(png, 64);
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
        png_read_info(png, info);
        if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) png_error(png, "size");
        int type = png_get_color_type(png, info);
        int depth = png_get_bit_depth(png, info);
        if (depth == 16) png_set_scale_16(png);
        if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
        if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
        if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
        if ((type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS)) {
            png_color_16 white = {.index = 0, .red = 255, .green = 255, .blue = 255, .gray = 255};
            png_set_background_fixed(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, PNG_FP_1);
        }
        if (type & PNG_COLOR_MASK_COLOR) png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, -1, -1);
        png_set_interlace_handling(png);
        png_read_update_info(png, info);
        // One byte a pixel is what the transformations above make; a row of any other length would overrun `pixels`.
        if (png_get_rowbytes(png, info) != width) png_error(png, "row length");
        rows = malloc((size_t)height * sizeof *rows);
        if (!rows) png_error(png, "memory");
        for (uint32_t y = 0; y < height; y++) rows[y] = pixels + (size_t)y * width;
        png_read_image(png, rows);
        png_read_end(png, NULL);
        done = 1;
    }
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    return done;
}

// MARK: Writing

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} sink_t;

static void write_bytes(png_structp png, png_bytep from, png_size_t count) {
    sink_t *sink = png_get_io_ptr(png);
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
static void flush_nothing(png_structp png) { (void)png; }

// Packs a row of ink into `bits` a pixel; gray is the complement of ink.
static void pack(const uint8_t *ink, uint32_t width, int bits, uint8_t *row) {
    if (bits == 8) {
        for (uint32_t x = 0; x < width; x++) row[x] = (uint8_t)~ink[x];
    } else if (bits == 4) {
        uint32_t x = 0;
        for (; x + 1 < width; x += 2) {
            // Most of a page is blank: eight pixels at once.
            uint64_t eight;
            while (x + 8 <= width && (memcpy(&eight, ink + x, 8), eight == 0)) {
                memset(row + x / 2, 0xff, 4);
                x += 8;
            }
            if (x + 1 >= width) break;
            // Rounded to sixteen levels: (g * 15 + 127) / 255, written without a division.
            unsigned a = ((255u - ink[x]) * 241u + 2048u) >> 12, b = ((255u - ink[x + 1]) * 241u + 2048u) >> 12;
            row[x / 2] = (uint8_t)(a << 4 | b);
        }
        if (x < width) row[x / 2] = (uint8_t)((((255u - ink[x]) * 241u + 2048u) >> 12) << 4);
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
    sink_t sink = {malloc(64 * 1024), 0, 64 * 1024};
    uint8_t *row = malloc((size_t)width + 8);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    volatile int done = 0;
    if (sink.bytes && row && info && setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, &sink, write_bytes, flush_nothing);
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
            pack(ink + (size_t)y * stride, width, bits, row);
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
