/* What is known of names: one record set per name and type, asked for once
 * however many wait, then kept until its TTL ends, good news and bad. */

#ifndef RECORDS_H
#define RECORDS_H

#include "dns.h"
#include "dns_answer.h"
#include "resolve_recovery.h"
#include "timer.h"


struct records;

/* The records of one name and type, read only for all but records.c. */
struct record_set {
	struct le he;                    /* in the table */
	struct le le;                    /* among the idle, if not asking */
	struct loss loss;                /* somebody fails for want of it */
	struct records *r;
	struct dns_answer *answer;       /* the last one of use; NULL: none
					    yet, or no memory for it */
	struct dns_question *dq;
	struct timer timer;              /* shows what is stale */
	bool asking;
	bool shown;                      /* may be read while asking */
	bool failing;                    /* there was no answer last time */
	bool local;                      /* of the hosts file */
	bool looked;                     /* so `local` counts */
	struct list wantl;
	msec_t fresh;                    /* until: not asked again */
	msec_t stale;                    /* until: of use if DNS is not */
	uint16_t type;                   /* DNS_TYPE_A, _AAAA, _SRV, _NAPTR */
	char name[DNS_NAME_SIZE];
};

/* The set is there. May cancel wants and start timers, and nothing else. */
typedef void (record_h)(void *arg);

/* Somebody's interest in one set; the owner keeps it. Zero it first. */
struct record_want {
	struct le le;                    /* in wantl, while we wait */
	struct record_set *set;
	bool waiting;                    /* for the handler */
	record_h *h;
	void *arg;
};


/* As resolve_alloc(); the handler is called from the loop. */
int records_alloc(struct records **rp, const struct sa *serverv,
		  size_t serverc, recovery_h *h, void *arg);
int records_set_servers(struct records *r, const struct sa *serverv,
			size_t serverc);

/* Wants the set of a name in lower case. If it is known, w->waiting is false
 * after it; else the handler is called later from the loop. */
int records_want(struct record_want *w, struct records *r, const char *name,
		 uint16_t type, record_h *h, void *arg);

/* Lets go of the set. Safe on a zeroed one, and twice. */
void record_unwant(struct record_want *w);

/* Since when it is asked for: others may be before us. NEVER: it is not its
 * turn yet; 0: it is not asked for. */
msec_t record_asked(const struct record_set *s);

/* The set as it stands, without asking anybody; NULL: nothing is known. */
const struct record_set *records_find(const struct records *r,
				      const char *name, uint16_t type);

/* Is this a name of the hosts file, so that DNS has no say in it? */
bool records_local(struct records *r, const char *name);

/* Has a question for SRV or NAPTR been answered by these servers, be it with
 * "there is none"? Some, in home routers, know of addresses only. */
bool records_know_services(const struct records *r);

/* Somebody failed for want of this set: it is asked for now and then, until
 * it is answered or nobody cares any more. */
void record_failed(struct record_set *s);

int records_set_hosts(struct records *r, const char *path);
int records_set_conf(struct records *r, const char *path, uint16_t port);
void records_set_timeout(struct records *r, msec_t timeout);
void records_set_rate(struct records *r, uint32_t rate);

#endif
