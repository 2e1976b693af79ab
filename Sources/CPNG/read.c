#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

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
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, akashi_png_on_error, akashi_png_on_warning);
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
