/* What verbs share that show what happens as it happens, until somebody ends
 * them. */

#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include "ctl.h"


/* From now on SIGINT and SIGTERM do not kill but end the stream; the second one
 * of a kind kills. False: not possible, it has said why. */
bool stream_begin(void);

/* Waits until `fd` can be read or the stream is to end: by a signal, or because
 * nobody reads stdout any more. */
void stream_wait(int fd);

/* The stream is to end; what has come is still to be shown. */
bool stream_over(void);

/* What was printed leaves: after each line, for a program that waits for it.
 * RESULT_FAILED: it cannot; if nobody reads any more that is the end of the
 * stream and no failure, and nothing is said. */
enum result stream_flush(void);

#endif
