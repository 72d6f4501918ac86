/* What a DNS answer says of one name: its addresses or why there are none, and
 * how long that may be believed. */

#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "clock.h"
#include "compat.h"
#include "target.h"

#define DNS_TEXT_SIZE 160


struct dns_answer {
	int err;                         /* as resolve_h has it */
	char text[DNS_TEXT_SIZE];        /* why, "" if there are addresses */
	struct sa addrv[TARGET_MAX];     /* port 0 */
	size_t addrc;
	msec_t ttl;
};


/* Reads what dns_query_h got. `type`: DNS_TYPE_A or DNS_TYPE_AAAA. `from`
 * names the servers for the text. */
void dns_answer_read(struct dns_answer *a, const char *name, uint16_t type,
		     const char *from, int err, const struct dnshdr *hdr,
		     struct list *ansl, struct list *authl);

/* None came, or none will. The text is printf's. */
void dns_answer_failed(struct dns_answer *a, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
