/* The facts of the answers that a registrar of average health gives. */

#include "world.h"


/* Somebody else's device, and what an earlier run of ours had. */
static const struct addr other_addr = {
	.ip = {198, 51, 100, 9}, .port = 5060, .family = ADDR_IPV4,
};


void world_add_ghost(struct world *w, uint64_t key)
{
	if (w->ghostc < WORLD_GHOSTS)
		w->ghostv[w->ghostc++] = key;
}


struct answer world_ok(const struct world *w, uint32_t lease)
{
	return world_ok_among(w, 0, 0, lease);
}


struct answer world_ok_among(const struct world *w, unsigned n,
			     uint32_t foreign, uint32_t lease)
{
	const struct addr *mapped = &w->reg.flow.mapping.addr;
	const struct contact_entry other = {
		.addr = other_addr, .expires = foreign, .user = true,
	};
	const struct contact_entry ghost = {
		.addr = other_addr, .expires = 600, .known = true,
	};
	const struct contact_entry own = {
		.addr = w->contact.addr, .expires = lease, .user = true,
		.token_account = w->keeps_token, .token_flow = w->keeps_token,
	};
	struct answer a = {.code = 200};
	unsigned i;

	contact_begin(&a.contacts, &w->contact.addr, mapped);
	for (i = 0; i < n; i++)
		contact_add(&a.contacts, &other);
	for (i = 0; i < w->ghostc; i++)
		contact_add(&a.contacts, &ghost);
	contact_add(&a.contacts, &own);
	a.bound = contact_end(&a.contacts, CONTACT_NO_EXPIRES, lease);

	return a;
}


struct answer world_code(uint16_t code)
{
	struct answer a = {.code = code};

	return a;
}


struct answer world_challenge(struct world *w, bool stale,
			      enum digest_algorithm algorithm, bool realm)
{
	struct challenge *c = &world_reg(w)->challenge;
	const struct challenge_offer offer = {
		.algorithm = algorithm,
		.qop_usable = true,
		.realm_accepted = realm,
		.stale = stale,
	};
	struct answer a = {.code = 401};

	/* What nobody waits for is not read either. */
	if (!w->in_flight)
		return a;

	challenge_begin(c);
	challenge_offer(c, &offer);
	a.challenge = challenge_end(c, w->now);
	w->nonce = a.challenge == CHALLENGE_ANSWER;

	return a;
}
