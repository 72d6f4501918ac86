/* Writes JSON text, piece by piece, into a buffer. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "utf8.h"
#include "wire.h"

#define REPLACEMENT "\xef\xbf\xbd"       /* U+FFFD in UTF-8 */


/* An element or a member that is not the first one needs a comma. */
static int comma(struct mbuf *mb)
{
	uint8_t last;

	if (!mb->pos)
		return 0;

	last = mb->buf[mb->pos - 1];
	if (last == '{' || last == '[')
		return 0;

	return mbuf_write_u8(mb, ',');
}


static int start(struct mbuf *mb, const char *key)
{
	int err;

	err = comma(mb);
	if (err || !key)
		return err;

	err = json_string(mb, key);
	if (err)
		return err;

	return mbuf_write_u8(mb, ':');
}


/* The two characters of an escape, or NULL: the long form. */
static const char *short_escape(char c)
{
	switch (c) {

	case '"':  return "\\\"";
	case '\\': return "\\\\";
	case '\b': return "\\b";
	case '\f': return "\\f";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	default:   return NULL;
	}
}


static int escaped(struct mbuf *mb, const char *s, size_t n)
{
	const char *text = short_escape(*s);
	char buf[16];

	if (!text) {
		(void)snprintf(buf, sizeof(buf), "\\u%04" PRIx32,
			       utf8_code(s, n));
		text = buf;
	}

	return mbuf_write_str(mb, text);
}


/* How many bytes at `s` can be copied as they are: what a terminal would obey
 * is not, for what a peer has said is shown on one. */
static size_t plain(const char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len) {

		const unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			break;

		n = utf8_char(s + i, len - i);
		if (!n || utf8_steers(s + i, n))
			break;

		i += n;
	}

	return i;
}


/* The first character, which is not plain; *np: its bytes. */
static int special(struct mbuf *mb, const char *s, size_t len, size_t *np)
{
	const size_t n = utf8_char(s, len);

	*np = n ? n : 1;

	return n ? escaped(mb, s, n) : mbuf_write_str(mb, REPLACEMENT);
}


int json_string(struct mbuf *mb, const char *s)
{
	size_t len = strlen(s), n;
	int err;

	err = mbuf_write_u8(mb, '"');

	while (len && !err) {

		n = plain(s, len);
		if (n)
			err = mbuf_write_mem(mb, (const uint8_t *)s, n);
		else
			err = special(mb, s, len, &n);

		s += n;
		len -= n;
	}

	return err ? err : mbuf_write_u8(mb, '"');
}


int json_open(struct mbuf *mb, const char *key, char bracket)
{
	int err;

	err = start(mb, key);
	if (err)
		return err;

	return mbuf_write_u8(mb, (uint8_t)bracket);
}


int json_close(struct mbuf *mb, char bracket)
{
	return mbuf_write_u8(mb, (uint8_t)bracket);
}


int json_add_string(struct mbuf *mb, const char *key, const char *s)
{
	int err;

	if (!s)
		return json_add_null(mb, key);

	err = start(mb, key);
	if (err)
		return err;

	return json_string(mb, s);
}


static int add(struct mbuf *mb, const char *key, const char *text)
{
	int err;

	err = start(mb, key);
	if (err)
		return err;

	return mbuf_write_str(mb, text);
}


int json_add_int(struct mbuf *mb, const char *key, int64_t n)
{
	char buf[24];            /* 19 digits and a sign */

	(void)snprintf(buf, sizeof(buf), "%" PRId64, n);

	return add(mb, key, buf);
}


int json_add_bool(struct mbuf *mb, const char *key, bool b)
{
	return add(mb, key, b ? "true" : "false");
}


int json_add_null(struct mbuf *mb, const char *key)
{
	return add(mb, key, "null");
}


int json_add_text(struct mbuf *mb, const char *key, const struct mbuf *text)
{
	int err;

	err = start(mb, key);
	if (err)
		return err;

	return mbuf_write_mem(mb, mbuf_buf(text), mbuf_get_left(text));
}
