/* Where in the state file the last good lines are. */

#include <string.h>
#include "state_index.h"
#include "state_record.h"


#define BUCKETS 16384            /* 256 kB, while the file is read */

struct entry {
	struct le he;
	struct state_place place;
	char name[];
};

struct state_index {
	struct hash *names;
	uint64_t offset;                 /* of what is fed next */
	bool skip;                       /* amid a line that is too long */
	struct state_place edges;        /* len 0: there is none */
	struct state_tally tally;
};


static void destructor(void *arg)
{
	struct state_index *x = arg;

	hash_flush(x->names);
	mem_deref(x->names);
}


static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	hash_unlink(&e->he);
}


int state_index_alloc(struct state_index **xp)
{
	struct state_index *x;
	int err;

	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;

	err = hash_alloc(&x->names, BUCKETS);
	if (err)
		mem_deref(x);
	else
		*xp = x;

	return err;
}


static bool name_handler(struct le *le, void *arg)
{
	const struct entry *e = le->data;

	return !pl_strcmp(arg, e->name);
}


static struct entry *find(const struct state_index *x, struct pl *name)
{
	return list_ledata(hash_lookup(x->names,
				       hash_joaat((const uint8_t *)name->p,
						  name->l),
				       name_handler, name));
}


static struct entry *add(struct state_index *x, const struct pl *name)
{
	struct entry *e;

	if (x->tally.accounts >= STATE_ACCOUNTS_MAX)
		return NULL;

	e = mem_zalloc(sizeof(*e) + name->l + 1, entry_destructor);
	if (!e)
		return NULL;

	(void)pl_strcpy(name, e->name, name->l + 1);
	hash_append(x->names, hash_joaat((const uint8_t *)name->p, name->l),
		    &e->he, e);
	++x->tally.accounts;

	return e;
}


static void place(struct state_index *x, struct state_place *p, size_t len)
{
	x->tally.live += len;
	x->tally.live -= p->len;
	*p = (struct state_place){.offset = x->offset, .len = len};
}


static void good(struct state_index *x, struct pl *name, size_t len)
{
	struct entry *e = find(x, name);

	if (!e)
		e = add(x, name);
	if (!e) {
		++x->tally.excess;
		return;
	}

	place(x, &e->place, len);
}


static void line(struct state_index *x, const char *p, size_t len)
{
	struct pl name, json;

	switch (state_record_check(&name, &json, p, len)) {

	case STATE_LINE_GOOD:
		good(x, &name, len);
		break;

	case STATE_LINE_EDGES:
		place(x, &x->edges, len);
		break;

	case STATE_LINE_BLANK:
		break;

	case STATE_LINE_NEWER:
		++x->tally.newer;
		break;

	case STATE_LINE_SPOILT:
		++x->tally.spoilt;
		break;
	}
}


/* How many bytes one line has, or the piece there is of one that is too long;
 * 0: it is not whole. */
static size_t feed(struct state_index *x, const char *p, size_t len, bool last)
{
	const char *end = memchr(p, '\n', len);
	const size_t n = end ? (size_t)(end - p) : len;

	if (!end && !last && !x->skip && n <= STATE_LINE_MAX)
		return 0;

	if (!x->skip)
		line(x, p, n);

	x->skip = !end;

	return end ? n + 1 : n;
}


size_t state_index_feed(struct state_index *x, const char *buf, size_t len,
			bool last)
{
	size_t used = 0, n;

	while (used < len) {
		n = feed(x, buf + used, len - used, last);
		if (!n)
			break;

		used += n;
		x->offset += n;
	}

	return used;
}


bool state_index_find(struct state_place *p, const struct state_index *x,
		      const char *name)
{
	struct pl pl;
	struct entry *e;

	pl_set_str(&pl, name);
	e = find(x, &pl);
	if (e)
		*p = e->place;

	return e != NULL;
}


bool state_index_find_edges(struct state_place *p, const struct state_index *x)
{
	*p = x->edges;

	return p->len != 0;
}


const struct state_tally *state_index_tally(const struct state_index *x)
{
	return &x->tally;
}
