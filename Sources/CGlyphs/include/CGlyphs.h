#pragma once

// Draws lines that Pango set, with fonts opened so that Cairo embeds them quickly.
//
// For every glyph that it puts into a PDF, Cairo 1.16 searches the font's whole character map backwards for a character:
// with 5,000 segments that is half the time of a page. The characters are known (they come with the glyphs), so the fonts
// are opened here with an empty map. Nothing else of a font changes, and its file is mapped privately, not copied.

#ifdef __cplusplus
extern "C" {
#endif

/// Fonts opened so far; for one thread at a time.
typedef struct akashi_faces akashi_faces;

akashi_faces *akashi_faces_new(void);
void akashi_faces_free(akashi_faces *faces);

/// Draws a PangoLayoutLine on a cairo_t with its start at a point; `text` is the text of its layout.
void akashi_faces_show_line(akashi_faces *faces, void *cairo, void *line, const char *text, double x, double y);

#ifdef __cplusplus
}
#endif
