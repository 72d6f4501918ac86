/* The registrar at the other end, of average health: its answers, and what it
 * remembers of us. */

#include "sim.h"


static struct answer error_answer(struct sim *s)
{
	static const uint16_t codev[] = {500, 503, 480, 404, 408, 504, 600};
	const unsigned n = sizeof(codev) / sizeof(codev[0]);
	struct answer a = world_code(s->sc->code);

	a.retry_after = s->sc->retry_after;
	if (a.code)
		return a;

	a.code = codev[sim_between(s, 0, n - 1)];
	if (sim_one_in(s, 4))
		a.retry_after = (uint32_t)sim_between(s, 1, 1800);

	return a;
}


static struct answer good_answer(struct sim *s)
{
	const msec_t lease = sim_sized(s, s->sc->least, s->sc->most);

	s->binding_until = s->w.now + SECONDS(lease);
	s->binding_number = s->w.link.number;
	s->binding_addr = s->w.contact.addr;
	s->kept_worked = true;

	return world_ok(&s->w, (uint32_t)lease);
}


/* RFC 3261 §10.3 (6): the same Call-ID with a CSeq that is not larger. That
 * must not happen; what an old Call-ID may do is up to the registrar. */
static bool is_stale(struct sim *s)
{
	const uint32_t cseq = s->w.reg.reg.cseq;
	const bool stale = cseq <= s->cseq;

	s->unexplained += stale;
	s->cseq = cseq;

	return stale;
}


static struct answer fair_answer(struct sim *s)
{
	const bool reused = s->w.credentials == CHALLENGE_SENT_REUSED;

	if (s->w.credentials == CHALLENGE_SENT_NONE)
		return world_challenge(&s->w, false, DIGEST_SHA256, true);

	if (reused && sim_one_in(s, 10))
		return world_challenge(&s->w, true, DIGEST_SHA256, true);

	if (is_stale(s) || s->hates_callid)
		return world_code(400);
	if (s->hates_olds && s->w.named)
		return world_code(403);

	return good_answer(s);
}


static struct answer redirect(void)
{
	struct answer a = world_code(302);

	a.redirect = true;

	return a;
}


void registrar_answer(struct sim *s)
{
	struct path *p = path_of(s, &s->w.link);
	struct answer a;

	switch (s->weather) {

	case ERRORS:
		a = error_answer(s);
		break;

	case NO_LOGIN:
		a = world_challenge(&s->w, false, DIGEST_SHA256, true);
		break;

	case FORGOTTEN:
	case AMNESIA:
	case NET_DOWN:
	case NO_IPV6:
	case NO_DNS:
	case HOST_DOWN:
	case FAIR:
		a = s->sc->redirects && !s->away ? redirect()
						 : fair_answer(s);
		break;
	}

	measure_answer(s, &a);
	path_receive(s, p);
	world_answer(&s->w, &a, &p->mapped);
}
