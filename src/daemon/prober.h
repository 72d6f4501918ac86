/* One probe on its way: an OPTIONS to our own AOR with a secret in it (DESIGN
 * §8). When one is due and what its outcome means is decided in core/probe.c.
 *
 * It leaves from a UDP socket of its own, so that it does not open the pinhole
 * that it tests, or over the flow itself. The secret is in a header and in the
 * Call-ID: a B2BUA drops headers that it does not know, and some keep that. */

#ifndef PROBER_H
#define PROBER_H

#include "conn.h"
#include "link.h"
#include "register.h"


#define PROBER_HEADER "Sipregd-Probe"
#define PROBER_SECRET_SIZE 33    /* 128 bits in hex, and the zero */

struct prober;

/* The final answer's code, of a challenge only the second one, or the first if
 * our credentials cannot answer it; 0: none came within Timer F (RFC 3261
 * §17.1.2.2), or the socket failed. Told once; the prober may be freed from it
 * and stays good for prober_is_mine() until then. */
typedef void (prober_answer_h)(uint16_t code, void *arg);

struct prober_conf {
	const struct register_identity *id;      /* outlives the prober */
	struct addr contact;             /* as the last REGISTER offered it */
	const char *proxy;               /* as the REGISTER's; copied */
	const char *service_route;       /* RFC 3608, or NULL; copied */
	/* Of the flow. With a socket of its own transport, peer, source
	 * address, interface and dscp count; with `link` transport alone. */
	const struct conn_conf *conn;
	struct link *link;               /* over this flow, always on streams;
					    NULL: from a socket of its own */
};

/* Sends it, from a socket of its own on the next turn of the loop. The answer
 * handler is never called from here. On an error *pp is untouched; of a `link`
 * it may mean that the link is over, as link_request() says. EINVAL: a stream
 * without link; EBADMSG, ENOMEM, errors of conn_open().
 *
 * The caller closes it (mem_deref) before the flow's address or Contact is
 * another one; that the link ended need not be told: Timer F ends it. */
int prober_send_open(struct prober **pp, const struct prober_conf *conf,
		     prober_answer_h *h, void *arg);

/* For mask_add() alone; "" for NULL. */
const char *prober_secret(const struct prober *p);

/* Does this request carry its secret, in the header or in the Call-ID? False
 * for NULL. */
bool prober_is_mine(const struct prober *p, const struct sip_msg *msg);

#endif
