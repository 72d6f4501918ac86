/* The edges in trouble <-> one line of the state file, framed as those of the
 * accounts (state_record.h). The last one counts.
 *
 * An edge is one text: transport, address, port, + if it is down, else -, how
 * long ago it was tried [ms], the reason, how long it is held still [ms]. */

#ifndef STATE_EDGES_H
#define STATE_EDGES_H

#include "state.h"


#define STATE_EDGES_KEY "edges"
#define STATE_EDGE_TEXT 160      /* bytes with a zero; it needs 130 */

/* As state_record_encode(): ENOMEM, EOVERFLOW. */
int state_edges_encode(struct mbuf *mb, const struct state_edges *e);

/* Reads a good line into *e, in place of what it was. What does not fit or is
 * not known is left out. EBADMSG: it is no such line; ENOMEM. Then *e is
 * empty. */
int state_edges_decode(struct state_edges *e, const char *line, size_t len);

/* Leaves what is true still at `now_usec` since 1970: nobody is held for longer
 * than REG_RETRY_AFTER_MAX. */
void state_edges_prune(struct state_edges *e, int64_t now_usec);

/* Transport, address and port alone. */
const char *state_edge_print_addr(char *buf, size_t size,
				  const struct state_edge *e);
bool state_edge_read_addr(struct state_edge *e, const char *text);

#endif
