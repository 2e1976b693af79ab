#include "CGlyphs.h"

#include <cairo-ft.h>
#include <fcntl.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-font.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FACES = 8 };

typedef struct {
    char *file;
    cairo_font_face_t *face; // NULL where the font cannot be opened this way: Pango then draws it
} entry_t;

struct akashi_faces {
    FT_Library library;
    entry_t entries[FACES];
    int count;
    cairo_glyph_t *glyphs;
    cairo_text_cluster_t *clusters;
    int capacity;
};

// What a Cairo face keeps alive: Cairo may hold it longer than we do.
typedef struct {
    FT_Library library;
    FT_Face face;
    void *bytes;
    size_t count;
} mapping_t;

static void unmap(void *closure) {
    mapping_t *mapping = closure;
    if (mapping->face) FT_Done_Face(mapping->face);
    if (mapping->library) FT_Done_FreeType(mapping->library);
    if (mapping->bytes != MAP_FAILED) munmap(mapping->bytes, mapping->count);
    free(mapping);
}

static uint32_t u32(const uint8_t *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }

// Overwrites the character map with one that maps nothing (OpenType 1.9, cmap, format 4 with its closing segment only).
static int empty_map(uint8_t *font, size_t count) {
    static const uint8_t map[36] = {
        0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 0, 12,                                  // one table: Windows, Unicode
        0, 4, 0, 24, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 1, 0, 0,
    };
    // TrueType outlines in a single font; collections and CFF are left to Pango.
    if (count < 12 || u32(font) != 0x00010000) return 0;
    int tables = font[4] << 8 | font[5];
    for (int i = 0; i < tables && 12 + 16 * (size_t)(i + 1) <= count; i++) {
        const uint8_t *entry = font + 12 + 16 * i;
        if (memcmp(entry, "cmap", 4) != 0) continue;
        size_t offset = u32(entry + 8), length = u32(entry + 12);
        if (length < sizeof map || offset > count || length > count - offset) return 0;
        memcpy(font + offset, map, sizeof map);
        return 1;
    }
    return 0;
}

static cairo_font_face_t *open_face(const char *file) {
    static const cairo_user_data_key_t key;
    mapping_t *mapping = calloc(1, sizeof *mapping);
    if (!mapping) return NULL;
    mapping->bytes = MAP_FAILED;
    int descriptor = open(file, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > 0) {
        mapping->count = (size_t)status.st_size;
        mapping->bytes = mmap(NULL, mapping->count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    }
    if (descriptor >= 0) close(descriptor);
    cairo_font_face_t *face = NULL;
    if (mapping->bytes != MAP_FAILED && empty_map(mapping->bytes, mapping->count) &&
        FT_Init_FreeType(&mapping->library) == 0 &&
        FT_New_Memory_Face(mapping->library, mapping->bytes, (FT_Long)mapping->count, 0, &mapping->face) == 0)
        face = cairo_ft_font_face_create_for_ft_face(mapping->face, FT_LOAD_NO_HINTING);
    if (face && cairo_font_face_set_user_data(face, &key, mapping, unmap) == CAIRO_STATUS_SUCCESS) return face;
    if (face) cairo_font_face_destroy(face);
    unmap(mapping);
    return NULL;
}

akashi_faces *akashi_faces_new(void) { return calloc(1, sizeof(akashi_faces)); }

void akashi_faces_free(akashi_faces *faces) {
    if (!faces) return;
    for (int i = 0; i < faces->count; i++) {
        free(faces->entries[i].file);
        if (faces->entries[i].face) cairo_font_face_destroy(faces->entries[i].face);
    }
    free(faces->glyphs);
    free(faces->clusters);
    free(faces);
}

// The face and size of a Pango font; NULL where Pango has to draw it.
static cairo_font_face_t *face_of(akashi_faces *faces, PangoFont *font, double *size) {
    if (!PANGO_IS_FC_FONT(font)) return NULL;
    FcPattern *pattern = pango_fc_font_get_pattern(PANGO_FC_FONT(font));
    FcChar8 *file;
    int index;
    if (!pattern || FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch ||
        FcPatternGetDouble(pattern, FC_PIXEL_SIZE, 0, size) != FcResultMatch ||
        FcPatternGetInteger(pattern, FC_INDEX, 0, &index) != FcResultMatch || index != 0)
        return NULL;
    for (int i = 0; i < faces->count; i++)
        if (strcmp(faces->entries[i].file, (const char *)file) == 0) return faces->entries[i].face;
    if (faces->count == FACES) return NULL;
    entry_t entry = {strdup((const char *)file), NULL};
    if (!entry.file) return NULL;
    entry.face = open_face(entry.file);
    faces->entries[faces->count++] = entry;
    return entry.face;
}

static int reserve(akashi_faces *faces, int count) {
    if (count <= faces->capacity) return 1;
    cairo_glyph_t *glyphs = realloc(faces->glyphs, (size_t)count * 2 * sizeof *glyphs);
    if (glyphs) faces->glyphs = glyphs;
    cairo_text_cluster_t *clusters = realloc(faces->clusters, (size_t)count * 2 * sizeof *clusters);
    if (clusters) faces->clusters = clusters;
    if (!glyphs || !clusters) return 0;
    faces->capacity = count * 2;
    return 1;
}

void akashi_faces_show_line(akashi_faces *faces, void *cairo, void *line, const char *text, double x, double y) {
    cairo_t *context = cairo;
    for (GSList *runs = ((PangoLayoutLine *)line)->runs; runs; runs = runs->next) {
        PangoGlyphItem *run = runs->data;
        PangoGlyphString *string = run->glyphs;
        double size, advance = 0;
        cairo_font_face_t *face = face_of(faces, run->item->analysis.font, &size);
        if (!face || run->item->analysis.level % 2 || !reserve(faces, string->num_glyphs)) {
            cairo_move_to(context, x, y);
            pango_cairo_show_glyph_item(context, text, run);
            x += pango_glyph_string_get_width(string) / (double)PANGO_SCALE;
            continue;
        }
        int glyphs = 0, clusters = 0;
        for (int i = 0; i < string->num_glyphs; i++) {
            PangoGlyphInfo *info = &string->glyphs[i];
            // Glyphs of one cluster stand for the same characters, which end where the next cluster begins.
            if (i == 0 || string->log_clusters[i] != string->log_clusters[i - 1]) {
                int next = i + 1;
                while (next < string->num_glyphs && string->log_clusters[next] == string->log_clusters[i]) next++;
                int end = next < string->num_glyphs ? string->log_clusters[next] : run->item->length;
                faces->clusters[clusters++] = (cairo_text_cluster_t){end - string->log_clusters[i], 0};
            }
            if (info->glyph != PANGO_GLYPH_EMPTY && !(info->glyph & PANGO_GLYPH_UNKNOWN_FLAG)) {
                faces->glyphs[glyphs++] = (cairo_glyph_t){
                    info->glyph, x + advance + info->geometry.x_offset / (double)PANGO_SCALE,
                    y + info->geometry.y_offset / (double)PANGO_SCALE};
                faces->clusters[clusters - 1].num_glyphs++;
            }
            advance += info->geometry.width / (double)PANGO_SCALE;
        }
        cairo_set_font_face(context, face);
        cairo_set_font_size(context, size);
        cairo_show_text_glyphs(
            context, text + run->item->offset, run->item->length, faces->glyphs, glyphs, faces->clusters, clusters, 0);
        x += advance;
    }
}
