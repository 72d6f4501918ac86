/* Diagnosis, steps 6 and 7: where the registrar sees us, and what it holds. */

#include "diagnose_parts.h"
#include "mask.h"


#define NAT_TEXT (2 * ADDR_STRLEN + 64)


/* --- mapping --- */

static const char *nat_text(char buf[NAT_TEXT], enum diagnosis_nat nat,
			    const struct diagnosis_mapping *f)
{
	char local[ADDR_STRLEN], mapped[ADDR_STRLEN];

	addr_print(&f->local, local, sizeof(local));
	addr_print(&f->mapped, mapped, sizeof(mapped));

	switch (nat) {

	case DIAGNOSIS_NAT_UNKNOWN:
		return "the registrar does not say where it sees us";

	case DIAGNOSIS_NAT_NONE:
		return "no NAT: the registrar sees our own address";

	case DIAGNOSIS_NAT_ONE:
	case DIAGNOSIS_NAT_CGNAT:
		(void)re_snprintf(buf, NAT_TEXT, "behind a NAT%s: %s is seen "
				  "as %s", nat == DIAGNOSIS_NAT_CGNAT
				  ? " of the provider" : "", local, mapped);
		break;
	}

	return buf;
}


static void tell_flow(struct diagnosis *d)
{
	const struct account_flow *flow = &d->agent->regv[d->slot->i].flow;
	const struct mapping *m = &flow->mapping;
	char local[ADDR_STRLEN], mapped[ADDR_STRLEN];

	if (!flow->up || !addr_isset(&m->local)) {
		diagnose_detail(d, "the account has no flow now");
		return;
	}

	diagnose_detail(d, "account's flow: from %s, seen as %s",
			addr_print(&m->local, local, sizeof(local)),
			addr_isset(&m->addr)
			? addr_print(&m->addr, mapped, sizeof(mapped))
			: "unknown");
}


static void tell_notes(struct diagnosis *d, unsigned notes)
{
	unsigned i;

	for (i = 0; i < MAPPING_NOTES; i++)
		if (notes & 1u << i && mapping_note_text(1u << i))
			diagnose_detail(d, "%s", mapping_note_text(1u << i));
}


void diagnose_mapping(struct diagnosis *d)
{
	const unsigned i = d->slot->i;
	struct diagnosis_mapping f = {
		.local = d->local,
		.mapped = d->mapped,
		.rewritten = d->rewritten,
		.outbound = reg_of(d->slot)->outbound,
		.notes = account_notes(&d->agent->account, i, loop_now()),
	};
	char local[ADDR_STRLEN], mapped[ADDR_STRLEN], text[NAT_TEXT];

	addr_from_sa(&f.edge, &d->chosen->addr.addr);
	diagnose_detail(d, "this test: from %s, seen as %s",
			addr_print(&f.local, local, sizeof(local)),
			addr_isset(&f.mapped)
			? addr_print(&f.mapped, mapped, sizeof(mapped))
			: "unknown");
	tell_flow(d);
	tell_notes(d, f.notes);

	if (diagnose_say(d, DIAGNOSIS_MAPPING, diagnosis_mapping(&f), 0,
			 "%s%s", nat_text(text, diagnosis_nat(&f), &f),
			 f.rewritten ? "; a router rewrites our SIP" : ""))
		diagnose_binding(d);
}


/* --- binding --- */

static void tell_entry(struct diagnosis *d, const struct audit_entry *e)
{
	const char *kind = audit_kind_name((enum audit_kind)e->kind);
	char uri[REGISTER_URI_SIZE];

	(void)mask_copy(uri, sizeof(uri), audit_uri(d->audit, e));
	if (e->expires == CONTACT_NO_EXPIRES)
		diagnose_detail(d, "%s %s", kind, *uri ? uri : "(unreadable)");
	else
		diagnose_detail(d, "%s %s, %u s left", kind,
				*uri ? uri : "(unreadable)", e->expires);
}


static void tell_own(struct diagnosis *d)
{
	const struct addr *mapped =
		&d->agent->regv[d->slot->i].flow.mapping.addr;
	const struct reg *r = reg_of(d->slot);
	char contact[ADDR_STRLEN];

	if (!reg_bound(r, loop_now()))
		diagnose_detail(d, "the account itself holds no lease");
	else if (addr_isset(&r->contact))
		diagnose_detail(d, "the account's Contact: %s%s%s",
				addr_print(&r->contact, contact,
					   sizeof(contact)),
				r->outbound ? ", outbound" : "",
				!addr_isset(mapped) ? ""
				: addr_equal(&r->contact, mapped)
				? ", where the registrar sees its flow"
				: ", not where the registrar sees its flow");
}


static const char *listed_text(const struct diagnosis_binding *f)
{
	if (f->owns)
		return "";

	if (!f->account.enabled || f->account.paused)
		return ", as it should be";

	return f->account.verdict.registered
		? ", though the account counts on one" : "";
}


/* The reason in words where it is bad, as it is the conclusion's. */
static const char *reason_of(const struct diagnosis_finding *f)
{
	return f->result == DIAGNOSIS_FAILED &&
		f->reason != REASON_BINDING_ABSENT &&
		f->reason != REASON_OK ? reason_name(f->reason) : "";
}


static bool say_binding(struct diagnosis *d, const struct diagnosis_binding *f)
{
	const struct diagnosis_finding found = diagnosis_binding(f);
	const char *reason = reason_of(&found);

	if (!f->listed)
		return diagnose_say(d, DIAGNOSIS_BINDING, found, 0, "%s%s%s",
				    "the registrar's list is not known",
				    *reason ? ": " : "", reason);

	return diagnose_say(d, DIAGNOSIS_BINDING, found, 0,
			    "%u of this account%s; %u old, %u of other devices"
			    "%s%s", f->owns, listed_text(f), f->ghosts,
			    f->foreign, *reason ? ": " : "", reason);
}


void diagnose_binding(struct diagnosis *d)
{
	const struct audit *a = d->audit;
	struct diagnosis_binding f = {.listed = a != NULL};
	unsigned i;

	diagnose_account(&f.account, d);
	if (a) {
		f.owns = audit_count(a, AUDIT_OWN);
		f.ghosts = audit_count(a, AUDIT_GHOST);
		f.foreign = audit_count(a, AUDIT_FOREIGN);
	}

	for (i = 0; a && i < a->entryc; i++)
		tell_entry(d, &a->entryv[i]);
	tell_own(d);

	if (say_binding(d, &f))
		diagnose_probe(d);
}
