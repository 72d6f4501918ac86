/* Shows one EVENT of the journal. */

#ifndef EVENT_H
#define EVENT_H

#include <sys/types.h>
#include <re.h>

/* One line to stdout, after `indent` spaces: time, kind, and what it was. */
void event_print(const struct odict *e, int indent);

/* The same, with the account's name after the time. */
void event_print_account(const struct odict *e);

#endif
