/* What the steps of a diagnosis mean: see diagnosis.h. */

#include "diagnosis.h"


static struct diagnosis_finding found(enum diagnosis_result result,
				      enum reason reason, enum remedy remedy)
{
	return (struct diagnosis_finding){result, reason, remedy};
}


static struct diagnosis_finding good(void)
{
	return found(DIAGNOSIS_OK, REASON_OK, REMEDY_NONE);
}


static struct diagnosis_finding failed(enum reason reason, enum remedy remedy)
{
	return found(DIAGNOSIS_FAILED, reason, remedy);
}


static struct diagnosis_finding dubious(enum reason reason, enum remedy remedy)
{
	return found(DIAGNOSIS_WARNING, reason, remedy);
}


static struct diagnosis_finding skipped(void)
{
	return found(DIAGNOSIS_SKIPPED, REASON_OK, REMEDY_NONE);
}


/* --- the way there --- */

struct diagnosis_finding
diagnosis_configuration(const struct diagnosis_configuration *f)
{
	if (!f->enabled)
		return dubious(REASON_OK, REMEDY_ENABLE);
	if (f->tls && f->unverified)
		return dubious(REASON_OK, REMEDY_VERIFY);

	return good();
}


struct diagnosis_finding diagnosis_dns(enum diagnosis_names names)
{
	switch (names) {

	case DIAGNOSIS_NAMES_LITERAL:
	case DIAGNOSIS_NAMES_KNOWN:
		break;

	case DIAGNOSIS_NAMES_KEPT:
		return dubious(REASON_DNS_FAILURE, REMEDY_DNS_KEPT);
	case DIAGNOSIS_NAMES_NONE:
		return failed(REASON_DNS_FAILURE, REMEDY_NAME);
	case DIAGNOSIS_NAMES_SILENT:
		return failed(REASON_DNS_FAILURE, REMEDY_DNS);
	case DIAGNOSIS_NAMES_OTHER:
		return failed(REASON_DNS_FAILURE, REMEDY_TRANSPORT);
	}

	return good();
}


static struct diagnosis_finding no_way(enum diagnosis_way way)
{
	switch (way) {

	case DIAGNOSIS_WAY_REFUSED:
		return failed(REASON_CONNECT_REFUSED, REMEDY_PORT);
	case DIAGNOSIS_WAY_SILENT:
		return failed(REASON_CONNECT_TIMEOUT, REMEDY_SILENCE);
	case DIAGNOSIS_WAY_NONE:
		return failed(REASON_CONNECT_TIMEOUT, REMEDY_WAY);
	case DIAGNOSIS_WAY_MACHINE:
		return failed(REASON_NO_RESOURCES, REMEDY_MACHINE);
	case DIAGNOSIS_WAY_UP:
		break;
	}

	return good();
}


struct diagnosis_finding diagnosis_connect(const struct diagnosis_connect *f)
{
	struct diagnosis_finding first = no_way(f->first);

	if (f->up && first.result == DIAGNOSIS_FAILED) {
		first.result = DIAGNOSIS_WARNING;
		first.remedy = REMEDY_OTHER_EDGE;
	}

	return first;
}


/* --- TLS --- */

static struct diagnosis_finding untrusted(enum diagnosis_trust trust)
{
	switch (trust) {

	case DIAGNOSIS_TRUST_ISSUER:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_CA);
	case DIAGNOSIS_TRUST_SELF:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_SELF_SIGNED);
	case DIAGNOSIS_TRUST_EXPIRED:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_EXPIRED);
	case DIAGNOSIS_TRUST_EARLY:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_NOT_YET);
	case DIAGNOSIS_TRUST_PIN:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_PIN);
	case DIAGNOSIS_TRUST_NAME:
		return failed(REASON_TLS_NAME, REMEDY_TLS_NAME);
	case DIAGNOSIS_TRUST_OTHER:
		return failed(REASON_TLS_UNTRUSTED, REMEDY_CA);
	case DIAGNOSIS_TRUST_GOOD:
		break;
	}

	return failed(REASON_TLS_FAILURE, REMEDY_TLS_PORT);
}


struct diagnosis_finding diagnosis_tls(const struct diagnosis_tls *f)
{
	if (f->ours)
		return failed(REASON_TLS_FAILURE, REMEDY_TLS_FILE);
	if (f->timed)
		return failed(REASON_CONNECT_TIMEOUT, REMEDY_TLS_PORT);
	if (!f->done)
		return untrusted(f->trust);
	if (!f->verified)
		return dubious(REASON_OK, REMEDY_VERIFY);
	if (f->ends && f->days < DIAGNOSIS_DAYS_MIN)
		return dubious(REASON_OK, REMEDY_RENEW);

	return good();
}


/* --- REGISTER --- */

static struct diagnosis_finding challenged(const struct diagnosis_register *f)
{
	switch (f->answer.challenge) {

	case CHALLENGE_WEAK:
	case CHALLENGE_UNUSABLE:
		return failed(REASON_CREDENTIALS, REMEDY_DIGEST);
	case CHALLENGE_REALM:
		return failed(REASON_CREDENTIALS, REMEDY_REALM);
	case CHALLENGE_ANSWER:
	case CHALLENGE_REFUSED:
	case CHALLENGE_STALE_LOOP:
	case CHALLENGE_NO_MEMORY:
		break;
	}

	return failed(REASON_CREDENTIALS, f->password ? REMEDY_CREDENTIALS
						      : REMEDY_PASSWORD);
}


static enum remedy remedy_of(const struct answer *a)
{
	enum {
		FORBIDDEN = 403, NOT_FOUND = 404, GONE = 410,
		AMBIGUOUS = 485, NOT_ACCEPTABLE = 488,
		INTERNAL = 500, LAST = 599,
	};

	if (a->retry_after)
		return REMEDY_STAY_AWAY;

	switch (a->code) {

	case FORBIDDEN:
		return REMEDY_FORBIDDEN;

	case NOT_FOUND:
	case GONE:
	case AMBIGUOUS:
		return REMEDY_AOR;

	default:
		break;
	}

	return a->code >= INTERNAL && a->code <= LAST ? REMEDY_OVERLOAD
						     : REMEDY_REJECTED;
}


static struct diagnosis_finding held(enum diagnosis_hold hold)
{
	return hold == DIAGNOSIS_HOLD_CREDENTIALS
		? failed(REASON_CREDENTIALS, REMEDY_HELD)
		: failed(REASON_RETRY_AFTER, REMEDY_STAY_AWAY);
}


static bool is_skewed(const struct diagnosis_register *f)
{
	return f->dated && (f->skew > DIAGNOSIS_SKEW_MAX ||
			    f->skew < -DIAGNOSIS_SKEW_MAX);
}


struct diagnosis_finding
diagnosis_register(const struct diagnosis_register *f)
{
	const struct answer *a = &f->answer;

	if (f->refused)
		return failed(REASON_CONNECT_REFUSED, REMEDY_PORT);
	if (!a->code)
		return failed(REASON_NO_ANSWER, REMEDY_SIP_SILENCE);
	if (f->hold != DIAGNOSIS_HOLD_NONE)
		return held(f->hold);
	if (answer_is_challenge(a->code))
		return challenged(f);
	if (!answer_is_good(a->code))
		return failed(answer_reason(a), remedy_of(a));
	if (is_skewed(f))
		return dubious(REASON_OK, REMEDY_CLOCK);

	return good();
}


/* --- where we are seen, and what is registered --- */

enum diagnosis_nat diagnosis_nat(const struct diagnosis_mapping *f)
{
	if (!addr_isset(&f->mapped))
		return DIAGNOSIS_NAT_UNKNOWN;
	if (addr_equal(&f->mapped, &f->local))
		return DIAGNOSIS_NAT_NONE;

	return addr_scope(&f->mapped) == ADDR_CGNAT ? DIAGNOSIS_NAT_CGNAT
						    : DIAGNOSIS_NAT_ONE;
}


struct diagnosis_finding diagnosis_mapping(const struct diagnosis_mapping *f)
{
	if (f->rewritten || f->notes & MAPPING_NOTE_ALG)
		return dubious(REASON_OK, REMEDY_ALG);
	if (f->notes & MAPPING_NOTE_FLAPPING && !f->outbound)
		return dubious(REASON_UNPROVEN, REMEDY_FLAPPING);
	if (!addr_isset(&f->mapped))
		return skipped();

	return good();
}


static enum remedy remedy_of_reason(enum reason reason)
{
	switch (reason) {

	case REASON_BINDING_PRIVATE:     return REMEDY_PRIVATE;
	case REASON_MAPPING_MOVED:       return REMEDY_MOVED;
	case REASON_BINDING_GHOST_ONLY:
	case REASON_BINDING_ABSENT:
	case REASON_LEASE_EXPIRED:       return REMEDY_ABSENT;
	case REASON_PROBE_LOST:          return REMEDY_PROBE;
	case REASON_FLOW_LOST:           return REMEDY_FLOW;
	case REASON_UNPROVEN:            return REMEDY_UNPROVEN;

	case REASON_OK:
	case REASON_STARTING:
	case REASON_PAUSED:
	case REASON_RESOLVING:
	case REASON_DNS_FAILURE:
	case REASON_CONNECTING:
	case REASON_CONNECT_REFUSED:
	case REASON_CONNECT_TIMEOUT:
	case REASON_TLS_UNTRUSTED:
	case REASON_TLS_NAME:
	case REASON_TLS_FAILURE:
	case REASON_NO_ANSWER:
	case REASON_REJECTED:
	case REASON_CREDENTIALS:
	case REASON_FORBIDDEN:
	case REASON_RETRY_AFTER:
	case REASON_INTERVAL_TOO_BRIEF:
	case REASON_NO_RESOURCES:
		break;
	}

	return REMEDY_REGISTER;
}


/* Of one that ought to be registered. */
static struct diagnosis_finding wanted(const struct diagnosis_binding *f)
{
	const struct verdict *v = &f->account.verdict;

	if (!v->registered)
		return failed(f->ghosts ? REASON_BINDING_GHOST_ONLY
					: REASON_BINDING_ABSENT,
			      REMEDY_REGISTER);
	if (!f->owns)
		return failed(REASON_BINDING_ABSENT, REMEDY_ABSENT);
	if (v->reachable == REACHABLE_NO)
		return failed(v->reason, remedy_of_reason(v->reason));
	if (f->ghosts)
		return dubious(REASON_OK, REMEDY_GHOSTS);

	return good();
}


/* The account's own word, without a list. */
static struct diagnosis_finding unlisted(const struct verdict *v)
{
	if (v->registered && v->reachable == REACHABLE_NO)
		return failed(v->reason, remedy_of_reason(v->reason));

	return skipped();
}


struct diagnosis_finding diagnosis_binding(const struct diagnosis_binding *f)
{
	if (!f->listed)
		return unlisted(&f->account.verdict);
	if (f->account.enabled && !f->account.paused)
		return wanted(f);
	if (f->owns || f->ghosts)
		return dubious(REASON_OK, REMEDY_LEFT_BEHIND);

	return good();
}


bool diagnosis_may_probe(enum probe_result last, unsigned foreign)
{
	return !foreign && last != PROBE_REFUSED && last != PROBE_NOT_LOOPED;
}


struct diagnosis_finding diagnosis_probe(const struct diagnosis_probe *f)
{
	if (!f->bound || f->due)
		return skipped();

	switch (f->result) {

	case PROBE_PROVEN:
		return good();
	case PROBE_LOST:
		return failed(REASON_PROBE_LOST, REMEDY_PROBE);
	case PROBE_UNKNOWN:
	case PROBE_NOT_LOOPED:
	case PROBE_REFUSED:
		break;
	}

	return skipped();
}


/* --- the conclusion --- */

static struct diagnosis_conclusion ends(enum diagnosis_end end,
					struct diagnosis_finding finding)
{
	return (struct diagnosis_conclusion){.finding = finding, .end = end};
}


/* The first step with that result; DIAGNOSIS_STEPS: none has it. */
static unsigned first(const struct diagnosis_finding *v,
		      enum diagnosis_result result)
{
	unsigned i = 0;

	while (i < DIAGNOSIS_STEPS && v[i].result != result)
		++i;

	return i;
}


static struct diagnosis_conclusion
step_decides(const struct diagnosis_finding *v, unsigned i)
{
	return (struct diagnosis_conclusion){
		.finding = v[i],
		.end = DIAGNOSIS_END_STEP,
		.step = (enum diagnosis_step)i,
	};
}


/* Nothing is wrong with the way, as far as the test went. */
static bool account_decides(struct diagnosis_conclusion *c,
			    const struct diagnosis_account *a)
{
	const struct verdict *v = &a->verdict;

	if (!a->enabled)
		*c = ends(DIAGNOSIS_END_DISABLED,
			  dubious(REASON_OK, REMEDY_ENABLE));
	else if (a->paused)
		*c = ends(DIAGNOSIS_END_PAUSED,
			  dubious(REASON_PAUSED, REMEDY_RESUME));
	else if (a->stays_away)
		*c = ends(DIAGNOSIS_END_WAITS,
			  v->registered ? dubious(v->reason, REMEDY_REGISTER)
					: failed(v->reason, REMEDY_REGISTER));
	else
		return false;

	return true;
}


struct diagnosis_conclusion
diagnosis_conclude(const struct diagnosis_finding *v,
		   const struct diagnosis_account *a)
{
	const unsigned bad = first(v, DIAGNOSIS_FAILED);
	const unsigned odd = first(v, DIAGNOSIS_WARNING);
	struct diagnosis_conclusion c;

	if (bad < DIAGNOSIS_BINDING)
		return step_decides(v, bad);
	if (account_decides(&c, a))
		return c;
	if (bad < DIAGNOSIS_STEPS)
		return step_decides(v, bad);
	if (odd < DIAGNOSIS_STEPS)
		return step_decides(v, odd);
	if (a->verdict.reason != REASON_OK)
		return ends(DIAGNOSIS_END_ACCOUNT,
			    dubious(a->verdict.reason,
				    remedy_of_reason(a->verdict.reason)));

	return ends(DIAGNOSIS_END_WELL, good());
}
