/* The Contacts of a REGISTER, the one of now and those of earlier that it
 * removes, and those of an answer. For the register_*.c alone. */

#ifndef REGISTER_CONTACT_H
#define REGISTER_CONTACT_H

#include "register.h"


/* The line of the binding that is asked for. */
int contact_print(struct mbuf *mb, const struct register_request *r);

/* A line for each of r->oldv; on UDP only as many as leave the message, which
 * began at `start` and has `tail` bytes more, below REGISTER_UDP_MAX. *namedp:
 * how many are done with, from the first on. */
int contact_print_old(struct mbuf *mb, const struct register_request *r,
		      size_t start, size_t tail, unsigned *namedp);

/* One Contact of an answer, compared with what is ours (register_read.c). What
 * cannot be read stays empty: somebody else's, at no address. */
void contact_read(struct contact_entry *e, const struct pl *element,
		  const struct register_identity *id);

#endif
