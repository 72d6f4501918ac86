/* What an rtnetlink message says that is news.
 *
 * The kernel repeats itself: an address's lifetime is renewed, a wireless link
 * tells of every beacon, router advertisements set the same routes again and
 * again. So what it said is remembered as a value under a key, and only another
 * value is news. What goes away is always news: it went. The kernel does not
 * tell everything, either: the routes of a link that goes down, or of an
 * address that is removed, vanish in silence. They are forgotten here as well,
 * so that their return is news. To be wrong must mean one event too many. */

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "fnv.h"
#include "netnews_parts.h"


_Static_assert(IFA_FLAGS < ATTRS && IFLA_LINKINFO < ATTRS &&
	       IFLA_INFO_KIND < ATTRS, "ATTRS");

/* of an address */
enum {
	ADDRESS_USABLE = 1,
	ADDRESS_DEPRECATED,      /* not chosen any more, RFC 4862 §5.5.4 */
};

static const char *const deprecated_namev[] = {
	[ADDRESS_USABLE] = "preferred again",
	[ADDRESS_DEPRECATED] = "deprecated",
};


void netnews_say(struct netnews *n, unsigned weight, const char *fmt, ...)
{
	va_list ap;

	if (n->quiet || weight < n->weight)
		return;

	n->weight = weight;
	va_start(ap, fmt);
	(void)vsnprintf(n->text, sizeof(n->text), fmt, ap);
	va_end(ap);
}


const char *netnews_link(const struct netnews *n, uint32_t ifindex, char *buf)
{
	const struct net_link *l = netfacts_link(&n->facts, ifindex);

	if (l && l->name[0])
		return l->name;

	(void)snprintf(buf, NETNEWS_WORD_SIZE, "interface %u", ifindex);

	return buf;
}


/* --- attributes --- */

void attrs_index(const struct rtattr *tb[ATTRS], const struct rtattr *rta,
		 int len)
{
	memset(tb, 0, ATTRS * sizeof(tb[0]));

	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		const unsigned type = rta->rta_type & NLA_TYPE_MASK;

		if (type < ATTRS)
			tb[type] = rta;
	}
}


bool attrs_read(const struct rtattr *tb[ATTRS], const struct nlmsghdr *h,
		size_t header)
{
	const int len = (int)h->nlmsg_len - (int)NLMSG_SPACE(header);
	const char *p = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(header))
		return false;

	attrs_index(tb, (const void *)(p + NLMSG_ALIGN(header)), len);

	return true;
}


uint32_t attr_u32(const struct rtattr *rta, uint32_t otherwise)
{
	uint32_t value;

	if (!rta || RTA_PAYLOAD(rta) < sizeof(value))
		return otherwise;

	memcpy(&value, RTA_DATA(rta), sizeof(value));

	return value;
}


size_t ip_size(unsigned family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}


const uint8_t *attr_ip(const struct rtattr *rta, unsigned family)
{
	const size_t size = ip_size(family);

	return rta && size && RTA_PAYLOAD(rta) >= size ? RTA_DATA(rta) : NULL;
}


const char *ip_print(const uint8_t *ip, unsigned family, char *buf)
{
	return inet_ntop((int)family, ip, buf, NETNEWS_WORD_SIZE) ? buf : "?";
}


/* --- addresses --- */

struct address {
	const uint8_t *ip;
	unsigned family, scope;
	uint32_t ifindex, flags;
};


static bool address_read(struct address *a, const struct nlmsghdr *h)
{
	const struct rtattr *tb[ATTRS];
	const struct ifaddrmsg *ifa = NLMSG_DATA(h);

	if (!attrs_read(tb, h, sizeof(*ifa)))
		return false;

	a->family = ifa->ifa_family;
	a->scope = ifa->ifa_scope;
	a->ifindex = ifa->ifa_index;
	a->flags = attr_u32(tb[IFA_FLAGS], ifa->ifa_flags);

	/* IFA_ADDRESS is the peer's where there is one */
	a->ip = attr_ip(tb[tb[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS],
			a->family);

	return a->ip != NULL;
}


/* Not yet ours while others are asked whether it is theirs (RFC 4862 §5.4),
 * unless we are optimistic (RFC 4429). */
static bool address_tentative(const struct address *a)
{
	return a->flags & IFA_F_DADFAILED ||
		(a->flags & IFA_F_TENTATIVE && !(a->flags & IFA_F_OPTIMISTIC));
}


static uint64_t address_key(const struct address *a)
{
	uint64_t key = fnv(FNV_BASIS, "address", 7);

	key = fnv(key, &a->ifindex, sizeof(a->ifindex));

	return fnv(key, a->ip, ip_size(a->family));
}


static unsigned address_new(struct netnews *n, const struct address *a)
{
	const struct net_fact f = {
		.key = address_key(a),
		.value = a->flags & IFA_F_DEPRECATED ? ADDRESS_DEPRECATED
						     : ADDRESS_USABLE,
		.ifindex = a->ifindex,
	};
	char ip[NETNEWS_WORD_SIZE], name[NETNEWS_WORD_SIZE];
	uint64_t was;

	if (address_tentative(a)) {
		(void)netfacts_forget(&n->facts, f.key);
		return 0;
	}

	if (!netfacts_learn(&n->facts, &f, &was))
		return 0;

	(void)ip_print(a->ip, a->family, ip);
	if (was)
		netnews_say(n, WEIGHT_MAJOR, "address %s on %s is %s", ip,
			    netnews_link(n, a->ifindex, name),
			    deprecated_namev[f.value]);
	else
		netnews_say(n, WEIGHT_MAJOR, "address %s added to %s", ip,
			    netnews_link(n, a->ifindex, name));

	return NETNEWS_CHANGED;
}


static unsigned address_gone(struct netnews *n, const struct address *a)
{
	const bool known = netfacts_forget(&n->facts, address_key(a));
	char ip[NETNEWS_WORD_SIZE], name[NETNEWS_WORD_SIZE];

	if (!known && address_tentative(a))
		return 0;

	netfacts_forget_routes(&n->facts, a->ifindex);
	netnews_say(n, WEIGHT_MAJOR, "address %s removed from %s",
		    ip_print(a->ip, a->family, ip),
		    netnews_link(n, a->ifindex, name));

	return NETNEWS_GONE | NETNEWS_CHANGED;
}


static unsigned address_message(struct netnews *n, const struct nlmsghdr *h)
{
	struct address a;

	/* loopback's and link-local ones lead nowhere */
	if (!address_read(&a, h) || a.scope >= RT_SCOPE_LINK)
		return 0;

	return h->nlmsg_type == RTM_NEWADDR ? address_new(n, &a)
					    : address_gone(n, &a);
}


/* --- links --- */

/* The port of a container or a virtual machine on a bridge of ours? They come
 * and go by the dozen, and what is ours goes through others. */
static bool is_guest_port(const struct rtattr *tb[ATTRS])
{
	const struct rtattr *info[ATTRS], *kind;

	if (!tb[IFLA_MASTER] || !tb[IFLA_LINKINFO])
		return false;

	attrs_index(info, RTA_DATA(tb[IFLA_LINKINFO]),
		    (int)RTA_PAYLOAD(tb[IFLA_LINKINFO]));
	kind = info[IFLA_INFO_KIND];

	return kind && ((RTA_PAYLOAD(kind) >= 4 &&
			 !memcmp(RTA_DATA(kind), "veth", 4)) ||
			(RTA_PAYLOAD(kind) >= 3 &&
			 !memcmp(RTA_DATA(kind), "tun", 3)));
}


/* The kernel takes nearly any octet; ours go into JSON and logs. */
static void link_set_name(struct net_link *l, const struct rtattr *rta)
{
	const size_t len = rta ? RTA_PAYLOAD(rta) : 0;

	if (!len)
		return;

	(void)snprintf(l->name, sizeof(l->name), "%.*s", (int)len,
		       (const char *)RTA_DATA(rta));
	for (char *c = l->name; *c; c++) {
		if (*c <= ' ' || *c > '~')
			*c = '?';
	}
}


static unsigned link_changed(struct netnews *n, const struct net_link *l)
{
	char name[NETNEWS_WORD_SIZE];

	if (!l->up)
		netfacts_forget_routes(&n->facts, l->ifindex);

	netnews_say(n, WEIGHT_MAJOR, "%s %s",
		    netnews_link(n, l->ifindex, name),
		    l->up ? "came up" : "went down");

	return NETNEWS_CHANGED;
}


static unsigned link_new(struct netnews *n, uint32_t ifindex, bool up,
			 const struct rtattr *name)
{
	struct net_link *l = netfacts_link(&n->facts, ifindex);

	if (!l)
		l = netfacts_link_add(&n->facts, ifindex);
	if (!l)
		return 0;

	link_set_name(l, name);
	if (l->up == up)
		return 0;

	l->up = up;

	return link_changed(n, l);
}


static unsigned link_gone(struct netnews *n, uint32_t ifindex)
{
	struct net_link *l = netfacts_link(&n->facts, ifindex);
	char name[NETNEWS_WORD_SIZE];
	bool up;

	if (!l)
		return 0;

	up = l->up;
	if (up)
		netnews_say(n, WEIGHT_MAJOR, "%s is gone",
			    netnews_link(n, ifindex, name));

	netfacts_link_remove(&n->facts, l);
	netfacts_forget_routes(&n->facts, ifindex);
	netfacts_forget_addresses(&n->facts, ifindex);

	return up ? NETNEWS_CHANGED : 0;
}


static unsigned link_message(struct netnews *n, const struct nlmsghdr *h)
{
	const unsigned all = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
	const struct ifinfomsg *ifi = NLMSG_DATA(h);
	const struct rtattr *tb[ATTRS];

	/* other families tell of ports of bridges and the like */
	if (!attrs_read(tb, h, sizeof(*ifi)) ||
	    ifi->ifi_family != AF_UNSPEC || ifi->ifi_flags & IFF_LOOPBACK)
		return 0;

	if (h->nlmsg_type == RTM_DELLINK)
		return link_gone(n, (uint32_t)ifi->ifi_index);

	if (is_guest_port(tb))
		return 0;

	return link_new(n, (uint32_t)ifi->ifi_index,
			(ifi->ifi_flags & all) == all, tb[IFLA_IFNAME]);
}


/* --- messages --- */

static unsigned message(struct netnews *n, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return address_message(n, h);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_message(n, h);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return netnews_route(n, h);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		netnews_say(n, WEIGHT_MINOR, "the routing rules have changed");
		return NETNEWS_CHANGED;
	default:
		return 0;
	}
}


static bool is_whole(const struct nlmsghdr *h, int left)
{
	return left >= (int)sizeof(*h) && h->nlmsg_len >= sizeof(*h) &&
		h->nlmsg_len <= (unsigned)left;
}


unsigned netnews_read(struct netnews *n, const void *buf, size_t len)
{
	const struct nlmsghdr *h = buf;
	int left = (int)len;
	unsigned news = 0;

	for (; is_whole(h, left); h = NLMSG_NEXT(h, left)) {
		n->quiet = n->port && h->nlmsg_pid == n->port;
		if (!n->quiet)
			news |= message(n, h);
		else if (h->nlmsg_type == NLMSG_DONE ||
			 h->nlmsg_type == NLMSG_ERROR)
			news |= NETNEWS_DUMPED;
		else
			(void)message(n, h);
	}

	return news;
}


unsigned netnews_lost(struct netnews *n)
{
	n->quiet = false;
	netnews_say(n, WEIGHT_ALL, "more has changed than could be watched");

	return NETNEWS_GONE | NETNEWS_CHANGED;
}


void netnews_told(struct netnews *n)
{
	n->weight = 0;
}


void netnews_reset(struct netnews *n)
{
	netfacts_reset(&n->facts);
}
