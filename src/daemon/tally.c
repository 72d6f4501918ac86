/* What happened to an account, counted: see tally.h. */

#include <string.h>
#include "compat.h"
#include "tally.h"

enum {
	GROW = 4,                /* cells at a time: 32 bytes */
};


static struct tally_cell *find(const struct tally *t, enum tally_kind kind,
			       unsigned key)
{
	for (unsigned i = 0; i < t->cellc; i++)
		if (t->cellv[i].kind == kind && t->cellv[i].key == key)
			return &t->cellv[i];

	return NULL;
}


static unsigned keys(const struct tally *t, enum tally_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->cellc; i++)
		n += t->cellv[i].kind == kind;

	return n;
}


static struct tally_cell *append(struct tally *t, enum tally_kind kind,
				 unsigned key)
{
	struct tally_cell *v;

	if (t->cellc == t->size) {
		v = mem_zalloc((t->size + GROW) * sizeof(*v), NULL);
		if (!v)
			return NULL;

		if (t->cellc)
			memcpy(v, t->cellv, t->cellc * sizeof(*v));
		mem_deref(t->cellv);
		t->cellv = v;
		t->size += GROW;
	}

	t->cellv[t->cellc] = (struct tally_cell){
		.kind = (uint8_t)kind, .key = (uint16_t)key,
	};

	return &t->cellv[t->cellc++];
}


void tally_add(struct tally *t, enum tally_kind kind, unsigned key)
{
	struct tally_cell *c = find(t, kind, key);

	if (!c && kind != TALLY_INBOUND && keys(t, kind) >= TALLY_KEYS) {
		key = TALLY_OTHER;
		c = find(t, kind, key);
	}

	if (!c)
		c = append(t, kind, key);
	if (c)
		++c->count;
}


uint32_t tally_count(const struct tally *t, enum tally_kind kind,
		     unsigned key)
{
	const struct tally_cell *c = find(t, kind, key);

	return c ? c->count : 0;
}


void tally_reset(struct tally *t)
{
	mem_deref(t->cellv);
	memset(t, 0, sizeof(*t));
}
