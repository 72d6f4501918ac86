/* A STUN server in the test's own process: tells the truth, or something
 * else. */

#ifndef STUN_SERVER_H
#define STUN_SERVER_H

#include "loop.h"


/* What goes wrong with its answers. */
enum stun_fault {
	STUN_FAULT_NONE,
	STUN_FAULT_SILENT,
	STUN_FAULT_WRONG_ID,
	STUN_FAULT_ERROR,                /* 500 */
	STUN_FAULT_CUT,                  /* the last octet is missing */
	STUN_FAULT_NO_ADDRESS,
	STUN_FAULT_SAME_SOURCE,          /* CHANGE-REQUEST is ignored ... */
	STUN_FAULT_UNKNOWN,              /* ... or refused, 420 */
};

struct stun_server {
	struct io io;
	struct sa addr;                  /* where it listens */
	enum stun_fault fault;
	struct sa claim;                 /* what it says; unset: the truth */
	bool changing;                   /* the next address of the claim each
					    time */
	unsigned mute;                   /* silent to so many questions first */
	unsigned asked;                  /* questions so far */
	struct sa from;                  /* whose was the last */
	struct sa other;                 /* OTHER-ADDRESS; unset: none */
	struct stun_server *changev[4];  /* who answers to CHANGE-REQUEST, by
					    its bits: 1 port, 2 IP; NULL:
					    nobody */
};

/* A server for RFC 5780: two addresses with two ports each. */
struct stun_server4 {
	struct stun_server v[4];         /* by the same bits: [0] is the one
					    that is asked first */
};


/* `port` 0: any. */
int stun_server_start(struct stun_server *s, const char *literal,
		      uint16_t port);
void stun_server_stop(struct stun_server *s);

int stun_server4_start(struct stun_server4 *s, const char *literal,
		       const char *other);
void stun_server4_stop(struct stun_server4 *s);

#endif
