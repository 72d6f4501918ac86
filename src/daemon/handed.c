/* One registration -> one line of what goes to the next process. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "handed_field.h"
#include "member.h"
#include "wire.h"


static int add_text(struct mbuf *mb, const struct handed_field *f,
		    const char *text)
{
	if (!text || !*text || !member_is_text(text))
		return f->min ? EINVAL : 0;

	if (!handed_text_good(f, text))
		return EINVAL;

	return json_add_string(mb, f->name, text);
}


static int add_addr(struct mbuf *mb, const struct handed_field *f,
		    const struct addr *a)
{
	char text[ADDR_STRLEN];

	if (!handed_addr_good(f, a))
		return EINVAL;

	return json_add_string(mb, f->name, addr_isset(a)
			       ? addr_print(a, text, sizeof(text)) : NULL);
}


static int add_time(struct mbuf *mb, const struct handed_field *f, msec_t at)
{
	if (at == NEVER)
		return json_add_string(mb, f->name, HANDED_NEVER);

	return at > INT64_MAX ? EINVAL : json_add_int(mb, f->name,
						      (int64_t)at);
}


static int add_hash(struct mbuf *mb, const struct handed_field *f, uint64_t n)
{
	char text[HANDED_HASH_TEXT + 1];

	(void)snprintf(text, sizeof(text), "%0*" PRIx64, HANDED_HASH_TEXT, n);

	return json_add_string(mb, f->name, text);
}


static int add_number(struct mbuf *mb, const struct handed_field *f,
		      uint32_t n)
{
	if (!handed_number_good(f, n))
		return EINVAL;

	return f->kind == HANDED_WORD
		? json_add_string(mb, f->name, f->nameh(n))
		: json_add_int(mb, f->name, n);
}


static int add_field(struct mbuf *mb, const struct handed_field *f,
		     const struct handed *h)
{
	const void *p = handed_at(f, h);

	switch (f->kind) {

	case HANDED_BOOL:
		return json_add_bool(mb, f->name, *(const bool *)p);

	case HANDED_NUMBER:
	case HANDED_WORD:
		return add_number(mb, f, handed_number(f, h));

	case HANDED_TIME:
		return add_time(mb, f, *(const msec_t *)p);

	case HANDED_HASH:
		return add_hash(mb, f, *(const uint64_t *)p);

	case HANDED_ADDR:
		return add_addr(mb, f, p);

	case HANDED_TEXT:
		return add_text(mb, f, *(char *const *)p);
	}

	return EINVAL;
}


static int add_group(struct mbuf *mb, const struct handed_group *g,
		     const struct handed *h)
{
	int err = 0;

	if (g->name)
		err = json_open(mb, g->name, '{');

	for (size_t i = 0; i < g->fieldc && !err; i++)
		err = add_field(mb, &g->fieldv[i], h);

	if (g->name && !err)
		err = json_close(mb, '}');

	return err;
}


static int add_line(struct mbuf *mb, const struct handed *h)
{
	int err;

	err = mbuf_write_u8(mb, '{');
	if (!err)
		err = json_add_int(mb, "version", HANDED_VERSION);

	for (size_t i = 0; i < handed_groupc && !err; i++)
		err = add_group(mb, &handed_groupv[i], h);

	return err ? err : json_close(mb, '}');
}


int handed_encode(struct mbuf *mb, const struct handed *h)
{
	const size_t start = mb->pos;
	int err;

	err = add_line(mb, h);
	if (!err && mb->pos - start > HANDED_LINE_MAX)
		err = EOVERFLOW;
	if (!err)
		err = mbuf_write_u8(mb, '\n');

	if (err)
		mb->pos = mb->end = start;

	return err;
}


void handed_reset(struct handed *h)
{
	for (size_t i = 0; i < handed_groupc; i++) {

		const struct handed_group *g = &handed_groupv[i];

		for (size_t j = 0; j < g->fieldc; j++) {
			if (g->fieldv[j].kind == HANDED_TEXT)
				mem_deref(*(char **)handed_at(&g->fieldv[j],
							      h));
		}
	}

	memset(h, 0, sizeof(*h));
}
