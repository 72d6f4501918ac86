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
};


/* `port` 0: any. */
int stun_server_start(struct stun_server *s, const char *literal,
		      uint16_t port);
void stun_server_stop(struct stun_server *s);

#endif
