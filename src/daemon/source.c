/* Which of this machine's addresses is used, and which it has: asked of the
 * kernel now, without sending anything. */

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include "sock.h"
#include "source.h"


_Static_assert(sizeof(((struct net_pass_source *)0)->interface) == IFNAMSIZ,
	       "IFNAMSIZ");


/* A datagram socket's connect() looks up the route and no more. */
static int route(struct sa *src, int fd, const struct sa *peer,
		 const char *interface)
{
	if (interface && interface[0] &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		       (socklen_t)strlen(interface)))
		return errno;

	if (connect(fd, &peer->u.sa, peer->len))
		return errno;

	return sock_local(src, fd);
}


int net_source(struct sa *src, const struct sa *peer, const char *interface)
{
	struct sa sa;
	int fd, err;

	fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	err = route(&sa, fd, peer, interface);
	(void)close(fd);
	if (err)
		return err;

	sa_set_port(&sa, 0);
	*src = sa;

	return 0;
}


bool net_has_address(const struct sa *addr)
{
	struct sa sa = *addr;
	bool has;
	int fd;

	fd = socket(sa_af(addr), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;

	sa_set_port(&sa, 0);
	has = !bind(fd, &sa.u.sa, sa.len) || errno != EADDRNOTAVAIL;
	(void)close(fd);

	return has;
}


static unsigned kept(unsigned count)
{
	return count < NET_PASS_KEEP ? count : NET_PASS_KEEP;
}


int net_pass_source(struct net_pass *p, struct sa *src, const struct sa *peer,
		    const char *interface)
{
	const char *name = interface ? interface : "";
	struct net_pass_source *s = NULL;

	for (unsigned i = 0; i < kept(p->sourcec); i++) {
		s = &p->sourcev[i];
		if (sa_cmp(&s->peer, peer, SA_ADDR) &&
		    !strcmp(s->interface, name))
			goto out;
	}

	s = &p->sourcev[p->sourcec++ % NET_PASS_KEEP];
	s->peer = *peer;
	str_ncpy(s->interface, name, sizeof(s->interface));
	s->err = net_source(&s->src, peer, name);

 out:
	if (!s->err)
		*src = s->src;

	return s->err;
}


bool net_pass_has_address(struct net_pass *p, const struct sa *addr)
{
	struct net_pass_address *a;

	for (unsigned i = 0; i < kept(p->addressc); i++) {
		a = &p->addressv[i];
		if (sa_cmp(&a->addr, addr, SA_ADDR))
			return a->has;
	}

	a = &p->addressv[p->addressc++ % NET_PASS_KEEP];
	a->addr = *addr;
	a->has = net_has_address(addr);

	return a->has;
}
