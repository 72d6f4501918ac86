/* What the status of an account amounts to, in a few sentences. */

#ifndef STATUS_WORDS_H
#define STATUS_WORDS_H

#include <sys/types.h>
#include <re.h>

/* To stdout: can it be called, since when, how is that known; how is it
 * registered, what happens next and when; and if something is wrong, the likely
 * cause and the remedy. */
void status_words(const struct odict *a);

#endif
