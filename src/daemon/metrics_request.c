/* A request of HTTP/1.1: see metrics_request.h. */

#include <string.h>
#include "metrics_request.h"


#define OPENMETRICS "application/openmetrics-text"


bool metrics_request_whole(const char *text, size_t len)
{
	return memmem(text, len, "\r\n\r\n", 4) || memmem(text, len, "\n\n", 2);
}


/* The line that begins at *textp, without its end, and the next. */
static bool next_line(struct pl *line, struct pl *text)
{
	const char *end = memchr(text->p, '\n', text->l);

	if (!end)
		return false;

	line->p = text->p;
	line->l = (size_t)(end - text->p);
	pl_advance(text, (ssize_t)line->l + 1);
	if (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	return true;
}


/* Up to the next blank. */
static bool next_word(struct pl *word, struct pl *line)
{
	const char *end = memchr(line->p, ' ', line->l);

	*word = *line;
	if (end)
		word->l = (size_t)(end - line->p);

	pl_advance(line, (ssize_t)(word->l + (end ? 1 : 0)));

	return word->l > 0;
}


/* RFC 9112 §3.2.2: a server takes the absolute form, too. */
static void drop_authority(struct pl *target)
{
	static const char scheme[] = "http://";
	const size_t l = sizeof(scheme) - 1;
	const char *slash;

	if (target->l < l || strncasecmp(target->p, scheme, l))
		return;

	slash = memchr(target->p + l, '/', target->l - l);
	if (slash)
		pl_advance(target, slash - target->p);
}


static enum metrics_path path_of(struct pl target)
{
	const char *query;

	drop_authority(&target);
	query = memchr(target.p, '?', target.l);
	if (query)
		target.l = (size_t)(query - target.p);

	if (!pl_strcmp(&target, "/metrics"))
		return METRICS_PATH_METRICS;
	if (!pl_strcmp(&target, "/healthz"))
		return METRICS_PATH_HEALTH;
	if (!pl_strcmp(&target, "/readyz"))
		return METRICS_PATH_READY;

	return METRICS_PATH_NONE;
}


/* Not a negotiation by quality: who can read OpenMetrics prefers it. But for
 * "q=0", which refuses it (RFC 9110 §12.4.2). */
static bool accepts_open(struct pl value)
{
	const char *s = memmem(value.p, value.l, OPENMETRICS,
			       sizeof(OPENMETRICS) - 1);
	struct pl range, q;

	if (!s)
		return false;

	range.p = s;
	range.l = (size_t)(value.p + value.l - s);
	s = memchr(range.p, ',', range.l);
	if (s)
		range.l = (size_t)(s - range.p);

	if (re_regex(range.p, range.l, ";[ \t]*q=[0-9.]+", NULL, &q))
		return true;

	return pl_strcmp(&q, "0") && pl_strcmp(&q, "0.0") &&
		pl_strcmp(&q, "0.00") && pl_strcmp(&q, "0.000");
}


/* Each line is "name: value"; the last one is empty. */
static bool read_header(struct metrics_request *r, struct pl *text)
{
	struct pl line, name;
	const char *colon;

	while (next_line(&line, text) && line.l) {

		colon = memchr(line.p, ':', line.l);
		if (!colon || colon == line.p)
			return false;

		name.p = line.p;
		name.l = (size_t)(colon - line.p);
		pl_advance(&line, (ssize_t)name.l + 1);
		if (!pl_strcasecmp(&name, "Accept") && accepts_open(line))
			r->format = METRICS_OPENMETRICS;
	}

	return true;
}


unsigned metrics_request_read(struct metrics_request *r, const char *text,
			      size_t len)
{
	struct pl left = {text, len}, line, method, target;

	memset(r, 0, sizeof(*r));
	r->format = METRICS_TEXT;

	if (memchr(text, '\0', len) || !next_line(&line, &left) ||
	    !next_word(&method, &line) || !next_word(&target, &line))
		return 400;

	if (line.l != 8 || memcmp(line.p, "HTTP/", 5) || line.p[6] != '.')
		return 400;
	if (line.p[5] != '1')
		return 505;

	if (!read_header(r, &left))
		return 400;

	r->path = path_of(target);
	r->head = !pl_strcmp(&method, "HEAD");
	if (r->path == METRICS_PATH_NONE)
		return 404;

	return r->head || !pl_strcmp(&method, "GET") ? 0 : 405;
}
