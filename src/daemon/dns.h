/* A DNS client: one question to the servers in turn until one of them answers
 * (RFC 1035, RFC 7766).
 *
 * libre's own cannot be had without AF_INET6 sockets, takes a truncated answer
 * for a whole one, and takes one from anybody who guesses 16 bits. Here each
 * question has sockets of its own, connected to the server: the kernel draws
 * the port and checks the sender, and a server that is not there is found out
 * at once.
 *
 * Questions are paced: ten thousand accounts that start at once ask for ten
 * thousand names, and a home router's DNS proxy forgets what it cannot hold, or
 * is taken down by it. Who has to wait does so in the order in which he asked,
 * and his time runs from his turn on.
 *
 * Names that nobody answers must not delay the others: a question that has been
 * silent for a while (DNS_LATE) may have to make room for one that was not
 * asked yet, and begins anew later. Those, and what had no answer last time,
 * share DNS_LATE_MAX of the places. */

#ifndef DNS_H
#define DNS_H

#include "clock.h"
#include "compat.h"
#include "dns_answer.h"

#define DNS_TIMEOUT     SECONDS(10)      /* all tries of one question */
#define DNS_SERVERS_MAX 8                /* glibc takes 3 */
#define DNS_ACTIVE_MAX  64               /* questions in flight, each with up
					    to a socket per server. dnsmasq, in
					    most routers, forwards 150 at a time
					    and refuses more; we are not alone
					    in that network */
#define DNS_RATE        200              /* questions begun per second, 20 of
					    them at once: what a home router
					    forwards without losing any. Both
					    families of 10,000 hosts take 100 s
					    of it */
#define DNS_LATE        10               /* a question is late after a tenth of
					    its timeout: the first wait, 1 s */
#define DNS_LATE_MAX    32               /* late and doubtful ones, while there
					    are others: half of the places, so
					    32 names that nobody answers are
					    passed by per second */

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
 * desired. `doubtful`: it had no answer last time. The handler is called once,
 * later, from the loop. Free the question to be told nothing, and before the
 * client. ENOMEM; EINVAL: no such name. */
int dns_ask(struct dns_question **qp, struct dns *d, const char *name,
	    uint16_t type, bool doubtful, dns_h *h, void *arg);

/* When its turn came for the first time; a doubtful one counts from when it was
 * asked for. NEVER: it still waits for that. */
msec_t dns_begun(const struct dns_question *q);

/* For questions that begin from now on: all tries together, [ms] */
void dns_set_timeout(struct dns *d, msec_t timeout);

/* For tests: questions begun per second; 0: no limit. */
void dns_set_rate(struct dns *d, uint32_t rate);

#endif
