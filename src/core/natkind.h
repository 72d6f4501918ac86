/* What kind of NAT is before this site (RFC 5780): which test comes next, and
 * what the outcomes mean.
 *
 * One measurement, from two sockets: `main` asks where it is seen, by different
 * addresses (mapping); `side` asks for answers from addresses that it never
 * sent to (filtering), and sends to where `main` is seen (hairpinning). Apart,
 * as each question opens ways that the others are about (RFC 5780 §4.6).
 *
 * A server that tells OTHER-ADDRESS allows all tests; two servers without it
 * the mapping half; one tells the address, and whether the port is kept. NATs
 * change their ways under load (RFC 5780 §1): this is for advice, no
 * registration depends on it. */

#ifndef NATKIND_H
#define NATKIND_H

#include <stdbool.h>
#include "addr.h"
#include "clock.h"
#include "mapping.h"


#define NATKIND_TIME  SECONDS(12)        /* one measurement ends by then, a
					    person waits for it */
#define NAT_SERVERS   2

enum nat_test {
	NAT_TEST_FIRST,          /* §4.3 I: where the server sees `main` */
	NAT_TEST_OTHER_IP,       /* §4.3 II: its other IP, the same port */
	NAT_TEST_OTHER_PORT,     /* §4.3 III: there, the other port */
	NAT_TEST_SECOND,         /* another server, instead of both */
	NAT_TEST_FROM_IP,        /* §4.4 II: answer from other IP and port */
	NAT_TEST_FROM_PORT,      /* §4.4 III: answer from the other port */
	NAT_TEST_HAIRPIN,        /* §4.5: from `side` to where `main` is seen */
};
#define NAT_TESTS 7

/* RFC 4787 §4.1 */
enum nat_map {
	NAT_MAPPING_UNKNOWN,
	NAT_MAPPING_NONE,        /* no NAT: we are seen where we are */
	NAT_MAPPING_ENDPOINT,    /* the same for all destinations */
	NAT_MAPPING_ADDRESS,     /* another one for another IP */
	NAT_MAPPING_PORT,        /* and for another port there */
	NAT_MAPPING_DESTINATION, /* one of the last two */
};

/* RFC 4787 §5 */
enum nat_filter {
	NAT_FILTERING_UNKNOWN,
	NAT_FILTERING_ENDPOINT,  /* anybody gets in */
	NAT_FILTERING_ADDRESS,   /* only IPs that were sent to */
	NAT_FILTERING_PORT,      /* only IPs and ports that were sent to */
};

enum nat_yes {
	NAT_UNKNOWN,
	NAT_NO,
	NAT_YES,
};

enum nat_state {
	NAT_STATE_WAITING,       /* or not needed */
	NAT_STATE_ASKED,
	NAT_STATE_ANSWERED,
	NAT_STATE_SILENT,
	NAT_STATE_VOID,          /* the server cannot do this */
};

struct natkind {
	struct addr serverv[NAT_SERVERS];        /* in the order to ask them;
						    unset: none */
	unsigned server;         /* that is measured with */
	struct addr local;       /* of `main` */
	struct addr other;       /* OTHER-ADDRESS; unset: none of use */
	struct addr mappedv[NAT_TESTS];  /* where an answer said it saw us */
	enum nat_state statev[NAT_TESTS];
	bool cgnat;              /* RFC 6598 addresses seen on the way */
	msec_t end_at;
};


/* "none", "endpoint-independent", "address-dependent",
 * "address-and-port-dependent", "destination-dependent"; NULL: unknown. */
const char *nat_map_name(enum nat_map m);
const char *nat_filter_name(enum nat_filter f);

/* Another measurement begins; one without addresses ends at once. Addresses of
 * one family. */
void natkind_start(struct natkind *k, const struct addr *serverv,
		   msec_t now);

/* `main` is open, and this is its own address. */
void natkind_on_socket(struct natkind *k, const struct addr *local);

/* 1 << enum nat_test of those that are to be asked now: they count as asked. */
unsigned natkind_next(struct natkind *k);

/* Does the question go out from `side`? */
bool natkind_side(enum nat_test t);

/* Where it goes to. */
const struct addr *natkind_target(const struct natkind *k, enum nat_test t,
				  struct addr *room);

/* May an answer to it come from there? Others are not from whom we asked. */
bool natkind_expects(const struct natkind *k, enum nat_test t,
		     const struct addr *src);

/* An answer from `src`, which was expected: it sees us at `mapped` (of
 * NAT_TEST_HAIRPIN nothing is read) and has the other address `other`, or none
 * (unset). A server may name any address there: we go to none that is of
 * another kind than its own. */
void natkind_on_answer(struct natkind *k, enum nat_test t,
		       const struct addr *src, const struct addr *mapped,
		       const struct addr *other);

/* No answer, also where nothing could be sent; or the server says that it
 * cannot. */
void natkind_on_silence(struct natkind *k, enum nat_test t);
void natkind_on_error(struct natkind *k, enum nat_test t);

/* A router on the way to the server has this address. */
void natkind_on_hop(struct natkind *k, const struct addr *addr);

/* Nothing is asked any more, or its time is over. */
bool natkind_ended(const struct natkind *k, msec_t now);


/* --- what it came to --- */

/* Did any server say where it sees us? */
bool natkind_learned(const struct natkind *k);

/* By what: "rfc5780", "two-servers", "one-server"; NULL: nothing is known. */
const char *natkind_method(const struct natkind *k);

/* Where the server sees `main`; unset: not known. */
const struct addr *natkind_mapped(const struct natkind *k);

enum nat_map natkind_mapping(const struct natkind *k);
enum nat_filter natkind_filtering(const struct natkind *k);
enum nat_yes natkind_port_kept(const struct natkind *k);
enum nat_yes natkind_hairpin(const struct natkind *k);

/* Other destinations see another IP (RFC 4787 REQ-2 forbids it). */
bool natkind_pool(const struct natkind *k);

/* Other destinations see another address or port ("symmetric" in RFC 3489). */
bool natkind_symmetric(const struct natkind *k);

/* MAPPING_NOTE_SYMMETRIC of a UDP flow that goes out by the same address of
 * ours, and through a NAT; else 0. */
unsigned natkind_note(const struct natkind *k, const struct mapping *m);

#endif
