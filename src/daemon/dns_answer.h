/* What a DNS message says of one name: its records or why there are none, and
 * how long that may be believed. Pure: reads octets, asks nobody. */

#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <errno.h>
#include "clock.h"
#include "compat.h"

#define DNS_NAME_SIZE   254      /* RFC 1035 §2.3.4: 255 octets on the wire,
				    with dots and the final zero */
#define DNS_RECORDS_MAX 32       /* of one answer; the rest is left */
#define DNS_FAILURE_TTL 5        /* [s] RFC 9520 §3.2: 1 s to 5 min */


struct dns_record {
	union {
		struct sa addr;          /* A, AAAA; port 0 */
		struct {
			uint16_t priority, weight, port;
		} srv;
		struct {
			uint16_t order, preference;
			char flag;       /* lower case; 0: not just one */
			char service[12];        /* upper case, cut off: what
						    we know is shorter */
		} naptr;
	} u;
	char *name;                      /* SRV: the target; NAPTR: the
					    replacement; lower case, a host's
					    name or "" for "."; else NULL */
};

/* Made by one of the functions below, then read only: whoever keeps it takes a
 * reference. */
struct dns_answer {
	int err;                         /* 0: there are records; ENOENT: there
					    are none; EPROTO, ETIMEDOUT: that
					    is not known */
	char *text;                      /* why; NULL if err is 0 */
	bool truncated;                  /* there is more over TCP */
	uint8_t rcode;                   /* DNS_RCODE_* */
	msec_t ttl;                      /* [ms] NEVER: until told otherwise */
	size_t recordc;                  /* up to DNS_RECORDS_MAX */
	struct dns_record recordv[];
};


/* Copies a host's name in lower case, without its final dot. RFC 1123 §2.1:
 * letters, digits, hyphens, and a last label that is no number; "_" is no
 * host's, but in use. EINVAL: it is none. */
int dns_name_parse(char *name, size_t size, const char *host);

/* Reads a whole message from the position of `mb` to its end as the answer to
 * the question for `name` and `type` (A, AAAA, SRV, NAPTR); `from` is who sent
 * it, for the text. Records of other names are nothing to us, nor are those
 * that make no sense; a chain of CNAMEs is followed. The id is the caller's to
 * check. EBADMSG: it is no answer to that question; ENOMEM. */
int dns_answer_read(struct dns_answer **ap, struct mbuf *mb, const char *name,
		    uint16_t type, const char *from);

/* Knows the addresses from elsewhere, DNS_RECORDS_MAX of them at most. */
int dns_answer_known(struct dns_answer **ap, const struct sa *addrv,
		     size_t addrc);

/* None came, or none will; good for DNS_FAILURE_TTL. The text is printf's.
 * NULL: there is no memory even for that. */
struct dns_answer *dns_answer_failed(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "IPv4 address", "SRV record" */
const char *dns_type_text(uint16_t type);

/* Not answered: the last good answer is better than this. NULL counts. */
static inline bool dns_answer_unknown(const struct dns_answer *a)
{
	return !a || (a->err && a->err != ENOENT);
}

#endif
