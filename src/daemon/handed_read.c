/* One line of what another process left -> one registration. Every member must
 * be there, and what it may be: whoever goes on with a registration that was
 * half understood would believe in it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "handed_field.h"
#include "member.h"
#include "value.h"
#include "wire.h"


#define DEPTH_MAX 2              /* the line, and a group in it */


static int read_bool(bool *bp, const struct handed_field *f,
		     const struct odict *o)
{
	return odict_get_boolean(o, bp, f->name) ? 0 : EBADMSG;
}


static int read_number(uint64_t *np, const struct handed_field *f,
		       const struct odict *o)
{
	if (!value_has(o, f->name) ||
	    !member_number(np, o, f->name, UINT32_MAX) ||
	    !handed_number_good(f, *np))
		return EBADMSG;

	return 0;
}


static int read_word(uint64_t *np, const struct handed_field *f,
		     const struct odict *o)
{
	const char *word = odict_string(o, f->name);

	for (*np = f->min; word && *np <= f->max; ++*np) {
		if (!strcmp(word, f->nameh((unsigned)*np)))
			return 0;
	}

	return EBADMSG;
}


static int read_time(msec_t *atp, const struct handed_field *f,
		     const struct odict *o)
{
	const char *word = odict_string(o, f->name);
	uint64_t n;

	if (word && !strcmp(word, HANDED_NEVER)) {
		*atp = NEVER;
		return 0;
	}

	if (!value_has(o, f->name) ||
	    !member_number(&n, o, f->name, INT64_MAX))
		return EBADMSG;

	*atp = n;

	return 0;
}


static int read_hash(uint64_t *np, const struct handed_field *f,
		     const struct odict *o)
{
	const char *text = odict_string(o, f->name);

	if (!text || strspn(text, "0123456789abcdef") != HANDED_HASH_TEXT ||
	    text[HANDED_HASH_TEXT])
		return EBADMSG;

	*np = strtoull(text, NULL, 16);

	return 0;
}


/* As addr_print() wrote it. */
static bool addr_decode(struct addr *a, const char *text)
{
	const char *port = strrchr(text, ':');
	struct pl pl;
	uint32_t n = 0;

	/* of an IPv6 address without one */
	if (port && *text == '[' && port[-1] != ']')
		port = NULL;

	if (port) {
		pl_set_str(&pl, port + 1);
		if (!number_parse(&n, &pl) || !n || n > UINT16_MAX)
			return false;
	}

	return addr_parse(a, text, port ? (size_t)(port - text) : strlen(text),
			  (uint16_t)n);
}


static int read_addr(struct addr *a, const struct handed_field *f,
		     const struct odict *o)
{
	const char *text = odict_string(o, f->name);

	if (text)
		return addr_decode(a, text) ? 0 : EBADMSG;

	return odict_get_type(o, ODICT_NULL, f->name) &&
	       handed_addr_good(f, a) ? 0 : EBADMSG;
}


static int read_text(char **textp, const struct handed_field *f,
		     const struct odict *o)
{
	const char *text = odict_string(o, f->name);

	if (!text)
		return f->min || value_has(o, f->name) ? EBADMSG : 0;

	if (!*text || !handed_text_good(f, text))
		return EBADMSG;

	return str_dup(textp, text) ? ENOMEM : 0;
}


static int read_field(struct handed *h, const struct handed_field *f,
		      const struct odict *o)
{
	void *p = handed_at(f, h);
	uint64_t n = 0;
	int err = EBADMSG;

	switch (f->kind) {

	case HANDED_BOOL:
		err = read_bool(p, f, o);
		break;

	case HANDED_NUMBER:
		err = read_number(&n, f, o);
		handed_set_number(f, h, (uint32_t)n);
		break;

	case HANDED_WORD:
		err = read_word(&n, f, o);
		handed_set_number(f, h, (uint32_t)n);
		break;

	case HANDED_TIME:
		err = read_time(p, f, o);
		break;

	case HANDED_HASH:
		err = read_hash(p, f, o);
		break;

	case HANDED_ADDR:
		err = read_addr(p, f, o);
		break;

	case HANDED_TEXT:
		err = read_text(p, f, o);
		break;
	}

	return err;
}


static int read_group(struct handed *h, const struct handed_group *g,
		      const struct odict *line)
{
	const struct odict *o = g->name ? value_object(line, g->name) : line;
	int err = o ? 0 : EBADMSG;

	for (size_t i = 0; i < g->fieldc && !err; i++)
		err = read_field(h, &g->fieldv[i], o);

	return err;
}


static int read_line(struct handed *h, const struct odict *line)
{
	uint64_t version;
	int err = 0;

	if (!member_number(&version, line, "version", UINT32_MAX) ||
	    version != HANDED_VERSION)
		return EBADMSG;

	for (size_t i = 0; i < handed_groupc && !err; i++)
		err = read_group(h, &handed_groupv[i], line);

	if (!err && h->core.stream != transport_stream(h->transport))
		err = EBADMSG;

	return err;
}


int handed_decode(struct handed *h, const char *line, size_t len)
{
	struct odict *o = NULL;
	int err;

	handed_reset(h);

	if (len > HANDED_LINE_MAX)
		return EBADMSG;

	err = wire_decode(&o, line, len, DEPTH_MAX);
	if (!err)
		err = read_line(h, o);
	if (err)
		handed_reset(h);

	mem_deref(o);

	return err && err != ENOMEM ? EBADMSG : err;
}
