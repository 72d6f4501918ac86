/* Shows the same picture again and again on a terminal, until it is
 * interrupted. */

#ifndef WATCH_H
#define WATCH_H

#include <stdio.h>
#include "ctl.h"

/* Writes the picture to `f` in at most `lines` lines. */
typedef void (watch_h)(FILE *f, unsigned lines, void *arg);

/* Draws it every so many seconds and when the terminal's size has changed, and
 * leaves the terminal as it was found. RESULT_USAGE if stdout is none. Ctrl-C
 * ends the program with status 0; other signals as they always do. */
enum result watch(int seconds, watch_h *h, void *arg);

#endif
