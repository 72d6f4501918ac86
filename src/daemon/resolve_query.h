/* One query on its way through the stages of RFC 3263. For resolve*.c only. */

#ifndef RESOLVE_QUERY_H
#define RESOLVE_QUERY_H

#include "records.h"
#include "resolve.h"
#include "resolve_service.h"

#define FAMILIES  2
#define HOSTS_MAX 16             /* of one query; SRV sets have 2 to 8 */

/* With the addresses of one family of one host known, the rest gets so much
 * longer, and so does NAPTR, which we can do without (RFC 8305 §3 has the idea,
 * and 50 ms; here nobody is waiting at a screen, a lost question is asked again
 * after 1 s, and a stale answer comes after 1.8 s). Some servers never answer
 * what they do not know. */
#define SETTLE    SECONDS(2)

enum stage {
	STAGE_NAPTR,
	STAGE_SERVICES,
	STAGE_HOSTS,
};

/* Where SRV records are, or a host that needs none. */
struct way {
	struct record_want want;
	enum transport transport;
	uint32_t order;                  /* of the NAPTR record, or 0 */
	const char *host;                /* of the NAPTR record; NULL: SRV */
};

struct host {
	struct record_want wantv[FAMILIES];      /* AAAA, A; or just one */
	unsigned wantc;
	enum transport transport;
	uint16_t port;
	unsigned rank;                   /* as in resolve_order.h */
};

struct resolve_query {
	struct le le;                    /* the resolver's, until answered */
	struct records *records;
	struct rng *rng;
	enum stage stage;
	struct sa literal;               /* if the host was one */
	enum resolve_family family;
	enum transport transport;        /* AUTO: to be found */
	uint16_t port;                   /* 0: the transport's */
	bool secure;
	bool tls_offered;
	bool settling;                   /* the timer runs for the rest */
	struct record_want naptr;
	struct dns_answer *chosen;       /* by NAPTR; NULL: by nobody */
	struct way *wayv;
	size_t wayc;
	struct record_set *doubt;        /* SRV that DNS cannot tell */
	struct host *hostv;
	size_t hostc, hosts_max;
	struct timer timer;
	resolve_h *h;
	void *arg;
	char *name;                      /* lower case; NULL: literal */
};


/* A stage begins by wanting sets. ENOMEM. */
int naptr_begin(struct resolve_query *q);
int services_begin(struct resolve_query *q, enum transport t);
int domain_begin(struct resolve_query *q, enum transport t);

/* For HOSTS_MAX of `n` hosts, that are then added; those that do not fit and
 * those that are there already are left. */
int hosts_begin(struct resolve_query *q, size_t n);
int hosts_add(struct resolve_query *q, const char *name, enum transport t,
	      uint16_t port, unsigned rank);

/* May it end? Then, or when it need not wait any longer, the timer runs. */
void services_arm(struct resolve_query *q);
void hosts_arm(struct resolve_query *q);

/* What was wanted is there, or shall not be waited for: on to the next stage,
 * or the end of the query. */
void naptr_end(struct resolve_query *q);
void services_end(struct resolve_query *q);
void hosts_end(struct resolve_query *q);

/* The next stage has begun, or could not. */
void query_go_on(struct resolve_query *q, int err);

/* The end of the query, which may be gone after it. */
void query_tell(struct resolve_query *q, struct resolve_result *res);
void query_fail(struct resolve_query *q, int err, const char *text);

/* The set says why. */
void query_fail_for(struct resolve_query *q, struct record_set *s);

/* Where there are no records that choose. */
enum transport query_transport(const struct resolve_query *q);
uint16_t query_port(const struct resolve_query *q, enum transport t);

/* What the resolver knows of names. */
struct records *resolve_records(const struct resolve *r);

/* For records_want(). */
void query_record_handler(void *arg);

#endif
