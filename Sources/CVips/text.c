#include <dlfcn.h>
#include <gio/gio.h>
#include <vips/vips.h>

#include "cvips_internal.h"

// fontconfig is below libvips but not among the headers that its package promises.
typedef struct {
    int count;
} font_set;
typedef font_set *(*get_fonts)(void *configuration, int set);

int cv_has_fonts(void) {
    get_fonts fonts_of = (get_fonts)dlsym(RTLD_DEFAULT, "FcConfigGetFonts");
    int (*start)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "FcInit");
    if (fonts_of == NULL || start == NULL || !start()) {
        return 0;
    }
    font_set *fonts = fonts_of(NULL, 0);
    return fonts != NULL && fonts->count > 0;
}

int cv_draw_text(const char *markup, const char *font, int width, int centred,
                 cv_pixels *result, cv_error *error) {
    g_autoptr(GMutexLocker) turn = cv_take_turn();
    VipsImage *image = NULL;
    const VipsAlign align = centred ? VIPS_ALIGN_CENTRE : VIPS_ALIGN_LOW;
    const int status =
        width > 0 ? vips_text(&image, markup, "font", font, "dpi", 72, "align", align, "width",
                              width, "wrap", VIPS_TEXT_WRAP_WORD_CHAR, NULL)
                  : vips_text(&image, markup, "font", font, "dpi", 72, "align", align, NULL);
    if (status != 0) {
        return cv_fail(error);
    }
    size_t size = 0;
    result->pixels = vips_image_write_to_memory(image, &size);
    result->width = image->Xsize;
    result->height = image->Ysize;
    result->bands = image->Bands;
    g_object_unref(image);
    return result->pixels == NULL ? cv_fail(error) : 0;
}

int cv_inflate(const void *data, size_t length, size_t limit, cv_bytes *result,
               cv_error *error) {
    GConverter *converter =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
    GByteArray *output = g_byte_array_new();
    const char *input = data;
    int status = 1;
    cv_set_error(error, "the compressed text is cut short");
    for (;;) {
        unsigned char chunk[16384];
        gsize used = 0;
        gsize made = 0;
        const GConverterResult step =
            g_converter_convert(converter, input, length, chunk, sizeof chunk,
                                G_CONVERTER_INPUT_AT_END, &used, &made, NULL);
        if (step == G_CONVERTER_ERROR) {
            cv_set_error(error, "the compressed text is damaged");
            break;
        }
        if (output->len + made > limit) {
            cv_set_error(error, "the compressed text is too long");
            break;
        }
        g_byte_array_append(output, chunk, (guint)made);
        input += used;
        length -= used;
        if (step == G_CONVERTER_FINISHED) {
            status = 0;
            break;
        }
        if (used == 0 && made == 0) {
            break;
        }
    }
    g_object_unref(converter);
    result->length = output->len;
    result->data = g_byte_array_free(output, status != 0);
    return status;
}
