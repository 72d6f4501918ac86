/* The Contacts: a 200's list, read entry by entry (which binding is our own,
 * how long its lease is, what the others are: RFC 3261 §10.2.4, RFC 5626 §4.2),
 * and which one to offer. What becomes of old ones says purge.h.
 *
 * The lease is taken from our own binding or from the Expires header, never
 * from somebody else's. */

#ifndef CONTACT_H
#define CONTACT_H

#include <stdbool.h>
#include <stdint.h>
#include "addr.h"


/* How our own binding was recognised; the strongest first. */
enum contact_match {
	CONTACT_NO_MATCH,
	CONTACT_BY_INSTANCE,     /* +sip.instance and reg-id */
	CONTACT_BY_TOKEN,        /* our URI parameter, account and flow part */
	CONTACT_BY_MAPPED,       /* user, and the address the NAT gave us */
	CONTACT_BY_SENT,         /* user, and the address that we sent */
};

const char *contact_match_name(enum contact_match m);   /* JSON matched_by */

/* What the daemon read of one Contact, compared with what is ours. */
struct contact_entry {
	struct addr addr;        /* host of the URI if an IP literal */
	uint32_t expires;        /* [s] its parameter; CONTACT_NO_EXPIRES */
	bool instance;           /* +sip.instance is ours */
	bool reg_id;             /* reg-id is this flow's, or there is none */
	bool token_account;      /* our token's account part is there */
	bool token_flow;         /* and its flow part is this flow's */
	bool token_other;        /* it is another account's of this instance */
	bool user;               /* user part is the one that we sent */
	bool known;              /* kept as ours from an earlier flow or run */
	enum contact_match other;        /* another registration of the account
				    made it: by our instance and its reg-id,
				    or by its token */
	bool retired;            /* ... which the account has no more: it had
				    more flows once */
};

#define CONTACT_NO_EXPIRES UINT32_MAX
#define CONTACT_LEASE_MAX  (10 * 86400)  /* [s] no registrar means more */

struct contact_list {
	struct addr sent;        /* what our Contact said */
	struct addr mapped;      /* where the registrar saw us; may be unset */
	enum contact_match match;
	uint32_t lease;          /* [s] of our own binding */
	struct addr own;         /* its address, if it is an IP literal */
	unsigned owns, ghosts, foreign;
	unsigned siblings;       /* of the account's other registrations */
	unsigned count;          /* entries told so far */
	int own_index;           /* which entry was ours; -1: none */
	bool token;              /* it still carries our token */
	uint8_t own_marks;       /* what spoke for it, in contact.c */
	bool own_certain;        /* nobody else can have made it */
};


/* Reads a new list; *sent and *mapped are what is compared against, ports
 * included: where a URI names none the caller puts the default in. */
void contact_begin(struct contact_list *l, const struct addr *sent,
		   const struct addr *mapped);

/* Only the entry that matches best is our own. Of the others those of the
 * account's other registrations are siblings, those that are certain to be ours
 * otherwise (instance, token, known; a registration that is no more) are
 * ghosts, the rest is foreign; what is listed with expires=0 is no binding and
 * not counted.
 *
 * An entry with our instance and a reg-id that is none of the account's is
 * another account's of the same AOR, unless its token says that it is ours. */
void contact_add(struct contact_list *l, const struct contact_entry *e);

/* `expires`: the Expires header [s], or CONTACT_NO_EXPIRES; `requested` [s]
 * stands in where the registrar names neither. Our own binding is there, with
 * a lease above 0, if this returns true. */
bool contact_end(struct contact_list *l, uint32_t expires,
		 uint32_t requested);

/* --- which Contact to offer (DESIGN §6) --- */

enum contact_policy {
	CONTACT_AUTO,            /* where the registrar sees our flow, unless
				    outbound makes it all the same */
	CONTACT_MAPPED,          /* where the registrar sees our flow */
	CONTACT_LOCAL,           /* the socket's own address */
	CONTACT_STATIC,          /* what the operator says */
};

struct contact_facts {
	enum contact_policy policy;
	bool outbound;           /* RFC 5626 is confirmed for the binding over
				    this flow, which is used then */
	bool flapping;           /* the mapping is another one in each answer */
	struct addr local;       /* of the flow's socket */
	struct addr mapped;      /* where the registrar sees it; unset */
	struct addr offered;     /* over this flow, last; unset: nothing yet */
};

/* The address to offer now; the caller puts the operator's in for STATIC
 * (`local` is returned). Without outbound it is where the registrar sees the
 * flow; with it, or where that changes all the time, it stays what it is. Never
 * from a public address, of the socket or offered before, to another scope
 * (SCENARIOS T5), and never from one IP version to the other. */
struct addr contact_choose(const struct contact_facts *f);

#endif
