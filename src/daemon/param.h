/* The grammar inside a header's value: list elements, name-addr, parameters.
 *
 * libre's own readers split at a comma inside <> and take a quoted "<urn:...>"
 * for the address; these here keep quoted strings and <> whole (RFC 3261
 * §25.1). Everything points into the text that was given. */

#ifndef PARAM_H
#define PARAM_H

#include "compat.h"


/* Without linear white space at either end (RFC 3261 §25.1 LWS). */
struct pl lws_trim(struct pl pl);

struct param {
	struct pl raw;           /* "name=value" without the semicolon */
	struct pl name;
	struct pl val;           /* without quotes; p is NULL: no "=" */
};

/* Takes the next of ";name=value;name" off *rest. False: there is none. */
bool param_next(struct pl *rest, struct param *p);

/* The first parameter of that name, in any case. *val may be NULL, and is
 * touched only if there is one; its p is NULL for a name without value. */
bool param_get(const struct pl *params, const char *name, struct pl *val);

/* Takes the next element off *rest, a list with commas. False: no more. */
bool element_next(struct pl *rest, struct pl *element);

/* Splits `"Name" <uri>;params` or `uri;params`. EBADMSG: no ">" or no URI. */
int name_addr_split(struct pl *uri, struct pl *params,
		    const struct pl *element);

/* Is it one line, without control characters? What is configured or kept was
 * checked when it was read; this is so that a hole in that check does not let
 * it write headers of ours. */
bool line_usable(const char *text);

/* Will it stand between < and >? */
bool uri_usable(const char *text);

/* A SIP or SIPS URI with a host. EBADMSG: it is none, or, of the second, not
 * usable. */
int sip_uri_decode(struct uri *uri, const struct pl *text);
int sip_uri_read(struct uri *uri, const char *text);

/* Calls `h` with each element of each header of that kind, in order, until it
 * returns true. Not by sip_msg_hdr_apply(): libre also splits at the comma of
 * "<sip:a,b@host>" and behind an escaped quote. */
typedef bool (element_h)(const struct pl *element, void *arg);
void elements_apply(const struct sip_msg *msg, enum sip_hdrid id,
		    element_h *h, void *arg);

/* The number that a value begins with, white space, a comment or parameters
 * may follow; what is too large becomes UINT32_MAX. False: no number. */
bool number_lead(uint32_t *np, const struct pl *pl);

#endif
