/* What a varlink request and a varlink error are made of. */

#ifndef VARLINK_H
#define VARLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <re.h>


/* Zero it first; afterwards mem_deref(o), on which the others depend. */
struct varlink_request {
	struct odict *o;
	const char *method;
	const struct odict *parameters;  /* NULL: none given */
	bool more;
	bool oneway;
	bool upgrade;            /* to another protocol: there is none */
};


/* What is wrong with the request, in words for its sender; NULL: nothing. */
const char *varlink_request_decode(struct varlink_request *r,
				   const char *text, size_t len);

/* {"error":"INTERFACE.NAME","parameters":{"KEY":"VALUE"}}; a name with a dot
 * in it stands for itself, and key may be NULL. errno values. */
int varlink_error_encode(struct mbuf *mb, const char *interface,
			 const char *name, const char *key, const char *value);

/* The same with ready parameters: the JSON text of an object, pos to end. */
int varlink_error_object(struct mbuf *mb, const char *interface,
			 const char *name, const struct mbuf *parameters);

#endif
