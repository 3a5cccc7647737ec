#include <string.h>
#include <vips/vips.h>

#include "cvips_internal.h"

// Takes over `*image`: puts `next` in its place and lets the old one go.
static void replace(VipsImage **image, VipsImage *next) {
    g_object_unref(*image);
    *image = next;
}

static int load(const void *data, size_t length, cv_format format, VipsFailOn fail_on,
                VipsImage **image) {
    void *bytes = (void *)data;
    const VipsAccess access = VIPS_ACCESS_SEQUENTIAL;
    switch (format) {
    case CV_JPEG:
        return vips_jpegload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                    NULL);
    case CV_PNG:
        return vips_pngload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                   NULL);
    case CV_WEBP:
        return vips_webpload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                    NULL);
    case CV_TIFF:
        return vips_tiffload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                    NULL);
    case CV_GIF:
        return vips_gifload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                   NULL);
    case CV_HEIF:
        return vips_heifload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                    NULL);
    case CV_JXL:
        return vips_jxlload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                   NULL);
    case CV_JP2:
        return vips_jp2kload_buffer(bytes, length, image, "access", access, "fail_on", fail_on,
                                    NULL);
    }
    vips_error("cvips", "unknown format");
    return 1;
}

int cv_can_read(cv_format format) {
    switch (format) {
    case CV_JXL:
        return vips_type_find("VipsOperation", "jxlload_buffer") != 0;
    case CV_JP2:
        return vips_type_find("VipsOperation", "jp2kload_buffer") != 0;
    case CV_HEIF:
        return vips_type_find("VipsOperation", "heifload_buffer") != 0;
    case CV_WEBP:
        return vips_type_find("VipsOperation", "webpload_buffer") != 0;
    default:
        return 1;
    }
}

// What the numbers are where they do not run from black to white: floating-point numbers may go
// beyond 1 and are linear in one program and not in another, and wider integers are clipped by the
// conversions below. L*a*b* has a range of its own.
static const char *unknown_range(const VipsImage *image) {
    if (image->Type == VIPS_INTERPRETATION_LAB || image->Type == VIPS_INTERPRETATION_LABS ||
        image->Type == VIPS_INTERPRETATION_LABQ) {
        return NULL;
    }
    switch (image->BandFmt) {
    case VIPS_FORMAT_UCHAR:
    case VIPS_FORMAT_USHORT:
        return NULL;
    case VIPS_FORMAT_FLOAT:
    case VIPS_FORMAT_DOUBLE:
        return "floating-point numbers";
    case VIPS_FORMAT_CHAR:
    case VIPS_FORMAT_SHORT:
        return "signed numbers";
    default:
        return "32-bit numbers";
    }
}

int cv_read_size(const void *data, size_t length, cv_format format, cv_size *size,
                 cv_error *error) {
    g_autoptr(GMutexLocker) turn = cv_take_turn();
    VipsImage *image = NULL;
    if (load(data, length, format, VIPS_FAIL_ON_ERROR, &image) != 0) {
        return cv_fail(error);
    }
    const int is_lying = vips_image_get_orientation_swap(image);
    size->width = is_lying ? image->Ysize : image->Xsize;
    size->height = is_lying ? image->Xsize : image->Ysize;
    const char *range = unknown_range(image);
    g_object_unref(image);
    if (range != NULL) {
        cv_set_error(error, range);
        return CV_UNKNOWN_RANGE;
    }
    return 0;
}

static double white(const VipsImage *image) {
    if (image->Type == VIPS_INTERPRETATION_CMYK) {
        return 0;
    }
    return image->BandFmt == VIPS_FORMAT_USHORT ? 65535 : 255;
}

// Blends transparent parts over white, before the colours change their meaning.
static int flatten(VipsImage **image) {
    if (!vips_image_hasalpha(*image)) {
        return 0;
    }
    VipsArrayDouble *background = vips_array_double_newv(1, white(*image));
    VipsImage *next = NULL;
    const int status = vips_flatten(*image, &next, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    if (status == 0) {
        replace(image, next);
    }
    return status;
}

static int transform_profile(VipsImage *image, VipsImage **result) {
    const char *fallback = image->Type == VIPS_INTERPRETATION_CMYK ? "cmyk" : "srgb";
    return vips_icc_transform(image, result, "srgb", "embedded", TRUE, "input_profile", fallback,
                              "depth", 8, "intent", VIPS_INTENT_RELATIVE,
                              "black_point_compensation", TRUE, NULL);
}

// A profile that cannot be used must not cost the photo: its numbers are then taken as sRGB.
static int convert_to_srgb(VipsImage **image) {
    VipsImage *next = NULL;
    const int has_profile = vips_image_get_typeof(*image, VIPS_META_ICC_NAME) != 0;
    const int is_cmyk = (*image)->Type == VIPS_INTERPRETATION_CMYK;
    if (has_profile || is_cmyk) {
        if (transform_profile(*image, &next) == 0) {
            replace(image, next);
            return 0;
        }
        if (is_cmyk) {
            return 1;
        }
        vips_error_clear();
        next = NULL;
    }
    if (vips_colourspace(*image, &next, VIPS_INTERPRETATION_sRGB, NULL) != 0) {
        return 1;
    }
    replace(image, next);
    return 0;
}

static int make_three_bytes(VipsImage **image) {
    VipsImage *next = NULL;
    if ((*image)->BandFmt != VIPS_FORMAT_UCHAR) {
        if (vips_cast_uchar(*image, &next, NULL) != 0) {
            return 1;
        }
        replace(image, next);
    }
    if ((*image)->Bands == 3) {
        return 0;
    }
    if ((*image)->Bands < 3) {
        VipsImage *gray = NULL;
        if (vips_extract_band(*image, &gray, 0, NULL) != 0) {
            return 1;
        }
        VipsImage *planes[3] = {gray, gray, gray};
        const int status = vips_bandjoin(planes, &next, 3, NULL);
        g_object_unref(gray);
        if (status != 0) {
            return 1;
        }
    } else if (vips_extract_band(*image, &next, 0, "n", 3, NULL) != 0) {
        return 1;
    }
    replace(image, next);
    return 0;
}

// Rows arrive from the decoder in order; turning needs them all, so they are gathered first.
static int turn_upright(VipsImage **image) {
    if (vips_image_get_orientation(*image) == 1) {
        return 0;
    }
    VipsImage *next = vips_image_copy_memory(*image);
    if (next == NULL) {
        return 1;
    }
    replace(image, next);
    next = NULL;
    if (vips_autorot(*image, &next, NULL) != 0) {
        return 1;
    }
    replace(image, next);
    return 0;
}

static int decode(const void *data, size_t length, cv_format format, VipsFailOn fail_on,
                  cv_pixels *result) {
    VipsImage *image = NULL;
    if (load(data, length, format, fail_on, &image) != 0) {
        return 1;
    }
    if (flatten(&image) != 0 || convert_to_srgb(&image) != 0 || make_three_bytes(&image) != 0 ||
        turn_upright(&image) != 0) {
        g_object_unref(image);
        return 1;
    }
    size_t size = 0;
    result->pixels = vips_image_write_to_memory(image, &size);
    result->width = image->Xsize;
    result->height = image->Ysize;
    result->bands = image->Bands;
    g_object_unref(image);
    return result->pixels == NULL;
}

// libjpeg calls damage inside the picture a warning and paints it gray; but some cameras leave
// harmless warnings too. These are its words for damage.
static int tells_of_damage(const char *message) {
    static const char *const words[] = {"premature end", "Premature end", "bad Huffman",
                                        "bad arithmetic", "instead of RST"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(message, words[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

int cv_decode(const void *data, size_t length, cv_format format, cv_pixels *result,
              cv_error *error) {
    g_autoptr(GMutexLocker) turn = cv_take_turn();
    const VipsFailOn strictest =
        format == CV_JPEG ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;
    if (decode(data, length, format, strictest, result) == 0) {
        return 0;
    }
    // Any line may tell: which one comes first depends on the decoder's threads.
    const int is_damaged = tells_of_damage(vips_error_buffer());
    cv_fail(error);
    if (format != CV_JPEG || is_damaged) {
        return 1;
    }
    vips_error_clear();
    if (decode(data, length, format, VIPS_FAIL_ON_ERROR, result) == 0) {
        return 0;
    }
    return cv_fail(error);
}

// Alpha as bytes: 16-bit channels lose their lower half.
static int make_alpha_bytes(VipsImage **image) {
    VipsImage *next = NULL;
    if (vips_extract_band(*image, &next, (*image)->Bands - 1, NULL) != 0) {
        return 1;
    }
    replace(image, next);
    if ((*image)->BandFmt != VIPS_FORMAT_UCHAR) {
        next = NULL;
        if (vips_cast_uchar(*image, &next, "shift", TRUE, NULL) != 0) {
            return 1;
        }
        replace(image, next);
    }
    return 0;
}

int cv_decode_alpha(const void *data, size_t length, cv_format format, cv_pixels *result,
                    cv_error *error) {
    g_autoptr(GMutexLocker) turn = cv_take_turn();
    result->pixels = NULL;
    VipsImage *image = NULL;
    if (load(data, length, format, VIPS_FAIL_ON_ERROR, &image) != 0) {
        return cv_fail(error);
    }
    if (!vips_image_hasalpha(image)) {
        g_object_unref(image);
        return 0;
    }
    if (make_alpha_bytes(&image) != 0 || turn_upright(&image) != 0) {
        g_object_unref(image);
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
