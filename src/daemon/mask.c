/* Takes what must stay secret out of the text of a SIP message: see mask.h.
 *
 * This is no parser of SIP, and knows neither where the headers end nor whether
 * the message is a good one: what a broken peer sends back in a body, in a
 * header of another name or behind a line end of its own is masked alike.
 * Rather too much is masked than too little. */

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "contact_uri.h"
#include "mask.h"
#include "prober.h"


#define COUNT(v) (sizeof(v) / sizeof(*(v)))

struct text {
	char *p;                 /* what comes next */
	char *end;
};

/* Whoever has these and the password's first guess can verify it without
 * asking anybody (RFC 7616 §5.10); the token proves that a request came by way
 * of our binding. Wherever they stand, in a URI too. */
static const char *const paramv[] = {
	"response", "cnonce", "nonce", "nextnonce", "rspauth",
	REGISTER_TOKEN,
};

/* What of credentials may be shown. */
static const char *const publicv[] = {
	"username", "realm", "uri", "algorithm", "qop", "nc",
};

/* Headers with one of these in their name are masked whole, but for credentials
 * of the digest scheme ... */
static const char *const headerv[] = {
	"auth", "token", "secret", "passw", "credential", "key", "cookie",
	PROBER_HEADER,
};

/* ... and these, which say how to be let in. */
static const char *const askingv[] = {
	"WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info",
	"Proxy-Authentication-Info",
};


/* --- letters --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}


static bool is_eol(char c)
{
	return c == '\r' || c == '\n';
}


static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '_';
}


static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}


static bool is_name(const char *p, size_t l, const char *name)
{
	return l && lower(*p) == lower(*name) && strlen(name) == l &&
		!strncasecmp(p, name, l);
}


static bool is_one_of(const char *p, size_t l, const char *const *namev,
		      size_t namec)
{
	for (size_t i = 0; i < namec; i++)
		if (is_name(p, l, namev[i]))
			return true;

	return false;
}


static bool contains(const char *p, size_t l, const char *word)
{
	const char first = lower(word[0]);

	for (size_t i = 0; i < l; i++)
		if (lower(p[i]) == first && strlen(word) <= l - i &&
		    !strncasecmp(p + i, word, strlen(word)))
			return true;

	return false;
}


/* Line ends stay, and so does the form of what is folded. */
static void overwrite(char *p, char *end)
{
	for (; p < end; p++)
		if (!is_eol(*p) && !is_blank(*p))
			*p = MASK_CHAR;
}


/* At the end of a line: is it folded on (RFC 3261 §7.3.1)? */
static bool folds(const char *p, const char *end)
{
	p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;

	return p < end && is_blank(*p);
}


/* White space, folds too; not past the end of a header. */
static void skip_space(struct text *t)
{
	while (t->p < t->end && (is_blank(*t->p) ||
				 (is_eol(*t->p) && folds(t->p, t->end))))
		t->p += *t->p == '\r' && t->p[1] == '\n' ? 2 : 1;
}


static bool at_end(const struct text *t)
{
	return t->p == t->end || (is_eol(*t->p) && !folds(t->p, t->end));
}


/* --- by place: parameters --- */

/* At the opening quote, `escaped` if it had a backslash in front, as in a text
 * that is quoted itself. To the closing one, or to the end of the header. */
static void skip_quoted(struct text *t, bool escaped)
{
	for (++t->p; !at_end(t) && *t->p != '"'; ++t->p) {
		if (!escaped && *t->p == '\\' && t->p + 1 < t->end &&
		    !is_eol(t->p[1]))
			++t->p;
	}
}


/* Behind the '='. Leaves *t behind the value; it lies from the result to
 * *endp. */
static char *take_value(struct text *t, char **endp)
{
	bool escaped = false;
	char *start;

	skip_space(t);
	while (t->p < t->end && *t->p == '\\') {
		escaped = true;
		++t->p;
	}

	start = t->p;
	if (t->p < t->end && *t->p == '"') {
		++start;
		skip_quoted(t, escaped);
		*endp = t->p;
		if (escaped && *endp > start && (*endp)[-1] == '\\')
			--*endp;
		if (t->p < t->end && *t->p == '"')
			++t->p;
		return start;
	}

	while (t->p < t->end && !is_blank(*t->p) && !is_eol(*t->p) &&
	       !strchr(",;\"<>?&", *t->p))
		++t->p;
	*endp = t->p;

	return start;
}


static void found(const char *p, const char *end, mask_found_h *h, void *arg)
{
	const size_t l = (size_t)(end - p);

	if (h && l >= MASK_VALUE_MIN && l <= MASK_VALUE_MAX &&
	    !memchr(p, MASK_CHAR, l))
		h(p, l, arg);
}


/* The word that ends before `eq`, with white space and folds between. */
static size_t name_before(const char **namep, const char *text, const char *eq)
{
	const char *end = eq, *p;

	while (end > text && (is_blank(end[-1]) || is_eol(end[-1])))
		--end;
	for (p = end; p > text && is_word(p[-1]); --p)
		;
	*namep = p;

	return (size_t)(end - p);
}


/* What a nonce is worth to others than its server is known by then. */
static bool is_learned(const char *name, size_t l)
{
	return is_name(name, l, "response") || is_name(name, l, "cnonce");
}


static void mask_params(char *text, size_t len, mask_found_h *h, void *arg)
{
	struct text t = {text, text + len};
	char *eq, *value, *end;
	const char *name;
	size_t l;

	while ((eq = memchr(t.p, '=', (size_t)(t.end - t.p)))) {

		t.p = eq + 1;
		l = name_before(&name, text, eq);
		if (!is_one_of(name, l, paramv, COUNT(paramv)))
			continue;

		value = take_value(&t, &end);
		if (is_learned(name, l))
			found(value, end, h, arg);
		overwrite(value, end);

		/* what it stands for may itself have one in it */
		t.p = value;
	}
}


/* --- by place: headers --- */

/* Up to the end of the header that we are in. */
static char *header_end(const struct text *t)
{
	struct text rest = *t;

	while (!at_end(&rest))
		++rest.p;

	return rest.p;
}


static size_t take_word(struct text *t)
{
	const char *start = t->p;

	while (t->p < t->end && is_word(*t->p))
		++t->p;

	return (size_t)(t->p - start);
}


/* One of the scheme's parameters, or the scheme of further credentials in the
 * same line. False: it cannot be read. */
static bool mask_element(struct text *t)
{
	const char *name = t->p;
	const size_t l = take_word(t);
	char *value, *end;

	skip_space(t);
	if (!l || t->p == t->end || *t->p != '=')
		return is_name(name, l, "digest");

	++t->p;
	value = take_value(t, &end);
	if (!is_one_of(name, l, publicv, COUNT(publicv)))
		overwrite(value, end);

	return true;
}


static void mask_digest(struct text *t)
{
	char *start;

	for (;;) {
		while (t->p < t->end && (*t->p == ',' || is_blank(*t->p) ||
					 is_eol(*t->p)))
			++t->p;
		if (t->p == t->end)
			return;

		start = t->p;
		if (mask_element(t))
			continue;

		overwrite(start, t->end);
		return;
	}
}


/* All of a header behind the colon that carries something to be let in with. Of
 * a scheme that is not Digest the name is shown, if there must be one. */
static void mask_credentials(struct text *t, bool scheme)
{
	struct text rest;
	size_t l;
	char *start;

	skip_space(t);
	start = t->p;
	l = take_word(t);
	rest = *t;
	skip_space(&rest);

	if (l && rest.p > t->p && rest.p < rest.end) {
		if (is_name(start, l, "digest")) {
			mask_digest(&rest);
			return;
		}
		if (scheme)
			start = rest.p;
	}

	overwrite(start, t->end);
}


static bool is_secret_header(const char *name, size_t l)
{
	for (size_t i = 0; i < COUNT(headerv); i++)
		if (contains(name, l, headerv[i]))
			return !is_one_of(name, l, askingv, COUNT(askingv));

	return false;
}


/* These two name a scheme; what else there is has one only by chance. */
static bool has_scheme(const char *name, size_t l)
{
	return is_name(name, l, "authorization") ||
		is_name(name, l, "proxy-authorization");
}


static void find_probe(struct text value, mask_found_h *h, void *arg)
{
	skip_space(&value);
	while (value.end > value.p && is_blank(value.end[-1]))
		--value.end;
	found(value.p, value.end, h, arg);
}


/* One line that could be a header. What goes on from the line before is looked
 * at too, unless that was one that is masked. */
static void mask_header(struct text *t, mask_found_h *h, void *arg)
{
	struct text value;
	const char *name;
	size_t l;

	while (t->p < t->end && is_blank(*t->p))
		++t->p;
	name = t->p;
	l = take_word(t);
	if (!l || !is_secret_header(name, l))
		return;

	value = *t;
	skip_space(&value);
	if (value.p == value.end || *value.p != ':')
		return;

	++value.p;
	t->p = value.end = header_end(&value);
	if (is_name(name, l, PROBER_HEADER))
		find_probe(value, h, arg);
	mask_credentials(&value, has_scheme(name, l));
}


void mask_places(char *text, size_t len, mask_found_h *h, void *arg)
{
	struct text t = {text, text + len};

	/* first, as it tells what is found */
	mask_params(text, len, h, arg);

	while (t.p < t.end) {
		mask_header(&t, h, arg);
		while (t.p < t.end && !is_eol(*t.p))
			++t.p;
		while (t.p < t.end && is_eol(*t.p))
			++t.p;
	}
}


const char *mask_copy_pl(char *buf, size_t size, const struct pl *pl)
{
	const size_t len = pl->l < size ? pl->l : size - 1;

	if (len)
		memcpy(buf, pl->p, len);
	buf[len] = '\0';
	mask_places(buf, len, NULL, NULL);

	return buf;
}


const char *mask_copy(char *buf, size_t size, const char *text)
{
	const struct pl pl = {text, strlen(text)};

	return mask_copy_pl(buf, size, &pl);
}


/* --- by letters --- */

void mask_add(struct mask *m, const char *p, size_t l)
{
	if (!p || l < MASK_VALUE_MIN || m->valuec == MASK_VALUES)
		return;

	m->valuev[m->valuec].p = p;
	m->valuev[m->valuec].l = l;
	++m->valuec;
}


void mask_add_header(struct mask *m, const char *line)
{
	const char *colon = strchr(line, ':'), *p;
	size_t l;

	if (!colon)
		return;

	for (l = (size_t)(colon - line); l && is_blank(line[l - 1]); --l)
		;
	if (!is_secret_header(line, l))
		return;

	for (p = colon + 1; is_blank(*p); ++p)
		;
	mask_add(m, p, strlen(p));
}


static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';

	c = lower(c);

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* The letter that stands at t->p; unless `raw`, whatever it is written as.
 * 0: none does. */
static char letter(struct text *t, bool raw)
{
	char *p;

	if (is_eol(*t->p) && folds(t->p, t->end))
		skip_space(t);
	if (t->p == t->end)
		return '\0';

	p = t->p;
	if (!raw && *p == '\\' && t->end - p >= 2)
		++p;

	if (!raw && *p == '%' && t->end - p >= 3 && hex(p[1]) >= 0 &&
	    hex(p[2]) >= 0) {
		t->p = p + 3;
		return lower((char)(hex(p[1]) << 4 | hex(p[2])));
	}

	t->p = p + 1;

	return lower(*p);
}


static char *match_as(const struct text *t, const char *value, size_t l,
		      bool raw)
{
	struct text rest = *t;
	size_t i;

	for (i = 0; i < l && rest.p < rest.end; i++) {
		if (!raw && *rest.p == '%' && rest.end - rest.p < 3)
			rest.p = rest.end;
		else if (letter(&rest, raw) != lower(value[i]))
			return NULL;
	}

	return i >= MASK_VALUE_MIN ? rest.p : NULL;
}


/* Where the value that begins at t->p ends; NULL: it is not there. What is cut
 * off at the end of the text is there. A value that has '%' or '\' in it of its
 * own may stand there as it is. */
static char *match(const struct text *t, const char *value, size_t l)
{
	char *end = match_as(t, value, l, false);

	return end ? end : match_as(t, value, l, true);
}


static bool is_odd(char c)
{
	return c == '%' || c == '\\' || is_eol(c);
}


/* Can a value begin here that goes on with this letter? Soon told of most. */
static bool may_match(const struct text *t, char second)
{
	return t->end - t->p < 2 || lower(t->p[1]) == lower(second) ||
		is_odd(t->p[1]) || is_odd(*t->p);
}


/* By which letter which of the values may begin, a bit for each. */
static void make_firstv(uint64_t firstv[256], const struct mask *m)
{
	memset(firstv, 0, 256 * sizeof(*firstv));
	for (unsigned i = 0; i < m->valuec; i++) {
		const char c = lower(m->valuev[i].p[0]);

		firstv[(unsigned char)c] |= UINT64_C(1) << i;
		if (c >= 'a' && c <= 'z')
			firstv[(unsigned char)c ^ 0x20] |= UINT64_C(1) << i;
		firstv['%'] |= UINT64_C(1) << i;
		firstv['\\'] |= UINT64_C(1) << i;
	}
}


void mask_values(char *text, size_t len, const struct mask *m)
{
	struct text t = {text, text + len};
	uint64_t firstv[256], bits;

	make_firstv(firstv, m);

	for (; t.p < t.end; ++t.p) {

		bits = firstv[(unsigned char)*t.p];

		for (; bits; bits &= bits - 1) {
			const int i = __builtin_ctzll(bits);
			const char *value = m->valuev[i].p;
			char *end;

			if (!may_match(&t, value[1]))
				continue;

			end = match(&t, value, m->valuev[i].l);
			if (end)
				overwrite(t.p, end);
		}
	}
}
