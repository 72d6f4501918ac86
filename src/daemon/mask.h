/* Takes what must stay secret out of the text of a SIP message, before it is
 * shown or kept. What is taken out is overwritten by as many '*': all the rest
 * stays as it is, byte for byte and in its place. Pure.
 *
 * A secret is known by its place: in credentials everything but what is public
 * by its name, the whole of headers that carry a password or a key of another
 * kind, and wherever they stand the parameters that an attacker could guess a
 * password with offline, and the token of our Contact (MASK_PARAMS in mask.c).
 * And it is known by its letters: values that the caller names, and those that
 * were found by their place, are masked wherever they occur, whatever a peer
 * has made of them: in another case, escaped, folded, cut off at the end. */

#ifndef MASK_H
#define MASK_H

#include <stdbool.h>
#include <stddef.h>
#include "compat.h"


#define MASK_CHAR      '*'
#define MASK_VALUES    48        /* that are searched for: 8 flows have 16
				    parts of tokens and 8 probes */
#define MASK_VALUE_MIN 4         /* bytes; a shorter one would be found in
				    every other word, and tell itself by that */
#define MASK_VALUE_MAX 64        /* bytes of one that is found by its place:
				    SHA-256 in hex */

/* What is searched for; zero it first. The texts are the caller's. */
struct mask {
	struct {
		const char *p;
		size_t l;
	} valuev[MASK_VALUES];
	unsigned valuec;
};

/* One more, if it is long enough and there is room. */
void mask_add(struct mask *m, const char *p, size_t l);

/* The value of a header of a kind that is masked whole, `line` being all of it
 * from its name on: of what the operator has us send. */
void mask_add_header(struct mask *m, const char *line);

/* A secret was found by its place: a response, a cnonce, the mark of a probe.
 * Called before it is masked. */
typedef void (mask_found_h)(const char *p, size_t l, void *arg);

/* By place; `h` may be NULL. Then by letters. */
void mask_places(char *text, size_t len, mask_found_h *h, void *arg);
void mask_values(char *text, size_t len, const struct mask *m);

/* A copy by place, of a URI or a header of the configuration, to show: `buf`,
 * with as much as it has room for. */
const char *mask_copy(char *buf, size_t size, const char *text);

/* The same of one line that a peer has sent: it may send back what it got. */
const char *mask_copy_pl(char *buf, size_t size, const struct pl *pl);

#endif
