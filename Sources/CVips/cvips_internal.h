// What the files of this target share.
#ifndef CVIPS_INTERNAL_H
#define CVIPS_INTERNAL_H

#include "cvips.h"

// Leaves `text` in `error`.
void cv_set_error(cv_error *error, const char *text);

// Leaves the library's own message in `error`; returns 1.
int cv_fail(cv_error *error);

#endif
