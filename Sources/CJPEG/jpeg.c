#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf out;
} error_t;

static void on_error(j_common_ptr jpeg) { longjmp(((error_t *)jpeg->err)->out, 1); }

// A negative level is a warning of corrupt data: half a picture is refused like a broken one. Nothing is printed.
static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) on_error(jpeg);
}
static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

// A small progressive file can ask for the whole picture to be gone over thousands of times.
static void on_progress(j_common_ptr jpeg) {
    if (jpeg->is_decompressor && ((j_decompress_ptr)jpeg)->input_scan_number > 100) on_error(jpeg);
}

static void begin(struct jpeg_decompress_struct *jpeg, error_t *error) {
    jpeg->err = jpeg_std_error(&error->base);
    error->base.error_exit = on_error;
    error->base.emit_message = on_message;
    error->base.output_message = print_nothing;
}

int akashi_jpeg_size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
    struct jpeg_decompress_struct jpeg;
    error_t error;
    begin(&jpeg, &error);
    if (setjmp(error.out)) {
        jpeg_destroy_decompress(&jpeg);
        return 0;
    }
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, count);
    jpeg_read_header(&jpeg, TRUE);
    *width = jpeg.image_width;
    *height = jpeg.image_height;
    jpeg_destroy_decompress(&jpeg);
    return 1;
}

int akashi_jpeg_read_gray(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
    error_t error;
    begin(&jpeg, &error);
    if (setjmp(error.out)) {
        jpeg_destroy_decompress(&jpeg);
        return 0;
    }
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &progress;
    jpeg_mem_src(&jpeg, bytes, count);
    jpeg_read_header(&jpeg, TRUE);
    // CMYK has no conversion to gray in libjpeg, and no certificate comes as one.
    if (jpeg.image_width != width || jpeg.image_height != height || jpeg.jpeg_color_space == JCS_CMYK ||
        jpeg.jpeg_color_space == JCS_YCCK)
        longjmp(error.out, 1);
    jpeg.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&jpeg);
    if (jpeg.output_width != width || jpeg.output_height != height || jpeg.output_components != 1) longjmp(error.out, 1);
    while (jpeg.output_scanline < height) {
        JSAMPROW row = pixels + (size_t)jpeg.output_scanline * width;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return 1;
}
