/* Small bridges between libre's socket address and the core's value. */

#include <string.h>
#include "net.h"


#define PORT_SIP  5060           /* RFC 3261 §19.1.2 */
#define PORT_SIPS 5061

static const char *const transport_namev[] = {
	[TRANSPORT_AUTO] = "auto",
	[TRANSPORT_UDP] = "udp",
	[TRANSPORT_TCP] = "tcp",
	[TRANSPORT_TLS] = "tls",
};

#define TRANSPORTS (sizeof(transport_namev) / sizeof(transport_namev[0]))


const char *transport_name(enum transport t)
{
	return transport_namev[t];
}


bool transport_parse(enum transport *t, const struct pl *name)
{
	for (size_t i = 0; i < TRANSPORTS; i++) {
		if (!pl_strcasecmp(name, transport_namev[i])) {
			*t = (enum transport)i;
			return true;
		}
	}

	return false;
}


uint16_t transport_port(enum transport t)
{
	return t == TRANSPORT_TLS ? PORT_SIPS : PORT_SIP;
}


bool transport_stream(enum transport t)
{
	return t == TRANSPORT_TCP || t == TRANSPORT_TLS;
}


static void addr_from_in6(struct addr *a, const struct in6_addr *in6)
{
	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		memcpy(a->ip, &in6->s6_addr[12], 4);
		a->family = ADDR_IPV4;
	}
	else {
		memcpy(a->ip, in6->s6_addr, 16);
		a->family = ADDR_IPV6;
	}
}


void addr_from_sa(struct addr *a, const struct sa *sa)
{
	memset(a, 0, sizeof(*a));

	switch (sa_af(sa)) {
	case AF_INET:
		memcpy(a->ip, &sa->u.in.sin_addr, 4);
		a->family = ADDR_IPV4;
		break;
	case AF_INET6:
		addr_from_in6(a, &sa->u.in6.sin6_addr);
		break;
	default:
		return;
	}

	a->port = sa_port(sa);
}


void sa_from_addr(struct sa *sa, const struct addr *a)
{
	uint32_t in;

	/* sa_set_in6() leaves flow and scope as they were */
	sa_init(sa, AF_UNSPEC);

	switch ((enum addr_family)a->family) {
	case ADDR_IPV4:
		memcpy(&in, a->ip, sizeof(in));
		sa_set_in(sa, ntohl(in), a->port);
		break;
	case ADDR_IPV6:
		sa_set_in6(sa, a->ip, a->port);
		break;
	case ADDR_NONE:
		break;
	}
}


bool number_parse(uint32_t *np, const struct pl *pl)
{
	uint64_t n = 0;

	if (!pl->p || !pl->l)
		return false;

	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;

		n = n * 10 + (uint64_t)(pl->p[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}

	*np = (uint32_t)n;

	return true;
}
