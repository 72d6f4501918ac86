/* The words of a text in the state file. */

#include <string.h>
#include "state_word.h"


bool state_word(struct pl *word, struct pl *rest)
{
	const char *end;

	while (rest->l && *rest->p == ' ')
		pl_advance(rest, 1);

	end = memchr(rest->p, ' ', rest->l);
	word->p = rest->p;
	word->l = end ? (size_t)(end - rest->p) : rest->l;
	pl_advance(rest, (ssize_t)word->l);

	return word->l != 0;
}


bool state_word_number(uint64_t *np, struct pl *rest, uint64_t max)
{
	struct pl pl;
	uint64_t n = 0;

	if (!state_word(&pl, rest))
		return false;

	for (size_t i = 0; i < pl.l; i++) {

		const unsigned digit = (unsigned)pl.p[i] - '0';

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return false;

		n = n * 10 + digit;
	}

	*np = n;

	return true;
}


bool state_word_name(unsigned *ip, struct pl *rest,
		     const char *(*name)(unsigned), unsigned count)
{
	struct pl pl;

	if (!state_word(&pl, rest))
		return false;

	for (*ip = 0; *ip < count; ++*ip) {
		if (!pl_strcmp(&pl, name(*ip)))
			return true;
	}

	return false;
}


bool state_word_addr(struct addr *addr, struct pl *rest)
{
	struct pl ip;
	uint64_t port;

	return state_word(&ip, rest) &&
	       state_word_number(&port, rest, UINT16_MAX) &&
	       addr_parse(addr, ip.p, ip.l, (uint16_t)port);
}
