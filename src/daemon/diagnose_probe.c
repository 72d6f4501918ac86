/* Diagnosis, step 8: the account's own probe where it does no harm, else what
 * the last one has shown. */

#include "diagnose_parts.h"


/* Waits for the probe; outlives the diagnosis where that has to end before. */
struct diagnose_probing {
	struct diagnosis *diagnosis;     /* NULL: it does not wait any more */
};


void diagnose_probe_close(struct diagnosis *d)
{
	if (d->probing)
		d->probing->diagnosis = NULL;
	d->probing = NULL;
}


static const struct probe *probe_of(const struct diagnosis *d)
{
	return &d->agent->regv[d->slot->i].probe;
}


static bool is_bound(const struct diagnosis *d)
{
	return d->agent->account.started &&
		reg_bound(reg_of(d->slot), loop_now());
}


static const char *result_text(const struct diagnosis_probe *f)
{
	if (!f->bound)
		return "the account has no binding that could be proven";
	if (f->due)
		return "not heard of yet";

	switch (f->result) {

	case PROBE_PROVEN:
		return "a request to ourselves came back through the registrar";
	case PROBE_LOST:
		return "a request to ourselves did not come back, as earlier "
		       "ones did";
	case PROBE_NOT_LOOPED:
		return "this registrar never sends them our way, which proves "
		       "nothing";
	case PROBE_REFUSED:
		return "the registrar refuses them, which proves nothing";
	case PROBE_UNKNOWN:
		break;
	}

	return "nothing is proven yet";
}


static void end(struct diagnosis *d, bool due)
{
	const struct diagnosis_probe f = {
		.bound = is_bound(d),
		.due = due,
		.result = (enum probe_result)probe_of(d)->result,
	};

	diagnose_wait(d, 0, NULL);
	diagnose_probe_close(d);
	if (diagnose_say(d, DIAGNOSIS_PROBE, diagnosis_probe(&f),
			 diagnose_took(d), "%s", result_text(&f)))
		diagnose_conclude(d);
}


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	struct diagnose_probing *p = arg;
	struct diagnosis *d = mem_ref(p->diagnosis);

	mem_deref(p);
	if (!d)
		return;

	d->probing = NULL;
	if (o && d->h)
		end(d, false);
	mem_deref(d);
}


static void timeout(struct diagnosis *d)
{
	end(d, true);
}


/* Foreign bindings that this test was told of, or the last REGISTER. */
static unsigned foreign(const struct diagnosis *d)
{
	return d->audit ? audit_count(d->audit, AUDIT_FOREIGN)
			: d->agent->regv[d->slot->i].foreign;
}


static bool may_probe(struct diagnosis *d)
{
	const enum probe_result last = (enum probe_result)probe_of(d)->result;

	if (!is_bound(d))
		return false;

	if (!diagnose_conf(d)->probe)
		diagnose_detail(d, "probe.mode is off: none was sent");
	else if (foreign(d))
		diagnose_detail(d, "none was sent, as other devices would be "
				"woken; this is the last result");
	else if (!diagnosis_may_probe(last, 0))
		diagnose_detail(d, "none was sent; this is the last result");
	else
		return true;

	return false;
}


void diagnose_probe(struct diagnosis *d)
{
	struct diagnose_probing *p;

	p = may_probe(d) ? mem_zalloc(sizeof(*p), NULL) : NULL;
	if (!p) {
		end(d, false);
		return;
	}

	p->diagnosis = d;
	d->probing = p;
	diagnose_wait(d, DIAGNOSE_ANSWER, timeout);

	/* the outcome may come at once, and then p is gone */
	if (agent_probe(d->agent, outcome_handler, p)) {
		mem_deref(p);
		d->probing = NULL;
		end(d, false);
	}
}
