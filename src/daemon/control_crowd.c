/* Too many clients of the control socket: see control_crowd.h. */

#include "control_crowd.h"

#define READ_TIME SECONDS(10)    /* to take an answer, when others need room */


static unsigned clients_of(const struct list *list, uid_t uid)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(list, le)
		n += ((struct client *)le->data)->peer.uid == uid;

	return n;
}


static bool is_idle(const struct client *cl)
{
	return !cl->call && !mbuf_get_left(cl->tx);
}


static bool is_deaf(const struct client *cl, msec_t now)
{
	return cl->since != NEVER && now - cl->since >= READ_TIME;
}


/* The more, the rather it goes; 0: it stays. */
static unsigned spare(const struct client *cl, const struct peer *newcomer,
		      msec_t now)
{
	const unsigned theirs = clients_of(cl->le.list, cl->peer.uid);
	const bool own = cl->peer.uid == newcomer->uid;
	const bool most = own ||
		theirs > clients_of(cl->le.list, newcomer->uid) + 1;

	if (!most && !peer_is_master(newcomer))
		return 0;
	if (is_idle(cl) || is_deaf(cl, now))
		return CONTROL_CLIENTS_MAX + theirs;

	return own || !most || peer_is_master(&cl->peer) ? 0 : theirs;
}


void crowd_make_room(const struct list *list, const struct peer *newcomer)
{
	const msec_t now = loop_now();
	struct client *found = NULL;
	unsigned most = 0;
	struct le *le;

	/* the one that came first, of those who are the same to us */
	LIST_FOREACH(list, le) {
		const unsigned n = spare(le->data, newcomer, now);

		if (n > most) {
			most = n;
			found = le->data;
		}
	}

	if (found)
		client_close(found);
}
