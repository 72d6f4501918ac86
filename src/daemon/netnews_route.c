/* What an rtnetlink message says of a route. */

#include <stdio.h>
#include "fnv.h"
#include "netnews_parts.h"


_Static_assert(RTA_NH_ID < ATTRS, "ATTRS");

#define NAME_SIZE 80     /* "route to" an address with its length */


static uint64_t attr_hash(uint64_t hash, const struct rtattr *rta)
{
	return rta ? fnv(hash, RTA_DATA(rta), RTA_PAYLOAD(rta))
		   : fnv(hash, "", 1);
}


/* Of those there are many, and none leads to a registrar. */
static bool is_local_route(const struct rtmsg *rtm, uint32_t table,
			   const uint8_t *dst)
{
	if (rtm->rtm_flags & RTM_F_CLONED || table == RT_TABLE_LOCAL)
		return true;

	switch (rtm->rtm_type) {
	case RTN_UNICAST:
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
	case RTN_THROW:
		break;
	default:
		return true;
	}

	if (!rtm->rtm_dst_len || !dst)
		return false;

	return rtm->rtm_family == AF_INET
		? (dst[0] == 169 && dst[1] == 254) || dst[0] >= 224
		: (dst[0] == 0xfe && (dst[1] & 0xc0) == 0x80) ||
			dst[0] == 0xff;
}


static struct net_fact route_fact(const struct rtmsg *rtm, uint32_t table,
				  const struct rtattr *tb[ATTRS])
{
	static const uint8_t keyv[] = {RTA_DST, RTA_SRC, RTA_PRIORITY};
	static const uint8_t valuev[] = {
		RTA_GATEWAY, RTA_VIA, RTA_OIF, RTA_PREFSRC, RTA_MULTIPATH,
		RTA_PREF, RTA_NH_ID,
	};
	struct net_fact f = {
		.key = fnv(FNV_BASIS, "route", 5),
		.value = fnv(FNV_BASIS, &rtm->rtm_type, 1),
		.ifindex = attr_u32(tb[RTA_OIF], 0),
		.route = true,
	};

	f.key = fnv(f.key, &table, sizeof(table));
	f.key = fnv(f.key, &rtm->rtm_family, 1);
	f.key = fnv(f.key, &rtm->rtm_dst_len, 1);
	f.key = fnv(f.key, &rtm->rtm_src_len, 1);
	f.key = fnv(f.key, &rtm->rtm_tos, 1);
	for (size_t i = 0; i < sizeof(keyv); i++)
		f.key = attr_hash(f.key, tb[keyv[i]]);
	for (size_t i = 0; i < sizeof(valuev); i++)
		f.value = attr_hash(f.value, tb[valuev[i]]);

	return f;
}


/* "route to 10.0.0.0/8", "default route", "IPv6 default route" */
static const char *route_name(const struct rtmsg *rtm, const uint8_t *dst,
			      char *buf)
{
	char ip[NETNEWS_WORD_SIZE];

	if (dst && rtm->rtm_dst_len)
		(void)snprintf(buf, NAME_SIZE, "route to %s/%u",
			       ip_print(dst, rtm->rtm_family, ip),
			       rtm->rtm_dst_len);
	else
		(void)snprintf(buf, NAME_SIZE, "%sdefault route",
			       rtm->rtm_family == AF_INET6 ? "IPv6 " : "");

	return buf;
}


static void route_say(struct netnews *n, const struct nlmsghdr *h,
		      const struct rtattr *tb[ATTRS])
{
	const struct rtmsg *rtm = NLMSG_DATA(h);
	const uint8_t *dst = attr_ip(tb[RTA_DST], rtm->rtm_family);
	const uint8_t *via = attr_ip(tb[RTA_GATEWAY], rtm->rtm_family);
	const unsigned weight = rtm->rtm_dst_len ? WEIGHT_MINOR : WEIGHT_MAJOR;
	const uint32_t ifindex = attr_u32(tb[RTA_OIF], 0);
	char name[NAME_SIZE], way[NETNEWS_WORD_SIZE];

	(void)route_name(rtm, dst, name);
	if (h->nlmsg_type == RTM_DELROUTE)
		netnews_say(n, weight, "%s is gone", name);
	else if (rtm->rtm_type != RTN_UNICAST)
		netnews_say(n, weight, "%s is blocked now", name);
	else if (via)
		netnews_say(n, weight, "%s is via %s now", name,
			    ip_print(via, rtm->rtm_family, way));
	else if (ifindex)
		netnews_say(n, weight, "%s is through %s now", name,
			    netnews_link(n, ifindex, way));
	else
		netnews_say(n, weight, "%s has changed", name);
}


unsigned netnews_route(struct netnews *n, const struct nlmsghdr *h)
{
	const struct rtmsg *rtm = NLMSG_DATA(h);
	const struct rtattr *tb[ATTRS];
	struct net_fact f;
	uint32_t table;
	uint64_t was;

	if (!attrs_read(tb, h, sizeof(*rtm)) || !ip_size(rtm->rtm_family))
		return 0;

	table = attr_u32(tb[RTA_TABLE], rtm->rtm_table);
	if (is_local_route(rtm, table, attr_ip(tb[RTA_DST], rtm->rtm_family)))
		return 0;

	if (n->facts.full && rtm->rtm_dst_len)
		return 0;

	f = route_fact(rtm, table, tb);
	if (h->nlmsg_type == RTM_DELROUTE)
		(void)netfacts_forget(&n->facts, f.key);
	else if (!netfacts_learn(&n->facts, &f, &was))
		return 0;

	/* the one that did not fit any more */
	if (n->facts.full && rtm->rtm_dst_len)
		return 0;

	route_say(n, h, tb);

	return NETNEWS_CHANGED;
}
