/* The facts of the answers that a registrar of average health gives. */

#include "world.h"


static const struct addr our_addr = {
	.ip = {192, 0, 2, 1}, .port = 40000, .family = ADDR_IPV4,
};

static const struct addr other_addr = {
	.ip = {198, 51, 100, 9}, .port = 5060, .family = ADDR_IPV4,
};


struct answer world_ok(uint32_t lease)
{
	return world_ok_among(0, lease);
}


struct answer world_ok_among(uint32_t foreign, uint32_t lease)
{
	const struct contact_entry other = {
		.addr = other_addr, .expires = foreign, .user = true,
	};
	const struct contact_entry own = {
		.addr = our_addr, .expires = lease, .user = true,
	};
	struct answer a = {.code = 200};

	contact_begin(&a.contacts, &our_addr, &our_addr);
	contact_add(&a.contacts, &other);
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
