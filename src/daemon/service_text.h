/* What the service manager shows of us in one line (STATUS= of sd_notify(3)):
 * how many accounts are well, which are not and why, and what else somebody
 * should know who looks there first. */

#ifndef SERVICE_TEXT_H
#define SERVICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "verdict.h"


#define SERVICE_TEXT_MAX     768         /* bytes of it and its zero */
#define SERVICE_TROUBLES_MAX 16          /* accounts that are named, at most */
#define REFUSAL_MAX          256         /* bytes of a message */

/* A configuration that was not taken. All zero: none was. */
struct refusal {
	unsigned errors;
	char first[REFUSAL_MAX];         /* of its messages, the beginning */
};

struct service_trouble {
	const char *name;
	enum reason reason;
	unsigned rank;                   /* 0: the worst */
};

/* All zero before the first account. */
struct service_facts {
	size_t accounts, enabled, registered, reachable;
	struct service_trouble troublev[SERVICE_TROUBLES_MAX];   /* the worst
								    first */
	size_t troublec;
	const char *file;                /* the configuration */
	const char *dir;                 /* where accounts are put, maybe the
					    same */
	const struct refusal *refusal;   /* of the last reload */
	bool stopping;
	size_t leaving;                  /* accounts that un-register still */
};


void refusal_add(struct refusal *r, const char *message);

/* "WHAT refused: FILE:LINE: message (+2 more)" */
void refusal_text(char *buf, size_t size, const char *what,
		  const struct refusal *r);

/* One more account, in the order of the configuration. `name` stays as long as
 * the facts. */
void service_facts_add(struct service_facts *f, const char *name,
		       bool enabled, const struct verdict *v);

/* "3/4 reachable, 4 registered; home: credentials". Printable ASCII whatever
 * the facts are: of anything but UTF-8 systemd shows nothing at all. */
void service_text(char *buf, size_t size, const struct service_facts *f);

#endif
