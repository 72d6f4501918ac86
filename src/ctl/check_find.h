/* What a monitoring system should hear of an account. */

#ifndef CHECK_FIND_H
#define CHECK_FIND_H

#include <sys/types.h>
#include <re.h>
#include "ctl.h"

/* The worst that there is. */
struct finding {
	enum plugin state;
	const char *what;        /* NULL: nothing */
	char detail[64];         /* to go behind it; may be empty */
};


/* CRITICAL is what cannot be called or is not registered, WARNING what may not
 * be or soon not: unproven, only begun, refused of late, with ghosts, a
 * certificate that ends in less than so many days; and who is not wanted: who
 * is disabled is for the caller to pass over. */
void check_find(struct finding *f, const struct odict *a, int cert_days);

/* Until the first certificate of its flows ends [s]; 0: one has; negative: there
 * is none. */
int64_t check_certificate_left(const struct odict *a);

/* Of two numbers that are negative if they are not known. */
int64_t check_smaller(int64_t a, int64_t b);

#endif
