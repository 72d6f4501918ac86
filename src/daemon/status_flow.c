/* An account's flows as JSON: see status.h. What NATs do to them is in
 * status_nat.c. */

#include "status_part.h"
#include "net.h"
#include "wire.h"


#define USEC          INT64_C(1000000)   /* per second */
#define NOT_AFTER_MAX (INT64_MAX / USEC) /* [s] */


static int add_sa(struct mbuf *mb, const char *key, const struct sa *sa)
{
	struct addr a;

	if (!sa)
		return json_add_null(mb, key);

	addr_from_sa(&a, sa);

	return status_add_addr(mb, key, &a);
}


static const char *flow_state(const struct agent_flow *f, const struct reg *r)
{
	if (f->flow)
		return flow_state_name(f->flow->state);

	return r->state == REG_OFF ? "off" : "down";
}


static int add_contact(struct mbuf *mb, const struct reg *r, bool bound)
{
	char addr[ADDR_STRLEN], uri[ADDR_STRLEN + 8];

	if (!bound || !addr_isset(&r->contact))
		return json_add_null(mb, "contact");

	(void)re_snprintf(uri, sizeof(uri), "sip:%s",
			  addr_print(&r->contact, addr, sizeof(addr)));

	return json_add_string(mb, "contact", uri);
}


static int add_keepalive(struct mbuf *mb, const struct flow *flow)
{
	int err;

	if (!flow) {
		err  = json_add_int(mb, "pongs", 0);
		err |= json_add_null(mb, "pong_rtt_usec");
		err |= json_add_null(mb, "keepalive");
		err |= json_add_null(mb, "keepalive_interval");
		return err;
	}

	err = json_add_int(mb, "pongs", flow->pongs);
	err |= flow->rtt_usec ? json_add_int(mb, "pong_rtt_usec",
					     flow->rtt_usec)
			      : json_add_null(mb, "pong_rtt_usec");
	err |= json_add_string(mb, "keepalive",
			       keepalive_method_name(flow->asking));
	err |= json_add_int(mb, "keepalive_interval",
			    (int64_t)(flow_interval(flow) / 1000));

	return err;
}


int status_add_extras(struct mbuf *mb, const struct register_extras *x)
{
	static const struct register_extras none;
	int err;

	if (!x)
		x = &none;

	err  = json_add_string(mb, "path", x->path);
	err |= json_add_string(mb, "service_route", x->service_route);
	err |= json_add_string(mb, "associated_uris", x->associated);
	err |= json_add_string(mb, "pub_gruu", x->pub_gruu);
	err |= json_add_string(mb, "temp_gruu", x->temp_gruu);

	return err;
}


int status_add_tls(struct mbuf *mb, const struct tls_info *tls)
{
	int err;

	if (!tls)
		return json_add_null(mb, "tls");

	err  = json_open(mb, "tls", '{');
	err |= json_add_string(mb, "version", tls->version);
	err |= json_add_string(mb, "cipher", tls->cipher);
	err |= json_add_bool(mb, "resumed", tls->resumed);
	err |= json_add_bool(mb, "verified", tls->verified);
	err |= tls->not_after > 0 && tls->not_after < NOT_AFTER_MAX
		? json_add_int(mb, "not_after_usec", tls->not_after * USEC)
		: json_add_null(mb, "not_after_usec");
	err |= json_close(mb, '}');

	return err;
}


static int add_flow(struct mbuf *mb, const struct agent *a, unsigned i,
		    int64_t wall_usec, msec_t now)
{
	const struct reg *r = &agent_account(a)->regv[i].reg;
	const bool bound = reg_bound(r, now);
	const bool off = r->state == REG_OFF;
	struct agent_flow f;
	const char *next;
	msec_t next_at;
	int err;

	agent_flow(a, i, &f);
	next = reg_next(r, &next_at);

	err  = json_open(mb, NULL, '{');
	err |= json_add_int(mb, "id", i + 1);
	err |= json_add_int(mb, "reg_id", agent_conf(a)->reg_ids + i + 1);
	err |= json_add_string(mb, "state", flow_state(&f, r));
	err |= json_add_string(mb, "reason", off ? NULL
			       : reason_name(r->reason));
	err |= json_add_string(mb, "reason_text", off ? NULL
			       : reason_text(r->reason));
	err |= json_add_string(mb, "remedy", off ? NULL
			       : reason_remedy(r->reason));
	err |= json_add_string(mb, "next", next);
	err |= status_add_left(mb, "next_in", next_at, now);
	err |= json_add_string(mb, "transport", transport_name(f.transport));
	err |= add_sa(mb, "edge", f.peer);
	err |= json_add_string(mb, "edge_host", f.host);
	err |= add_sa(mb, "local", f.local);
	err |= status_add_addr(mb, "mapped", f.flow && f.mapping ?
			       &f.mapping->addr : NULL);
	err |= status_add_time(mb, "up_since_usec",
			       f.flow ? f.flow->up_at : NEVER, wall_usec);
	err |= add_keepalive(mb, f.flow);
	err |= status_add_nat(mb, &f, wall_usec);
	err |= json_add_bool(mb, "registered", bound);
	err |= add_contact(mb, r, bound);
	err |= json_add_string(mb, "matched_by", bound ?
			       contact_match_name(r->match) : NULL);
	err |= json_add_bool(mb, "outbound", bound && r->outbound);
	err |= json_add_int(mb, "failures", r->failures);
	err |= json_add_string(mb, "detail", f.detail[0] ? f.detail : NULL);
	err |= status_add_extras(mb, f.extras);
	err |= status_add_tls(mb, f.tls_known ? &f.tls : NULL);
	err |= json_close(mb, '}');

	return err;
}


int status_add_flows(struct mbuf *mb, const struct agent *a,
		     int64_t wall_usec, msec_t now)
{
	const struct account *account = agent_account(a);
	unsigned i;
	int err;

	err = json_open(mb, "flows", '[');
	for (i = 0; i < account->regc; i++)
		err |= add_flow(mb, a, i, wall_usec, now);

	return err | json_close(mb, ']');
}
