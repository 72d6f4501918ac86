/* What all flows together tell of the NAT: see natview.h. */

#include <stddef.h>
#include "natview.h"


static struct addr without_port(const struct addr *a)
{
	struct addr ip = *a;

	ip.port = 0;

	return ip;
}


/* NULL: there is no room for another one. */
static struct natview_group *group(struct natview *v, unsigned transport,
				   const struct addr *ip)
{
	struct natview_group *g = v->groupv;

	for (; g < &v->groupv[v->groupc]; g++) {
		if (g->transport == transport && addr_equal(&g->ip, ip))
			return g;
	}

	if (v->groupc == NATVIEW_GROUPS)
		return NULL;

	++v->groupc;
	*g = (struct natview_group){.transport = transport, .ip = *ip};

	return g;
}


/* Two uplinks have two addresses here as well, which is no pool. */
static void note_translated(struct natview *v, const struct mapping *m)
{
	++v->translated;
	if (!addr_isset(&v->ip)) {
		v->ip = without_port(&m->addr);
		v->local = without_port(&m->local);
	}
	else if (addr_ip_equal(&v->local, &m->local) &&
		 !addr_ip_equal(&v->ip, &m->addr)) {
		v->pool = true;
	}
}


static void note_silence(struct natview *v, const struct natview_flow *f)
{
	const msec_t idle = f->interval ? f->interval->idle : 0;

	if (idle && (!v->death || idle < v->death))
		v->death = idle;

	v->survived = clock_max(v->survived, f->survived);
}


void natview_add(struct natview *v, const struct natview_flow *f)
{
	const struct mapping *m = f->mapping;
	const struct addr ip = without_port(&m->addr);
	struct natview_group *g;

	v->notes |= f->notes;
	if (!m->stream)
		note_silence(v, f);

	if (!addr_isset(&m->addr))
		return;

	if (addr_ip_equal(&m->addr, &m->local))
		++v->direct;
	else
		note_translated(v, m);

	g = group(v, f->transport, &ip);
	if (!g) {
		++v->omitted;
		return;
	}

	++g->flows;
	g->kept += m->addr.port == m->local.port;
}
