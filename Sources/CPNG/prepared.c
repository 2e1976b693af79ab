#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Pages on one prepared picture differ in some of their rows. A band of rows is compressed so that it stands by itself (its first
// row is not filtered by the one above, and nothing refers back across its beginning), and ends at a byte: the streams
// of bands in a row are the stream of the picture (RFC 1951 section 2, RFC 1950 section 2.2), whenever each was made.
// Taller bands compress better and faster, lower ones are the same more often; 64 rows (8 mm) measured best.
enum { BAND = 64, BITS = 4 };

typedef struct {
    uint8_t *bytes;       // compressed
    size_t count;
    uLong adler;
    uint8_t *kept;        // its stretches of ink
    size_t kept_count;
} band_t;

struct akashi_png_prepared {
    uint32_t width, height;
    size_t stride, bands;
    band_t band[];
};

// Most of a page is white, and a page's ink takes 9 MB: of a band only the stretches between runs of white are kept, each
// behind the number of white bytes before it and that of its own.
enum { WHITE = 32 };

typedef struct {
    uint32_t white, count;
} stretch_t;

// What compressing a band takes.
typedef struct {
    z_stream stream;
    int is_open;
    size_t row;           // bytes of a row, its filter's number included
    uint8_t *rows;        // a band's filtered rows
    uint8_t *line[2];     // the packed row, and the one above it
    uint8_t *out;
    size_t capacity;
} press_t;

static int press_open(press_t *press, uint32_t width) {
    memset(press, 0, sizeof *press);
    press->row = 1 + ((size_t)width * BITS + 7) / 8;
    press->is_open = deflateInit2(&press->stream, 1, Z_DEFLATED, -15, 8, Z_RLE) == Z_OK;
    if (!press->is_open) return 0;
    press->capacity = deflateBound(&press->stream, press->row * BAND) + 16;
    press->rows = malloc(press->row * BAND);
    press->line[0] = malloc(press->row + 8);
    press->line[1] = malloc(press->row + 8);
    press->out = malloc(press->capacity);
    return press->rows && press->line[0] && press->line[1] && press->out;
}

static void press_close(press_t *press) {
    if (press->is_open) deflateEnd(&press->stream);
    free(press->rows);
    free(press->line[0]);
    free(press->line[1]);
    free(press->out);
}

static uint32_t band_rows(uint32_t height, size_t band) {
    uint32_t rest = height - (uint32_t)band * BAND;
    return rest < BAND ? rest : BAND;
}

// Compresses `count` rows into press->out; gives their length, 0 on failure, and the check value of what they hold.
static size_t press_band(press_t *press, const uint8_t *ink, uint32_t width, size_t stride, uint32_t count, uLong *adler) {
    // The first row is filtered by none above it: what it is, it is the difference from nothing.
    uint8_t *to = press->rows, *packed = press->line[0], *above = press->line[1];
    memset(above, 0, press->row);
    for (uint32_t y = 0; y < count; y++, to += press->row) {
        const uint8_t *from = ink + y * stride;
        *to = y == 0 ? PNG_FILTER_VALUE_NONE : PNG_FILTER_VALUE_UP;
        if (y > 0 && memcmp(from, from - stride, width) == 0) {
            memset(to + 1, 0, press->row - 1);
            continue;
        }
        akashi_png_pack(from, width, BITS, packed);
        for (size_t x = 0; x < press->row - 1; x++) to[1 + x] = (uint8_t)(packed[x] - above[x]);
        uint8_t *free_line = above;
        above = packed;
        packed = free_line;
    }
    size_t length = press->row * count;
    *adler = adler32(adler32(0, NULL, 0), press->rows, (uInt)length);
    if (deflateReset(&press->stream) != Z_OK) return 0;
    press->stream.next_in = press->rows;
    press->stream.avail_in = (uInt)length;
    press->stream.next_out = press->out;
    press->stream.avail_out = (uInt)press->capacity;
    if (deflate(&press->stream, Z_FULL_FLUSH) != Z_OK || press->stream.avail_in || !press->stream.avail_out) return 0;
    return press->capacity - press->stream.avail_out;
}

static int is_white(const uint8_t *ink, size_t count) {
    return count == 0 || (ink[0] == 0 && memcmp(ink, ink + 1, count - 1) == 0);
}

// The stretch that comes next; one of no bytes where only white is left.
static stretch_t next_stretch(const uint8_t *ink, const uint8_t *end) {
    const uint8_t *from = ink;
    while (end - from >= WHITE && is_white(from, WHITE)) from += WHITE;
    while (from < end && *from == 0) from++;
    const uint8_t *to = from;
    while (to < end && !(end - to >= WHITE && is_white(to, WHITE))) to++;
    return (stretch_t){(uint32_t)(from - ink), (uint32_t)(to - from)};
}

// Writes a band's stretches to `to`, unless it is NULL; gives their length.
static size_t keep(const uint8_t *ink, size_t count, uint8_t *to) {
    const uint8_t *end = ink + count;
    size_t length = 0;
    while (ink < end) {
        stretch_t stretch = next_stretch(ink, end);
        ink += stretch.white;
        if (to) {
            memcpy(to + length, &stretch, sizeof stretch);
            memcpy(to + length + sizeof stretch, ink, stretch.count);
        }
        ink += stretch.count;
        length += sizeof stretch + stretch.count;
    }
    return length;
}

static void restore(const band_t *band, uint8_t *ink) {
    const uint8_t *end = band->kept + band->kept_count;
    stretch_t stretch;
    for (const uint8_t *from = band->kept; from < end; from += stretch.count, ink += stretch.count) {
        memcpy(&stretch, from, sizeof stretch);
        from += sizeof stretch;
        memset(ink, 0, stretch.white);
        ink += stretch.white;
        memcpy(ink, from, stretch.count);
    }
}

// Whether a band has the ink that was kept.
static int is_as_kept(const band_t *band, const uint8_t *ink) {
    const uint8_t *end = band->kept + band->kept_count;
    stretch_t stretch;
    for (const uint8_t *from = band->kept; from < end; from += stretch.count, ink += stretch.count) {
        memcpy(&stretch, from, sizeof stretch);
        from += sizeof stretch;
        if (!is_white(ink, stretch.white)) return 0;
        ink += stretch.white;
        if (memcmp(ink, from, stretch.count) != 0) return 0;
    }
    return 1;
}

akashi_png_prepared *akashi_png_prepared_make(const uint8_t *ink, uint32_t width, uint32_t height, size_t stride) {
    size_t bands = (height + BAND - 1) / BAND;
    akashi_png_prepared *prepared = calloc(1, sizeof *prepared + bands * sizeof(band_t));
    press_t press;
    int is_open = press_open(&press, width);
    if (!prepared || !is_open) goto fail;
    *prepared = (akashi_png_prepared){width, height, stride, bands};
    for (size_t i = 0; i < bands; i++) {
        band_t *band = &prepared->band[i];
        const uint8_t *from = ink + i * BAND * stride;
        uint32_t rows = band_rows(height, i);
        band->count = press_band(&press, from, width, stride, rows, &band->adler);
        band->bytes = band->count ? malloc(band->count) : NULL;
        band->kept_count = keep(from, rows * stride, NULL);
        band->kept = malloc(band->kept_count);
        if (!band->bytes || !band->kept) goto fail;
        memcpy(band->bytes, press.out, band->count);
        keep(from, rows * stride, band->kept);
    }
    press_close(&press);
    return prepared;
fail:
    press_close(&press);
    akashi_png_prepared_free(prepared);
    return NULL;
}

void akashi_png_prepared_free(akashi_png_prepared *prepared) {
    if (!prepared) return;
    for (size_t i = 0; i < prepared->bands; i++) {
        free(prepared->band[i].bytes);
        free(prepared->band[i].kept);
    }
    free(prepared);
}

void akashi_png_prepared_copy(const akashi_png_prepared *prepared, uint8_t *ink) {
    for (size_t i = 0; i < prepared->bands; i++) restore(&prepared->band[i], ink + i * BAND * prepared->stride);
}

static void number(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

int akashi_png_prepared_write(
    const akashi_png_prepared *prepared, const uint8_t *ink, uint32_t dots_per_metre, uint8_t **out, size_t *out_count) {
    akashi_png_sink file = {malloc(64 * 1024), 0, 64 * 1024}, data = {malloc(64 * 1024), 0, 64 * 1024};
    press_t press;
    int is_open = press_open(&press, prepared->width);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, akashi_png_on_error, akashi_png_on_warning);
    volatile int done = 0;
    if (file.bytes && data.bytes && is_open && png && setjmp(png_jmpbuf(png)) == 0) {
        // A zlib stream: its head for the fastest compression, the bands, an empty last block, the check value.
        static const uint8_t head[2] = {0x78, 0x01}, last[2] = {0x03, 0x00};
        uLong adler = adler32(0, NULL, 0);
        akashi_png_put(png, &data, head, sizeof head);
        for (size_t i = 0; i < prepared->bands; i++) {
            uint32_t rows = band_rows(prepared->height, i);
            size_t at = i * BAND * prepared->stride;
            band_t band = prepared->band[i];
            if (!is_as_kept(&prepared->band[i], ink + at)) {
                band.bytes = press.out;
                band.count = press_band(&press, ink + at, prepared->width, prepared->stride, rows, &band.adler);
                if (!band.count) png_error(png, "deflate");
            }
            akashi_png_put(png, &data, band.bytes, band.count);
            adler = adler32_combine(adler, band.adler, (z_off_t)(press.row * rows));
        }
        uint8_t check[4];
        number(check, (uint32_t)adler);
        akashi_png_put(png, &data, last, sizeof last);
        akashi_png_put(png, &data, check, sizeof check);

        png_set_write_fn(png, &file, akashi_png_write, akashi_png_flush);
        png_write_sig(png);
        uint8_t header[13] = {[8] = BITS, [9] = PNG_COLOR_TYPE_GRAY};
        number(header, prepared->width);
        number(header + 4, prepared->height);
        png_write_chunk(png, (png_const_bytep) "IHDR", header, sizeof header);
        uint8_t size[9] = {[8] = PNG_RESOLUTION_METER};
        number(size, dots_per_metre);
        number(size + 4, dots_per_metre);
        png_write_chunk(png, (png_const_bytep) "pHYs", size, sizeof size);
        png_write_chunk(png, (png_const_bytep) "IDAT", data.bytes, data.count);
        png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
        done = 1;
    }
    png_destroy_write_struct(&png, NULL);
    press_close(&press);
    free(data.bytes);
    if (!done) {
        free(file.bytes);
        return 0;
    }
    *out = file.bytes;
    *out_count = file.count;
    return 1;
}
