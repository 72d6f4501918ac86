/* The bindings that a 2xx to a REGISTER lists, each with what it is to us; kept
 * for people (`bindings`) and to name ghosts in the registrar's own spelling.
 * What an entry is says core/contact.c: this writes down what it counted. */

#ifndef AUDIT_H
#define AUDIT_H

#include "contact.h"
#include "contact_uri.h"


#define AUDIT_MAX  64            /* entries of one answer that are kept */
#define AUDIT_ROOM 8192          /* bytes of their URIs: 64 of about 120, the
				    last REGISTER_URI_SIZE are for our own */

enum audit_kind {
	AUDIT_OWN,                       /* the account's: of this registration
					    or another one of it */
	AUDIT_GHOST,
	AUDIT_FOREIGN,
};

const char *audit_kind_name(enum audit_kind k);  /* "own" ... */

struct audit_entry {
	uint64_t key;                    /* contact_uri_key() */
	uint32_t expires;                /* [s] left, of the Contact or the
					    Expires header; CONTACT_NO_EXPIRES:
					    neither says */
	uint16_t uri;                    /* see audit_uri() */
	uint8_t kind;                    /* enum audit_kind */
	uint8_t match;                   /* enum contact_match of AUDIT_OWN */
	int8_t known;                    /* it is that one of register_sent's
					    knownv; -1: none */
};

/* A plain value: it may be copied. What is listed with expires=0 is no binding
 * and not in it. Of each kind there are as many as contact_end() counted (own
 * ones: `owns` and `siblings`), those that found no place are in `restv`. That
 * of this registration always finds one. */
struct audit {
	struct audit_entry entryv[AUDIT_MAX];    /* in the order of the list */
	unsigned entryc;
	unsigned restv[3];               /* by kind: counted only */
	/* behind here for audit.c alone */
	int own;                         /* index of this registration's; -1:
					    none */
	unsigned len;
	char text[AUDIT_ROOM];
};


/* As the registrar wrote it, without <>; "": longer than REGISTER_URI_SIZE, or
 * no room was left, or not usable between < and >: it can be counted but not
 * named. */
const char *audit_uri(const struct audit *a, const struct audit_entry *e);

/* Those of that kind, kept or not. */
unsigned audit_count(const struct audit *a, enum audit_kind kind);

/* Reading, around contact_begin(), _add() and _end() (register_read.c). */
void audit_begin(struct audit *a);

/* `e` was told to contact_add(); *before is the list before that, *after the
 * one of now. `uri`: unset if it could not be read; `known` as above. */
void audit_add(struct audit *a, const struct contact_list *before,
	       const struct contact_list *after, const struct contact_entry *e,
	       const struct pl *uri, int known);

/* After contact_end(); `expires` [s] of the Expires header, or
 * CONTACT_NO_EXPIRES. */
void audit_end(struct audit *a, const struct contact_list *l,
	       uint32_t expires);

#endif
