/* What survives a restart: for each account and reg-id its Call-ID, CSeq, own
 * Contacts, nonce, learned interval and Retry-After, and the account's history;
 * and which edges are down or held.
 *
 * One file of one line per change (state_record.h), the last good line of an
 * account and the last one of the edges (state_edges.h) count (state_index.h);
 * each is checked, so a torn or spoilt one is known and left out. It is written
 * at most once in STATE_FLUSH_EVERY, and made anew (whole, then renamed:
 * state_anew.h) once most of it is old. A CSeq is written ahead of its use, so
 * that a process that is killed never falls behind what it has sent. Passwords,
 * and what is derived from them, are not in it. */

#ifndef STATE_H
#define STATE_H

#include "account.h"
#include "compat.h"
#include "digest.h"
#include "net.h"


#define STATE_FILE        "state"        /* in the state directory */
#define STATE_FLUSH_EVERY 200            /* [ms] a kill in it may leave a
					    binding that nobody knows of */
#define STATE_RETRY       MINUTES(1)     /* while the disk takes nothing; at
					    first sooner */
#define STATE_CSEQ_AHEAD  50             /* REGISTERs between two writes */
#define STATE_CONTACTS    4              /* own ones of one registration */
#define STATE_EVENTS      32             /* of one account */
#define STATE_URI_SIZE    512            /* bytes of a Contact URI, with 0 */
#define STATE_ID_SIZE     64             /* of a Call-ID or tag */
#define STATE_SECURE_SIZE 4096           /* 16 host names of 255 and a space */
#define STATE_EDGES       256            /* in trouble */
#define STATE_FILE_MAX    (4ll << 30)    /* bytes; 200,000 accounts need 2 GB */

/* A binding that we made, and until when the registrar may keep it. */
struct state_contact {
	char uri[STATE_URI_SIZE];
	int64_t until_usec;              /* CLOCK_REALTIME since 1970 */
};

/* Times of what is kept are durations at the time at_usec of their line: how
 * old, how long still. Read again they are what has become of them, if the
 * clock knows: it has been there before 2020 neither then nor now, and has not
 * gone back; else they are as they were. So nothing ever gets younger. */

/* What silence taught, see core/interval.h. */
struct state_interval {
	uint64_t learned, idle;          /* [ms]; learned 0: nothing */
	uint64_t age;                    /* [ms] since then */
	uint32_t deaths;
};

struct state_edge {
	enum transport transport;        /* AUTO: none */
	struct addr addr;                /* no link-local one: its scope is not
					    the same in the next run */
	uint64_t hold;                   /* [ms] it is held still; 0: not */
	bool down;
	uint64_t tried;                  /* [ms] since it was tried last */
	enum reason reason;              /* of being down */
};

/* Until a Retry-After ends; at most REG_RETRY_AFTER_MAX is believed. */
struct state_wait {
	uint64_t left;                   /* [ms]; 0: it does not wait so */
	struct state_edge edge;          /* that said so; transport AUTO: not
					    known; only transport and addr */
};

struct state_reg {
	unsigned reg_id;                 /* 1 ... ACCOUNT_FLOWS_MAX */
	char callid[STATE_ID_SIZE];
	uint32_t cseq;                   /* at least the last one sent */
	bool outbound;                   /* confirmed by the last 2xx */
	struct state_contact contactv[STATE_CONTACTS];
	unsigned contactc;
	struct digest_kept digest;       /* see digest.h */
	struct state_interval interval;
	struct state_wait wait;
};

/* One account's line. Plain data, about 14 kB: not for the stack of many. */
struct state_account {
	char *name;                      /* not owned while it is filled */
	char *aor, *registrar;           /* it is of no use for others */
	char secure[STATE_SECURE_SIZE];  /* transport auto: DNS offered TLS for
					    these hosts, a space between; "":
					    for none */
	bool worked;                     /* the credentials once did */
	int64_t stamp;                   /* of these credentials, see
					    account_conf_stamp(); of others
					    `worked` and nonces say nothing */
	int64_t way;                     /* a hash of the transport and proxies:
					    by others no interval was learned */
	int64_t conf;                    /* a hash of what is configured: who
					    changed that wants no more wait */
	int64_t at_usec;                 /* when it was so, since 1970 */
	struct state_reg regv[ACCOUNT_FLOWS_MAX];
	unsigned regc;
	struct event eventv[STATE_EVENTS];       /* oldest first */
	unsigned eventc;
	uint32_t seq;                    /* of the newest event ever */
};

struct state;

/* The edges in trouble. */
struct state_edges {
	int64_t at_usec;
	struct state_edge edgev[STATE_EDGES];
	unsigned edgec;
};

/* Fills *a, which is zero, with what is true now: the very CSeq, and at most
 * the counts above. */
typedef void (state_fill_h)(struct state_account *a, void *arg);
typedef void (state_fill_edges_h)(struct state_edges *e, void *arg);

/* The place of one account, or of the edges; its owner keeps it. Zero it
 * first. */
struct state_node {
	struct le le;                    /* all of them */
	struct le dirty;                 /* those to be written */
	struct state *state;
	state_fill_h *h;                 /* NULL: */
	state_fill_edges_h *edgesh;
	void *arg;
	uint32_t reservedv[ACCOUNT_FLOWS_MAX];   /* CSeqs, of regv[i] */
};

/* Reads STATE_FILE in `dir` (made if it is missing, mode 0700). A file that is
 * missing is no news; lines that are spoilt or of a newer version, a file that
 * cannot be read and a directory that cannot be written are each said once,
 * and it goes on without (SCENARIOS O3). SIGXFSZ is ignored from then on: a
 * limit is as a full disk. EBUSY: another process has the
 * directory; else ENOMEM and ENAMETOOLONG only. mem_deref() ends it
 * as a kill would: nothing is written. */
int state_alloc(struct state **sp, const char *dir);

/* What was kept of the account with this name, if it is for the same AOR and
 * registrar; NULL: nothing. Valid until the next state_find() or
 * state_forget(): they are read one by one.
 *
 * Contacts are those that the registrar may still have: until_usec is at most
 * CONTACT_LEASE_MAX ahead of the clock, and has not passed, unless the clock is
 * at a time before 2020 and so knows nothing. */
const struct state_account *state_find(const struct state *s,
				       const char *name, const char *aor,
				       const char *registrar);

/* The edges that were in trouble, as far as they may be still; NULL: nothing.
 * Valid until state_forget(). */
const struct state_edges *state_find_edges(const struct state *s);

/* All agents have asked: what was read is not needed any more. Before this the
 * file is not made anew, not even by state_close(): a start that fails loses
 * nothing. */
void state_forget(struct state *s);

/* The account is written from now on, with the next change. `s` NULL: it never
 * is. */
void state_add(struct state *s, struct state_node *node, state_fill_h *h,
	       void *arg);
void state_add_edges(struct state *s, struct state_node *node,
		     state_fill_edges_h *h, void *arg);
void state_remove(struct state_node *node);      /* twice is no harm */

/* Something that matters has changed: it is written within STATE_FLUSH_EVERY,
 * while the disk takes it (10,000 at once take some seconds). A line with a
 * full history is about 2 kB, so a routine refresh is no such thing by
 * itself. */
void state_changed(struct state_node *node);

/* Does the disk's CSeq of regv[i] cover this one, with some to spare? False:
 * time for state_changed(), while STATE_CSEQ_AHEAD / 2 REGISTERs more are
 * covered. The nonce's count needs no such question: it never grows faster
 * than CSeq, and goes on DIGEST_NC_AHEAD further after a restart. True without
 * a state. */
bool state_reserved(const struct state_node *n, unsigned i, uint32_t cseq);

/* Writes all accounts that were added, with their very CSeqs, syncs, and frees
 * `s` whatever comes of it; nodes may be removed after that. To be called
 * while the accounts are there and before loop_close(), and may block for
 * seconds. NULL: nothing. */
void state_close(struct state *s);

#endif
