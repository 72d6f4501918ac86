/* A DNS client: one question to the servers in turn until one of them answers
 * (RFC 1035, RFC 7766).
 *
 * libre's own cannot be had without AF_INET6 sockets, takes a truncated answer
 * for a whole one, and takes one from anybody who guesses 16 bits. Here each
 * question has sockets of its own, connected to the server: the kernel draws
 * the port and checks the sender, and a server that is not there is found out
 * at once. */

#ifndef DNS_H
#define DNS_H

#include "clock.h"
#include "compat.h"
#include "dns_answer.h"

#define DNS_TIMEOUT     SECONDS(10)      /* all tries of one question */
#define DNS_SERVERS_MAX 8                /* glibc takes 3 */
#define DNS_ACTIVE_MAX  100              /* questions in flight, each with up
					    to a socket per server; the others
					    wait their turn */

struct dns;
struct dns_question;

/* The answer is good for as long as somebody refers to it: a->err 0 or ENOENT;
 * EPROTO, ETIMEDOUT if no server was of use. NULL: out of memory. The question
 * is over and may be freed. */
typedef void (dns_h)(struct dns_answer *a, void *arg);


int dns_alloc(struct dns **dp, const struct sa *serverv, size_t serverc);

/* Questions in flight start again. More than DNS_SERVERS_MAX: the first. */
void dns_set_servers(struct dns *d, const struct sa *serverv, size_t serverc);

/* "192.0.2.53, 192.0.2.54": the servers, for messages. */
const char *dns_servers(const struct dns *d);

/* Asks for a name in lower case, without a final dot; class IN, recursion
 * desired. The handler is called once, later, from the loop. Free the question
 * to be told nothing, and before the client. ENOMEM; EINVAL: no such name. */
int dns_ask(struct dns_question **qp, struct dns *d, const char *name,
	    uint16_t type, dns_h *h, void *arg);

/* For questions from now on: all tries together, [ms] */
void dns_set_timeout(struct dns *d, msec_t timeout);

#endif
