// Plain C functions over libvips, whose own calls end in variable arguments that Swift cannot
// make. Every function returns 0 on success. On failure it returns another value and leaves one
// line of text in `error`. Whatever is handed out is released with cv_free.
#ifndef CVIPS_H
#define CVIPS_H

#include <stddef.h>

// Room for an error line, its final zero included.
#define CV_ERROR_SIZE 512

typedef struct {
    char text[CV_ERROR_SIZE];
} cv_error;

typedef enum {
    CV_JPEG,
    CV_PNG,
    CV_WEBP,
    CV_TIFF,
    CV_GIF,
    CV_HEIF,
    CV_JXL,
    CV_JP2,
} cv_format;

// What cv_read_size returns for a picture whose numbers do not say what is white; the error text
// says what they are.
#define CV_UNKNOWN_RANGE 2

typedef struct {
    int width;
    int height;
} cv_size;

// `bands` interleaved bytes per pixel, rows from the top.
typedef struct {
    unsigned char *pixels;
    int width;
    int height;
    int bands;
} cv_pixels;

typedef struct {
    unsigned char *data;
    size_t length;
} cv_bytes;

// Starts the library; to be called once, before anything else.
int cv_start(int thread_count, cv_error *error);

// Releases the memory of cv_pixels.pixels or cv_bytes.data.
void cv_free(void *memory);

// Whether the library was built with a decoder for this kind.
int cv_can_read(cv_format format);

// Reads the header alone: the size as stored, before any rotation.
int cv_read_size(const void *data, size_t length, cv_format format, cv_size *size,
                 cv_error *error);

// Decodes to upright 8-bit sRGB, 3 bands, transparent parts over white. Damage is an error.
int cv_decode(const void *data, size_t length, cv_format format, cv_pixels *result,
              cv_error *error);

// Decodes the alpha channel alone, upright, 1 band of 8 bits; a picture without one leaves
// `result` without pixels. Damage is an error.
int cv_decode_alpha(const void *data, size_t length, cv_format format, cv_pixels *result,
                    cv_error *error);

// Encodes RGB pixels; `compression` runs from 0 to 9.
int cv_encode_png(const unsigned char *pixels, int width, int height, int compression,
                  cv_bytes *result, cv_error *error);

// Encodes RGB pixels; `quality` runs from 1 to 100.
int cv_encode_jpeg(const unsigned char *pixels, int width, int height, int quality,
                   cv_bytes *result, cv_error *error);

// Whether fontconfig knows a font: without one, Pango ends the process.
int cv_has_fonts(void);

// Draws Pango markup as coverage, 1 band; `width` in pixels wraps, 0 does not; `centred` aligns
// the lines of wrapped text.
int cv_draw_text(const char *markup, const char *font, int width, int centred,
                 cv_pixels *result, cv_error *error);

// Inflates a zlib stream of at most `limit` bytes once inflated.
int cv_inflate(const void *data, size_t length, size_t limit, cv_bytes *result,
               cv_error *error);

#endif
