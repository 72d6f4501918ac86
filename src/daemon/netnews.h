/* What an rtnetlink message says that is news: an address, a link or a route
 * that is not as it was. Most messages are none. */

#ifndef NETNEWS_H
#define NETNEWS_H

#include "netfacts.h"


#define NETNEWS_TEXT_SIZE 160

enum {
	NETNEWS_GONE    = 1 << 0,        /* an address */
	NETNEWS_CHANGED = 1 << 1,        /* anything, that too */
	NETNEWS_DUMPED  = 1 << 2,        /* one has ended */
};

/* Zero it first. */
struct netnews {
	struct netfacts facts;
	uint32_t port;                   /* our socket's: what is sent to it is
					    of our dumps, learned and no news;
					    0: none */
	bool quiet;                      /* the message is such a one */
	unsigned weight;                 /* of the text */
	char text[NETNEWS_TEXT_SIZE];    /* the news in words: the last of the
					    weightiest since netnews_told() */
};


/* Reads whole messages of the kernel, `buf` aligned as malloc() does; what is
 * cut off is left. Bits. Without memory what is new stays unknown, so that it
 * is news again. */
unsigned netnews_read(struct netnews *n, const void *buf, size_t len);

/* Messages were lost: anything may have changed. Bits. */
unsigned netnews_lost(struct netnews *n);

/* The text has been told, whatever is next replaces it. */
void netnews_told(struct netnews *n);

/* Forgets all that is known, but not the text. Safe to call twice. */
void netnews_reset(struct netnews *n);

#endif
