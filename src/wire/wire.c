/* Finds the messages in a stream, and decodes them. */

#include <errno.h>
#include <string.h>
#include "strict.h"
#include "value.h"
#include "wire.h"

/* Buckets per object, which has some twenty members. A request may hold
 * thousands of empty objects, so no more than that. */
#define HASH_SIZE 16


bool wire_message(const struct mbuf *mb, size_t *lenp, char *endp)
{
	const char *p = (const char *)mbuf_buf(mb);
	const size_t left = mbuf_get_left(mb);
	const char *nul, *newline, *end;

	if (!left)
		return false;

	nul = memchr(p, '\0', left);
	newline = memchr(p, '\n', nul ? (size_t)(nul - p) : left);

	end = newline ? newline : nul;
	if (!end)
		return false;

	*lenp = (size_t)(end - p);
	*endp = *end;

	return true;
}


int wire_decode(struct odict **op, const char *text, size_t len,
		unsigned depth)
{
	struct odict *o = NULL;
	int err;

	if (!op || !text)
		return EINVAL;

	if (!strict_object(text, len, depth))
		return EBADMSG;

	err = json_decode_odict(&o, HASH_SIZE, text, len, depth);
	if (err)
		goto out;

	if (!value_keys_unique(o))
		err = EBADMSG;

 out:
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}
