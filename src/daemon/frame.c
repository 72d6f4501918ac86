/* Cuts a stream into SIP messages, pings and pongs. */

#include <string.h>
#include "frame.h"
#include "net.h"
#include "param.h"


#define STUN_HEADER 20           /* bytes, RFC 8489 §5 */
#define STUN_COOKIE 0x2112a442   /* in network order at byte 4 */

static const char SIP_VERSION[] = "SIP/2.0";    /* any case: RFC 3261 §7.1 */


void frame_init(struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->since = NEVER;
	f->crlf_at = NEVER;
}


void frame_reset(struct frame *f)
{
	mem_deref(f->mb);
	frame_init(f);
}


int frame_add(struct frame *f, const uint8_t *buf, size_t len, msec_t now)
{
	size_t pos;
	int err;

	if (!len)
		return 0;

	if (!f->mb) {
		f->mb = mbuf_alloc(len);
		if (!f->mb)
			return ENOMEM;
	}

	if (f->since == NEVER)
		f->since = now;

	pos = f->mb->pos;
	f->mb->pos = f->mb->end;
	err = mbuf_write_mem(f->mb, buf, len);
	f->mb->pos = pos;

	return err;
}


static enum frame_result fail(struct frame *f, const char *error)
{
	f->error = error;

	return FRAME_ERROR;
}


/* Takes `len` bytes off the front. */
static void consume(struct frame *f, size_t len, msec_t now)
{
	f->mb->pos += len;
	f->scanned = f->line = f->total = 0;
	f->since = mbuf_get_left(f->mb) ? now : NEVER;
}


/* Nothing whole is left: keep the rest at the front, or no buffer at all. */
static enum frame_result more(struct frame *f)
{
	if (!f->mb)
		return FRAME_MORE;

	if (!mbuf_get_left(f->mb))
		f->mb = mem_deref(f->mb);
	else if (f->mb->pos)
		(void)mbuf_shift(f->mb, -(ssize_t)f->mb->pos);

	return FRAME_MORE;
}


/* The buffer starts with a CRLF. */
static enum frame_result crlf(struct frame *f, msec_t now)
{
	const uint8_t *p = mbuf_buf(f->mb);
	const size_t left = mbuf_get_left(f->mb);

	if (f->crlf_at != NEVER && now - f->crlf_at <= FRAME_PING_JOIN) {
		f->crlf_at = NEVER;
		consume(f, 2, now);
		return FRAME_PING;
	}

	if (left >= 4 && !memcmp(p, "\r\n\r\n", 4)) {
		f->crlf_at = NEVER;
		consume(f, 4, now);
		return FRAME_PING;
	}

	if (left == 3 && p[2] == '\r')
		return more(f);

	f->crlf_at = now;
	consume(f, 2, now);

	return FRAME_PONG;
}


static bool token_char(uint8_t ch)
{
	return ch > ' ' && ch < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", ch);
}


/* "SIP/2.0 ..." or "METHOD ... SIP/2.0"? `len` without the CRLF. */
static bool start_line(const uint8_t *p, size_t len)
{
	const size_t n = sizeof(SIP_VERSION) - 1;
	const char *s = (const char *)p;
	size_t method = 0;

	if (len > n && !strncasecmp(s, SIP_VERSION, n) && s[n] == ' ')
		return true;

	while (method < len && token_char(p[method]))
		++method;

	return method && method + n + 3 <= len && s[method] == ' ' &&
		s[len - n - 1] == ' ' &&
		!strncasecmp(s + len - n, SIP_VERSION, n);
}


/* Looks for the empty line from where it was left. Bare CR and LF are refused:
 * a parser that takes them for line ends would see another Content-Length. */
static const char *scan(struct frame *f, size_t *headp)
{
	const uint8_t *p = mbuf_buf(f->mb);
	const size_t left = mbuf_get_left(f->mb);
	size_t i;

	for (i = f->scanned; i < left && i < FRAME_MESSAGE_MAX; i++) {

		const bool after_cr = i && p[i - 1] == '\r';

		if (after_cr != (p[i] == '\n'))
			return "bare CR or LF in a header";
		if (!after_cr)
			continue;

		if (i == f->line + 1) {
			*headp = i + 1;
			return NULL;
		}
		if (!f->line && !start_line(p, i - 1))
			return "not SIP";

		f->line = i + 1;
	}

	f->scanned = i;

	return i < FRAME_MESSAGE_MAX ? NULL : "header too large";
}


/* One header with its continuation lines, without the last CRLF. */
static bool next_header(struct pl *rest, struct pl *header)
{
	const char *end = rest->p;

	do {
		end = memchr(end, '\n', rest->l - (size_t)(end - rest->p));
		if (!end)
			return false;
		++end;
	} while (end < rest->p + rest->l && (*end == ' ' || *end == '\t'));

	header->p = rest->p;
	header->l = (size_t)(end - rest->p) - 2;
	pl_advance(rest, end - rest->p);

	return true;
}


/* Is this Content-Length, in either form? Then *value is what it says. */
static bool is_content_length(const struct pl *header, struct pl *value)
{
	const char *colon = pl_strchr(header, ':');
	struct pl name;

	if (!colon)
		return false;

	name.p = header->p;
	name.l = (size_t)(colon - header->p);
	name = lws_trim(name);

	value->p = colon + 1;
	value->l = header->l - (size_t)(value->p - header->p);
	*value = lws_trim(*value);

	return !pl_strcasecmp(&name, "Content-Length") ||
		!pl_strcasecmp(&name, "l");
}


static const char *content_length(uint32_t *lengthp, const uint8_t *p,
				  size_t head)
{
	struct pl rest = {(const char *)p, head - 2}, header, value;
	bool found = false;
	uint32_t n;

	(void)next_header(&rest, &header);      /* the start line */

	while (next_header(&rest, &header)) {

		if (!is_content_length(&header, &value))
			continue;
		if (!number_parse(&n, &value))
			return "Content-Length is not a number";
		if (found && n != *lengthp)
			return "several Content-Lengths";

		*lengthp = n;
		found = true;
	}

	return found ? NULL : "no Content-Length";
}


/* Learns f->total once the header is whole. */
static const char *measure(struct frame *f)
{
	const char *error;
	uint32_t body = 0;
	size_t head = 0;

	error = scan(f, &head);
	if (error || !head)
		return error;

	error = content_length(&body, mbuf_buf(f->mb), head);
	if (error)
		return error;

	if (body > FRAME_MESSAGE_MAX - head)
		return "message too large";

	f->total = head + body;

	return NULL;
}


static enum frame_result message(struct frame *f, struct mbuf **mbp,
				 msec_t now)
{
	const char *error;
	struct mbuf *mb;

	if (!f->total) {
		error = measure(f);
		if (error)
			return fail(f, error);
	}

	if (!f->total || mbuf_get_left(f->mb) < f->total)
		return more(f);

	mb = mbuf_alloc(f->total);
	if (!mb)
		return fail(f, "out of memory");

	(void)mbuf_write_mem(mb, mbuf_buf(f->mb), f->total);
	mb->pos = 0;
	*mbp = mb;

	f->crlf_at = NEVER;
	consume(f, f->total, now);

	return FRAME_MESSAGE;
}


enum frame_result frame_next(struct frame *f, struct mbuf **mbp, msec_t now)
{
	const size_t left = f->mb ? mbuf_get_left(f->mb) : 0;
	const uint8_t *p;

	if (f->error)
		return FRAME_ERROR;
	if (!left)
		return more(f);

	p = mbuf_buf(f->mb);
	if (p[0] == '\r') {
		if (left == 1)
			return more(f);
		return p[1] == '\n' ? crlf(f, now)
			: fail(f, "bare CR between messages");
	}

	/* at once, so that a peer of another protocol is not waited for */
	if (!token_char(p[0]))
		return fail(f, "not SIP");

	return message(f, mbp, now);
}


static bool is_stun(const uint8_t *p, size_t len)
{
	uint32_t cookie;

	if (len < STUN_HEADER)
		return false;

	memcpy(&cookie, p + 4, sizeof(cookie));

	return ntohl(cookie) == STUN_COOKIE;
}


enum frame_datagram frame_datagram(const uint8_t *p, size_t len)
{
	size_t i;

	if (len == 2 && p[0] == '\r' && p[1] == '\n')
		return FRAME_CRLF;

	if (len && p[0] <= 1 && is_stun(p, len))
		return FRAME_STUN;

	for (i = 0; i < len; i++) {
		if (p[i] != '\r' && p[i] != '\n')
			return p[i] <= 1 ? FRAME_BLANK : FRAME_SIP;
	}

	return FRAME_BLANK;
}
