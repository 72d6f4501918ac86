/* Nat: what is known of the NAT before this site, measured anew if that was not
 * done a moment ago. */

#include <string.h>
#include "daemon.h"
#include "loop.h"
#include "methods.h"
#include "natadvice.h"
#include "status_part.h"
#include "wire.h"


#define USEC INT64_C(1000000)    /* per second */

/* Who waits for a measurement. */
struct asking {
	struct nat_waiter waiter;
	struct control_call *call;
	struct daemon *daemon;
};

/* All that is told. */
struct told {
	struct nat_status nat;
	struct site_status site;
	struct natview view;
	struct natadvice_facts facts;
	const struct agent_env *env;
};


/* --- what is known --- */

static void view_account(struct natview *view, const struct agent *a)
{
	const unsigned regc = agent_account(a)->regc;
	struct agent_flow f;

	for (unsigned i = 0; i < regc; i++) {

		struct natview_flow vf;

		agent_flow(a, i, &f);
		if (!f.flow)
			continue;

		vf = (struct natview_flow){
			.mapping = f.mapping,
			.interval = f.interval,
			.notes = f.notes,
			.transport = f.transport,
			.survived = f.flow->survived,
		};
		natview_add(view, &vf);
	}
}


static void look(struct told *t, struct daemon *d)
{
	const struct agent *a;

	memset(t, 0, sizeof(*t));
	t->env = daemon_env(d);
	for (size_t i = 0; (a = daemon_agent(d, i)); i++)
		view_account(&t->view, a);

	nat_status(t->env->nat, &t->nat);
	site_status(t->env->site, &t->site);
	t->facts = (struct natadvice_facts){
		.kind = t->nat.kind,
		.view = &t->view,
		.servers = t->nat.configured,
		.silent = t->nat.error[0] != '\0',
	};
}


/* --- as JSON --- */

static int add_yes(struct mbuf *mb, const char *key, enum nat_yes yes)
{
	return yes == NAT_UNKNOWN ? json_add_null(mb, key)
				  : json_add_bool(mb, key, yes == NAT_YES);
}


/* Whole seconds, rounded; 0: null. */
static int add_silence(struct mbuf *mb, const char *key, msec_t silence)
{
	return silence ? json_add_int(mb, key, (int64_t)((silence + 500) /
							 1000))
		       : json_add_null(mb, key);
}


static int add_measured(struct mbuf *mb, const struct told *t, int64_t now)
{
	const struct nat_status *s = &t->nat;
	int err;

	err  = json_add_string(mb, "server", s->kind ? s->server : NULL);
	err |= s->kind ? json_add_int(mb, "measured_usec", s->at_usec)
		       : json_add_null(mb, "measured_usec");
	err |= s->kind ? json_add_int(mb, "age", (now - s->at_usec) / USEC)
		       : json_add_null(mb, "age");
	err |= json_add_string(mb, "error", s->error[0] ? s->error : NULL);

	return err;
}


static int add_kind(struct mbuf *mb, const struct told *t)
{
	const struct natkind *k = t->nat.kind;
	const char *by = t->view.groupc ? "witnesses" : NULL;
	int err;

	err  = json_add_string(mb, "by", k ? natkind_method(k) : by);
	err |= status_add_addr(mb, "local", k ? &k->local : NULL);
	err |= status_add_addr(mb, "mapped", k ? natkind_mapped(k) : NULL);
	err |= json_add_string(mb, "mapping",
			       nat_map_name(natadvice_mapping(&t->facts)));
	err |= add_yes(mb, "port_kept", k ? natkind_port_kept(k)
					  : NAT_UNKNOWN);
	err |= json_add_string(mb, "filtering", k ?
			       nat_filter_name(natkind_filtering(k)) : NULL);
	err |= add_yes(mb, "hairpin", k ? natkind_hairpin(k) : NAT_UNKNOWN);

	return err;
}


static int add_seen(struct mbuf *mb, const struct natview *v)
{
	int err;

	err = json_open(mb, "seen", '[');
	for (unsigned i = 0; !err && i < v->groupc; i++) {

		const struct natview_group *g = &v->groupv[i];

		err  = json_open(mb, NULL, '{');
		err |= json_add_string(mb, "transport", transport_name(
					(enum transport)g->transport));
		err |= status_add_addr(mb, "addr", &g->ip);
		err |= json_add_int(mb, "flows", g->flows);
		err |= json_add_int(mb, "ports_kept", g->kept);
		err |= json_close(mb, '}');
	}
	err |= json_close(mb, ']');
	err |= json_add_int(mb, "seen_omitted", v->omitted);

	return err;
}


static int add_advice(struct mbuf *mb, unsigned bits)
{
	int err;

	err = json_open(mb, "advice", '[');
	for (unsigned i = 0; i < NATADVICES; i++) {

		if (!(bits & 1u << i))
			continue;

		err |= json_open(mb, NULL, '{');
		err |= json_add_string(mb, "name", natadvice_name(1u << i));
		err |= json_add_string(mb, "text", natadvice_text(1u << i));
		err |= json_close(mb, '}');
	}

	return err | json_close(mb, ']');
}


static int print(struct mbuf *mb, struct daemon *d)
{
	const int64_t now = daemon_wall_usec(d) + (int64_t)loop_usec();
	struct told t;
	int err;

	look(&t, d);
	err  = json_open(mb, NULL, '{');
	err |= json_add_bool(mb, "learned", t.nat.kind || t.view.groupc ||
			     addr_isset(&t.site.addr));
	err |= status_add_site(mb, t.env->site ? &t.site : NULL);
	err |= add_measured(mb, &t, now);
	err |= add_kind(mb, &t);
	err |= add_silence(mb, "idle_death", t.view.death);
	err |= add_silence(mb, "idle_survived", t.view.survived);
	err |= add_seen(mb, &t.view);
	err |= add_advice(mb, natadvice(&t.facts));
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


/* --- the call --- */

static void answer(struct control_call *call, struct daemon *d)
{
	struct mbuf *mb = method_buffer(call);

	if (mb)
		method_reply(call, mb, print(mb, d));
}


static void asking_destructor(void *data)
{
	struct asking *q = data;

	list_unlink(&q->waiter.le);
	mem_deref(q->call);
}


static void measured_handler(void *arg)
{
	struct asking *q = arg;

	/* its client may go in the middle of the answer */
	control_on_gone(q->call, NULL, NULL);
	answer(q->call, q->daemon);
	mem_deref(q);
}


static void gone_handler(void *arg)
{
	mem_deref(arg);
}


void method_nat(struct control_call *call, const struct odict *parameters,
		void *arg)
{
	struct daemon *d = arg;
	struct asking *q;
	int err;
	(void)parameters;

	q = mem_zalloc(sizeof(*q), asking_destructor);
	if (!q) {
		method_no_memory(call);
		return;
	}

	q->daemon = d;
	q->call = mem_ref(call);
	q->waiter.h = measured_handler;
	q->waiter.arg = q;
	err = nat_wait(daemon_env(d)->nat, &q->waiter);
	if (!err) {
		control_on_gone(call, gone_handler, q);
		return;
	}

	/* what is known is told at once */
	mem_deref(q);
	answer(call, d);
}
