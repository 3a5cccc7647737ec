// What the files of this target share.
#ifndef CVIPS_INTERNAL_H
#define CVIPS_INTERNAL_H

#include <glib.h>

#include "cvips.h"

// Waits for its turn and clears the library's error text, of which there is one for all threads:
// who uses the library keeps the turn until the text has been read.
//     g_autoptr(GMutexLocker) turn = cv_take_turn();
GMutexLocker *cv_take_turn(void);

// Leaves `text` in `error`.
void cv_set_error(cv_error *error, const char *text);

// Leaves the library's own message in `error`; returns 1.
int cv_fail(cv_error *error);

#endif
