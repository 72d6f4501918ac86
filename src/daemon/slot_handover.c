/* A registration and its flow over a restart: what is told to the next process,
 * and how that goes on with them. When and what, core/handover.c decides. */

#include <errno.h>
#include <string.h>
#include "config_equal.h"
#include "slot_parts.h"
#include "sock.h"


enum handover_ready slot_handover_ready(const struct slot *s)
{
	const struct link *l = link_of(s);
	enum handover_ready ready;

	/* a binding whose URI is too long to be kept is not known again */
	if (!l || slot_transport(s) == TRANSPORT_TLS || !s->contact_uri ||
	    !s->bound_uri || strcmp(s->contact_uri, s->bound_uri))
		return HANDOVER_NEVER;

	ready = account_handover_ready(s->owner->account, s->i, link_flow(l),
				       loop_now());

	return ready == HANDOVER_NOW && link_hand_over(l) < 0 ? HANDOVER_SOON
							 : ready;
}


int slot_hand_over(const struct slot *s, struct handed *h, int *fdp)
{
	const struct account_conf *conf = s->owner->conf;
	const struct register_extras *x = &s->extras;
	const struct link *l = link_of(s);

	if (slot_handover_ready(s) != HANDOVER_NOW)
		return EAGAIN;

	*h = (struct handed){
		.account = conf->name,
		.reg_id = s->i + 1,
		.conf = account_conf_hash(conf, s->owner->env->instance),
		.transport = slot_transport(s),
		.uri = s->attemptv[s->present].uri,
		.callid = (char *)s->id.callid,
		.token = (char *)s->id.token_flow,
		.contact_uri = s->contact_uri,
		.path = x->path,
		.service_route = x->service_route,
		.associated = x->associated,
		.pub_gruu = x->pub_gruu,
		.temp_gruu = x->temp_gruu,
	};
	account_hand_over(s->owner->account, s->i, link_flow(l), &h->core);
	*fdp = link_hand_over(l);

	return sock_cookie(&h->cookie, *fdp);
}


/* --- the next process --- */

static bool fits(const struct slot *s, const struct handed *h)
{
	const struct account_conf *conf = s->owner->conf;

	return !link_of(s) &&
		h->conf == account_conf_hash(conf, s->owner->env->instance) &&
		handover_good(&h->core, loop_now());
}


static void take_extras(struct register_extras *x, struct handed *h)
{
	register_extras_reset(x);
	x->path = mem_ref(h->path);
	x->service_route = mem_ref(h->service_route);
	x->associated = mem_ref(h->associated);
	x->pub_gruu = mem_ref(h->pub_gruu);
	x->temp_gruu = mem_ref(h->temp_gruu);
}


/* The lease that the file is ahead by, the next 200 says again. */
static void take_binding(struct slot *s, struct handed *h)
{
	str_ncpy(s->id.callid, h->callid, sizeof(s->id.callid));
	str_ncpy(s->id.token_flow, h->token, sizeof(s->id.token_flow));
	s->contact = h->core.nat.offered;

	/* it is ours, and no old one */
	olds_forget(s, h->contact_uri);
	mem_deref(s->contact_uri);
	mem_deref(s->bound_uri);
	s->contact_uri = mem_ref(h->contact_uri);
	s->bound_uri = mem_ref(h->contact_uri);
	s->bound_until = s->bound_kept = h->core.reg.lease_end;
	take_extras(&s->extras, h);
	slot_changed(s);
}


/* Nobody was there to see what changed meanwhile. */
static void look_around(struct slot *s, struct net_pass *pass)
{
	const msec_t now = loop_now();

	if (!slot_on_source(s, pass) && flow_slept_in(link_flow(link_of(s)),
						      now))
		slot_perform(s, account_on_verify(s->owner->account, s->i,
						  now));
}


int slot_take_over(struct slot *s, struct handed *h, int fd,
		   struct net_pass *pass)
{
	int err;

	if (!fits(s, h))
		return EINVAL;

	err = connect_take_over(s, h->transport, h->uri, &h->core, fd);
	if (err)
		return err;

	take_binding(s, h);
	slot_perform(s, account_take_over(s->owner->account, s->i, &h->core,
					  loop_now()));
	slot_learn(s);
	if (link_of(s) && !s->query)
		name_learn(s);
	look_around(s, pass);

	return 0;
}
