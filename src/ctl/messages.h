/* What is wrong with a configuration. */

#ifndef MESSAGES_H
#define MESSAGES_H

#include <sys/types.h>
#include <re.h>

/* The errors and warnings that Reload told, to stderr, one a line, as
 * `sipregd -t` has them. Prints nothing if there are none. */
void messages_print(const struct odict *parameters);

#endif
