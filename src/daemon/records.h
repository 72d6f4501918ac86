/* What is known of names: one record set per name and type, asked for once
 * however many wait, then kept until its TTL ends, good news and bad. */

#ifndef RECORDS_H
#define RECORDS_H

#include "dns_answer.h"
#include "timer.h"

#define RECORDS_NAME_SIZE 254    /* RFC 1035 §2.3.4: 255 octets on the wire */
#define RECORDS_TIMEOUT   SECONDS(10)  /* all tries of one question */


struct records;

/* The records of one name and type, read only for all but records.c. */
struct record_set {
	struct le he;                    /* in the table */
	struct le le;                    /* among the idle, if not asking */
	struct records *r;
	char name[RECORDS_NAME_SIZE];
	uint16_t type;                   /* DNS_TYPE_A, DNS_TYPE_AAAA */
	struct dns_query *dq;
	struct timer timer;              /* gives up */
	bool asking;
	struct list wantl;
	msec_t fresh;                    /* until */
	int err;                         /* as resolve_h has it */
	char *text;                      /* why; NULL if there are addresses */
	struct sa *addrv;                /* port 0 */
	size_t addrc;
};

/* The set is there. May cancel wants and start timers, and nothing else. */
typedef void (record_h)(void *arg);

/* Somebody's interest in one set; the owner keeps it. Zero it first. */
struct record_want {
	struct le le;                    /* in wantl, while we wait */
	struct record_set *set;
	record_h *h;
	void *arg;
};


/* As resolve_alloc(). */
int records_alloc(struct records **rp, const struct sa *serverv,
		  size_t serverc);

/* Wants the set of a name in lower case. If it is known, *waiting is false;
 * else it is true and the handler is called later from the loop. */
int records_want(struct record_want *w, bool *waiting, struct records *r,
		 const char *name, uint16_t type, record_h *h, void *arg);

/* Lets go of the set. Safe on a zeroed one, and twice. */
void record_unwant(struct record_want *w);

int records_set_hosts(struct records *r, const char *path);
void records_set_timeout(struct records *r, msec_t timeout);

#endif
