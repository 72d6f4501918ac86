/* One account <-> one line of the state file: "VERSION CHECKSUM JSON", the JSON
 * with the account's name first. The checksum (FNV-1a, 64 bits in hex, over
 * version and JSON) tells torn and spoilt lines, not forged ones.
 *
 * An event is one text: time [us], seq, type, reason, code, value, flow, + or -
 * for registered, reachable, and the address and port if there is one. */

#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include "state.h"


#define STATE_VERSION  1
#define STATE_LINE_MAX (128u << 10)      /* bytes; with everything at its limit
					    and escaped it is 109 kB */

enum state_line {
	STATE_LINE_GOOD,
	STATE_LINE_EDGES,        /* good, and of the edges: state_edges.h */
	STATE_LINE_BLANK,
	STATE_LINE_NEWER,        /* whole, but not of STATE_VERSION */
	STATE_LINE_SPOILT,
};

/* Appends a newline, the line, and a newline: so neither what a torn line left
 * before it nor a newline that is lost spoils the next. What is not text in
 * UTF-8 is left out, as JSON cannot carry it. EINVAL: no name, or not one of
 * the configuration's; EOVERFLOW: longer than STATE_LINE_MAX; ENOMEM. After an
 * error mb is as before. */
int state_record_encode(struct mbuf *mb, const struct state_account *a);

/* Looks at a line without its newline. *name and *json of a good one point into
 * it; that of the edges has no name. */
enum state_line state_record_check(struct pl *name, struct pl *json,
				   const char *line, size_t len);

/* Reads a good line into *a, in place of what it was; zero it first. What does
 * not fit or is not known is left out, never cut or guessed. EBADMSG: it is not
 * good, or no account; ENOMEM. Then *a is zero (state_record_read.c). */
int state_record_decode(struct state_account *a, const char *line, size_t len);

/* A line around the JSON that `h` writes, as above; for state_edges.c. */
typedef int (state_json_h)(struct mbuf *mb, const void *arg);
int state_record_frame(struct mbuf *mb, state_json_h *h, const void *arg);

/* [ms] from one time to another [us since 1970] by what the clock knew; 0: it
 * did not, or was set back. */
uint64_t state_record_elapsed(int64_t from, int64_t to);

/* When it could be called last [us since 1970]: as far as is known it still
 * could at the end if the last word is that it could. 0: never. */
int64_t state_seen(const struct state_account *a);

/* Frees the texts of a decoded one and zeroes it. */
void state_record_reset(struct state_account *a);

/* Leaves the Contacts as state_find() has them, and the durations as they are,
 * at `now_usec` since 1970. */
void state_record_prune(struct state_account *a, int64_t now_usec);

#endif
