/* The methods that ask the registrar: what it holds for an account, and whether
 * calls arrive. */

#include "loop.h"
#include "mask.h"
#include "methods_ask.h"
#include "wire.h"


static int add_code(struct mbuf *mb, uint16_t code)
{
	return code ? json_add_int(mb, "code", code)
		    : json_add_null(mb, "code");
}


/* --- Bindings, PurgeGhosts --- */

static int add_entry(struct mbuf *mb, const struct audit *audit,
		     const struct audit_entry *e)
{
	char uri[REGISTER_URI_SIZE];
	int err;

	(void)mask_copy(uri, sizeof(uri), audit_uri(audit, e));

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "uri", *uri ? uri : NULL);
	err |= e->expires == CONTACT_NO_EXPIRES
		? json_add_null(mb, "expires")
		: json_add_int(mb, "expires", e->expires);
	err |= json_add_string(mb, "kind",
			       audit_kind_name((enum audit_kind)e->kind));
	err |= json_add_string(mb, "matched_by", e->match == CONTACT_NO_MATCH ?
			       NULL : contact_match_name(
						(enum contact_match)e->match));
	err |= json_close(mb, '}');

	return err;
}


static unsigned count(const struct audit *audit)
{
	return audit_count(audit, AUDIT_OWN) +
		audit_count(audit, AUDIT_GHOST) +
		audit_count(audit, AUDIT_FOREIGN);
}


/* "bindings":[...],"more":0 */
static int add_list(struct mbuf *mb, const struct audit *audit)
{
	unsigned i;
	int err;

	err = json_open(mb, "bindings", '[');
	for (i = 0; audit && !err && i < audit->entryc; i++)
		err = add_entry(mb, audit, &audit->entryv[i]);
	err |= json_close(mb, ']');
	err |= json_add_int(mb, "more", audit ?
			    (int64_t)(count(audit) - audit->entryc) : 0);

	return err;
}


static int add_answer(struct mbuf *mb, const struct asked *q,
		      const struct agent_outcome *o)
{
	int err;

	err  = json_add_string(mb, "name", q->name);
	err |= json_add_bool(mb, "answered", o->audit != NULL);
	err |= add_code(mb, o->code);
	err |= add_list(mb, o->audit);

	return err;
}


static int bindings_print(struct mbuf *mb, const struct asked *q,
			  const struct agent_outcome *o)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= add_answer(mb, q, o);
	err |= json_close(mb, '}');

	return err;
}


static int purged_print(struct mbuf *mb, const struct asked *q,
			const struct agent_outcome *o)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= add_answer(mb, q, o);
	err |= json_add_int(mb, "removed", o->removed);
	err |= o->audit ? json_add_int(mb, "ghosts",
				       audit_count(o->audit, AUDIT_GHOST))
			: json_add_null(mb, "ghosts");
	err |= json_close(mb, '}');

	return err;
}


void method_bindings(struct control_call *call,
		     const struct odict *parameters, void *arg)
{
	method_ask(call, parameters, arg, agent_bindings, bindings_print);
}


void method_purge_ghosts(struct control_call *call,
			 const struct odict *parameters, void *arg)
{
	method_ask(call, parameters, arg, agent_purge_ghosts, purged_print);
}


/* --- Probe --- */

static int probed_print(struct mbuf *mb, const struct asked *q,
			const struct agent_outcome *o)
{
	const struct verdict v = account_verdict(agent_account(q->agent),
						 loop_now());
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "name", q->name);
	err |= json_add_string(mb, "result", probe_result_name(o->probe));
	err |= add_code(mb, o->probe_code);
	err |= json_add_string(mb, "reachable", reachable_name(v.reachable));
	err |= json_add_string(mb, "evidence", evidence_name(v.evidence));
	err |= json_add_string(mb, "reason", reason_name(v.reason));
	err |= json_add_string(mb, "reason_text", reason_text(v.reason));
	err |= json_close(mb, '}');

	return err;
}


void method_probe(struct control_call *call, const struct odict *parameters,
		  void *arg)
{
	method_ask(call, parameters, arg, agent_probe, probed_print);
}
