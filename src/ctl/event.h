/* Shows one EVENT of the journal. */

#ifndef EVENT_H
#define EVENT_H

#include <sys/types.h>
#include <re.h>

/* One line to stdout, after `indent` spaces: time, kind, and what it was. */
void event_print(const struct odict *e, int indent);

#endif
