/* The probe of a registration, sent: core/probe.c says when, and from where. On
 * a stream there is no pinhole that a packet of ours could open (what the
 * registrar sends comes over this very connection or not at all), so it goes
 * over the flow itself and costs no connection. */

#include <string.h>
#include "slot_parts.h"


static void answer_handler(uint16_t code, void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_probe_answer(s->owner->account, s->i, code,
						loop_now()));
}


void slot_probe(struct slot *s, bool on_flow)
{
	const struct account_conf *conf = s->owner->conf;
	const enum transport transport = slot_present(s)->transport;
	struct link *l = link_of(s);
	struct conn_conf conn = {
		.transport = transport,
		.source = conf->source,
		.interface = conf->interface,
		.dscp = conf->dscp,
		.tap = &s->tap,
	};
	struct prober_conf pc = {
		.id = &s->id,
		.proxy = name_proxy(slot_present(s)),
		.service_route = s->extras.service_route,
		.conn = &conn,
	};
	int err = ENOTCONN;

	s->prober = mem_deref(s->prober);
	if (l && link_peer(l)) {
		conn.peer = *link_peer(l);
		pc.contact = s->contact;
		if (on_flow || transport_stream(transport))
			pc.link = l;
		err = prober_send_open(&s->prober, &pc, answer_handler, s);
	}

	account_on_probe_sent(s->owner->account, s->i, !err, loop_now());
}
