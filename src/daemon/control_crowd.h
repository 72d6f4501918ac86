/* Too many clients of the control socket: who makes room. */

#ifndef CONTROL_CROWD_H
#define CONTROL_CROWD_H

#include "control_client.h"


/* Closes one of the clients in `list` in favour of a newcomer, if one can be
 * expected to go.
 *
 * Nobody locks others out by connecting and asking nothing, by not reading, or
 * by streams: the user with the most connections gives one up. Among the
 * newcomer's own, and of root and the daemon's user, that is only one that
 * waits for no answer, or has not taken it for 10 s. */
void crowd_make_room(const struct list *list, const struct peer *newcomer);

#endif
