/* Who is on the other end of a UNIX socket, as the kernel says. */

#include <errno.h>
#include <unistd.h>
#include "compat.h"
#include "peer.h"


int peer_get(struct peer *p, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return errno;

	p->uid = cred.uid;
	p->gid = cred.gid;
	p->pid = cred.pid;

	return 0;
}


bool peer_is_master(const struct peer *p)
{
	return p->uid == 0 || p->uid == geteuid();
}


static bool listed(gid_t gid, const gid_t *gidv, size_t gidc)
{
	size_t i;

	for (i = 0; i < gidc; i++) {
		if (gidv[i] == gid)
			return true;
	}

	return false;
}


bool peer_in_group(const struct peer *p, int fd, gid_t gid)
{
	socklen_t len = 0;
	gid_t *gidv;
	bool in = false;

	if (p->gid == gid)
		return true;

	/* Nowhere to write to: the kernel says how much it would be. */
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) ||
	    errno != ERANGE)
		return false;

	gidv = mem_alloc(len, NULL);
	if (!gidv)
		return false;

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gidv, &len))
		in = listed(gid, gidv, len / sizeof(*gidv));

	mem_deref(gidv);

	return in;
}
