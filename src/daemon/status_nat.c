/* What is known of NATs as JSON: what the witnesses say, what is remarkable,
 * the keepalive that was learned, the probe. See status.h. */

#include "status_part.h"
#include "wire.h"


int status_add_addr(struct mbuf *mb, const char *key, const struct addr *a)
{
	char buf[ADDR_STRLEN];

	if (!a || !addr_isset(a))
		return json_add_null(mb, key);

	return json_add_string(mb, key, addr_print(a, buf, sizeof(buf)));
}


/* --- of a flow --- */

static int add_sighting(struct mbuf *mb, enum witness w,
			const struct mapping *m, int64_t wall_usec)
{
	const struct sighting *s = m ? &m->saidv[w] : NULL;
	int err;

	if (!s || !addr_isset(&s->addr))
		return json_add_null(mb, witness_name(w));

	err  = json_open(mb, witness_name(w), '{');
	err |= status_add_addr(mb, "addr", &s->addr);
	err |= status_add_time(mb, "at_usec", s->at, wall_usec);
	err |= json_close(mb, '}');

	return err;
}


static int add_notes(struct mbuf *mb, const char *key, unsigned notes,
		     const char *(*texth)(unsigned bit))
{
	unsigned i;
	int err;

	err = json_open(mb, key, '[');
	for (i = 0; i < MAPPING_NOTES; i++)
		if (notes & 1u << i)
			err |= json_add_string(mb, NULL, texth(1u << i));

	return err | json_close(mb, ']');
}


/* The silence that killed a flow and so taught the interval. */
static int add_idle_death(struct mbuf *mb, const struct interval *i,
			  int64_t wall_usec)
{
	const bool known = i && i->idle;
	int err;

	err  = known ? json_add_int(mb, "idle_death",
				    (int64_t)((i->idle + 500) / 1000))
		     : json_add_null(mb, "idle_death");
	/* what is before the boot wraps, as it does with the clock's */
	err |= status_add_time(mb, "idle_death_usec",
			       known ? i->since - i->aged : NEVER, wall_usec);

	return err;
}


static int add_probe(struct mbuf *mb, const struct probe *p,
		     int64_t wall_usec)
{
	int err;

	if (!p)
		return json_add_null(mb, "probe");

	err  = json_open(mb, "probe", '{');
	err |= json_add_string(mb, "result", probe_result_name(
					(enum probe_result)p->result));
	err |= status_add_time(mb, "at_usec", p->proven_at, wall_usec);
	err |= p->code ? json_add_int(mb, "code", p->code)
		       : json_add_null(mb, "code");
	err |= json_close(mb, '}');

	return err;
}


int status_add_nat(struct mbuf *mb, const struct agent_flow *f,
		   int64_t wall_usec)
{
	int err;

	err  = json_open(mb, "witnesses", '{');
	err |= add_sighting(mb, WITNESS_VIA, f->mapping, wall_usec);
	err |= add_sighting(mb, WITNESS_STUN, f->mapping, wall_usec);
	err |= json_close(mb, '}');
	err |= add_notes(mb, "notes", f->notes, mapping_note_name);
	err |= add_notes(mb, "note_texts", f->notes, mapping_note_text);
	err |= json_add_string(mb, "keepalive_reason", f->flow ?
			       interval_reason_name(
					flow_interval_reason(f->flow)) : NULL);
	err |= add_idle_death(mb, f->interval, wall_usec);
	err |= add_probe(mb, f->probe, wall_usec);

	return err;
}


/* --- of the site and this machine --- */

int status_add_site(struct mbuf *mb, const struct site_status *s)
{
	int err;

	if (!s)
		return json_add_null(mb, "site");

	err  = json_open(mb, "site", '{');
	err |= json_add_string(mb, "server", s->server);
	err |= status_add_addr(mb, "addr", &s->addr);
	err |= addr_isset(&s->addr) ? json_add_int(mb, "at_usec", s->at_usec)
				    : json_add_null(mb, "at_usec");
	err |= json_add_string(mb, "error", s->error && *s->error ? s->error
								  : NULL);
	err |= json_close(mb, '}');

	return err;
}


int status_add_network(struct mbuf *mb, const char *text, int64_t usec)
{
	int err;

	if (!text)
		return json_add_null(mb, "network");

	err  = json_open(mb, "network", '{');
	err |= json_add_string(mb, "text", text);
	err |= json_add_int(mb, "at_usec", usec);
	err |= json_close(mb, '}');

	return err;
}
