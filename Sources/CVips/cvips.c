#include "cvips.h"

#include <string.h>
#include <vips/vips.h>

#include "cvips_internal.h"

void cv_set_error(cv_error *error, const char *text) {
    g_strlcpy(error->text, text, sizeof error->text);
}

GMutexLocker *cv_take_turn(void) {
    static GMutex mutex;
    GMutexLocker *turn = g_mutex_locker_new(&mutex);
    vips_error_clear();
    return turn;
}

// The library's error buffer holds a line per level; the first one says what is wrong.
int cv_fail(cv_error *error) {
    char *text = vips_error_buffer_copy();
    char *end = strchr(text, '\n');
    if (end != NULL) {
        *end = 0;
    }
    cv_set_error(error, *text ? text : "unknown reason");
    g_free(text);
    return 1;
}

// Damaged pictures make the libraries below talk on the standard error; errors reach us anyway.
static void be_silent(const gchar *domain, GLogLevelFlags level, const gchar *message,
                      gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

int cv_start(int thread_count, cv_error *error) {
    const GLogLevelFlags levels = G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE |
                                  G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG;
    g_log_set_handler("VIPS", levels, be_silent, NULL);
    g_log_set_handler("Pango", levels, be_silent, NULL);
    if (vips_init("attune") != 0) {
        return cv_fail(error);
    }
    // Decoders that were not written with hostile files in mind stay out of reach.
    vips_block_untrusted_set(TRUE);
    // The libraries below these two are fuzzed by their makers and open what browsers and scanners
    // write; libvips leaves them out only until its own fuzzing covers them.
    vips_operation_block_set("VipsForeignLoadJxl", FALSE);
    vips_operation_block_set("VipsForeignLoadJp2k", FALSE);
    vips_concurrency_set(thread_count);
    // Each photo is seen once: a cache would only hold memory.
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    return 0;
}

void cv_free(void *memory) { g_free(memory); }

static int encode(VipsImage *image, int is_png, int setting, cv_bytes *result,
                  cv_error *error) {
    void *data = NULL;
    size_t length = 0;
    const int status =
        is_png ? vips_pngsave_buffer(image, &data, &length, "compression", setting, "strip",
                                     TRUE, NULL)
               : vips_jpegsave_buffer(image, &data, &length, "Q", setting, "strip", TRUE,
                                      "optimize_coding", TRUE, NULL);
    if (status != 0) {
        return cv_fail(error);
    }
    result->data = data;
    result->length = length;
    return 0;
}

static int encode_pixels(const unsigned char *pixels, int width, int height, int is_png,
                         int setting, cv_bytes *result, cv_error *error) {
    g_autoptr(GMutexLocker) turn = cv_take_turn();
    const size_t size = (size_t)width * (size_t)height * 3;
    VipsImage *plain =
        vips_image_new_from_memory(pixels, size, width, height, 3, VIPS_FORMAT_UCHAR);
    if (plain == NULL) {
        return cv_fail(error);
    }
    VipsImage *image = NULL;
    // 72 dots per inch (the unit here is the millimetre): what programs take as "not said".
    int status = vips_copy(plain, &image, "interpretation", VIPS_INTERPRETATION_sRGB, "xres",
                           72 / 25.4, "yres", 72 / 25.4, NULL);
    g_object_unref(plain);
    if (status != 0) {
        return cv_fail(error);
    }
    status = encode(image, is_png, setting, result, error);
    g_object_unref(image);
    return status;
}

int cv_encode_png(const unsigned char *pixels, int width, int height, int compression,
                  cv_bytes *result, cv_error *error) {
    return encode_pixels(pixels, width, height, 1, compression, result, error);
}

int cv_encode_jpeg(const unsigned char *pixels, int width, int height, int quality,
                   cv_bytes *result, cv_error *error) {
    return encode_pixels(pixels, width, height, 0, quality, result, error);
}
