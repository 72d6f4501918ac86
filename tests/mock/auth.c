/* Digest, the server's half (RFC 7616, RFC 8760): strict, to find errors. */

#include <errno.h>
#include <string.h>
#include <openssl/evp.h>
#include "mock.h"


#define HEX_MAX (2 * EVP_MAX_MD_SIZE + 1)
#define NC_DIGITS 8              /* RFC 7616 §3.4 */

static const struct {
	const char *name;        /* as in the header */
	const char *evp;
} algorithmv[REGISTRAR_ALGORITHMS] = {
	[REGISTRAR_MD5] = {"MD5", "MD5"},
	[REGISTRAR_SHA_256] = {"SHA-256", "SHA256"},
	[REGISTRAR_SHA_512_256] = {"SHA-512-256", "SHA512-256"},
};

struct credentials {
	struct pl username, realm, nonce, uri, response, cnonce, opaque;
	struct pl algorithm, qop, nc;
};

/* How each is to be written, and which a request cannot do without. */
static const struct {
	const char *name;
	size_t offset;
	bool quoted;
	bool required;
} fieldv[] = {
	{"username", offsetof(struct credentials, username), true, true},
	{"realm", offsetof(struct credentials, realm), true, true},
	{"nonce", offsetof(struct credentials, nonce), true, true},
	{"uri", offsetof(struct credentials, uri), true, true},
	{"response", offsetof(struct credentials, response), true, true},
	{"cnonce", offsetof(struct credentials, cnonce), true, true},
	{"opaque", offsetof(struct credentials, opaque), true, false},
	{"algorithm", offsetof(struct credentials, algorithm), false, false},
	{"qop", offsetof(struct credentials, qop), false, true},
	{"nc", offsetof(struct credentials, nc), false, true},
};

#define FIELDS (sizeof(fieldv) / sizeof(fieldv[0]))


static void skip_blank(struct pl *pl)
{
	while (pl->l && strchr(" \t\r\n", *pl->p))
		pl_advance(pl, 1);
}


/* Takes "name=value" or "name="value"" off the front; false: neither. */
static bool take_param(struct pl *rest, struct pl *name, struct pl *val,
		       bool *quoted)
{
	size_t n = 0;

	skip_blank(rest);
	name->p = rest->p;
	while (n < rest->l && !strchr("= \t,", rest->p[n]))
		++n;
	name->l = n;
	if (!n || n == rest->l || rest->p[n] != '=')
		return false;

	pl_advance(rest, (ssize_t)n + 1);
	*quoted = rest->l && *rest->p == '"';
	if (*quoted)
		pl_advance(rest, 1);

	val->p = rest->p;
	for (n = 0; n < rest->l; n++) {
		if (*quoted && rest->p[n] == '\\')
			++n;
		else if (*quoted ? rest->p[n] == '"'
				 : !!strchr(" \t,\r\n", rest->p[n]))
			break;
	}
	if (n > rest->l || (*quoted && n == rest->l))
		return false;

	val->l = n;
	pl_advance(rest, (ssize_t)n + (*quoted ? 1 : 0));

	return true;
}


static const char *keep_param(struct credentials *c, const struct pl *name,
			      const struct pl *val, bool quoted)
{
	for (size_t i = 0; i < FIELDS; i++) {
		struct pl *field = (struct pl *)(void *)
			((char *)c + fieldv[i].offset);

		if (pl_strcasecmp(name, fieldv[i].name))
			continue;

		if (pl_isset(field))
			return "Credentials Name A Thing Twice";
		if (quoted != fieldv[i].quoted)
			return "Credentials Quoted Wrongly";

		*field = *val;
		break;
	}

	return NULL;
}


/* NULL, or what is wrong with them. */
static const char *credentials_parse(struct credentials *c,
				     const struct pl *value)
{
	struct pl rest = *value, name, val;
	const char *why;
	bool quoted;

	memset(c, 0, sizeof(*c));

	if (rest.l < 7 || strncasecmp(rest.p, "Digest ", 7))
		return "Credentials Not Digest";
	pl_advance(&rest, 7);

	for (;;) {
		if (!take_param(&rest, &name, &val, &quoted))
			return "Credentials Not Parsable";

		why = keep_param(c, &name, &val, quoted);
		if (why)
			return why;

		skip_blank(&rest);
		if (!rest.l)
			break;
		if (*rest.p != ',')
			return "Credentials Without Comma";
		pl_advance(&rest, 1);
	}

	for (size_t i = 0; i < FIELDS; i++) {
		const struct pl *field = (const void *)
			((const char *)c + fieldv[i].offset);

		if (fieldv[i].required && !field->p)
			return "Credentials Incomplete";
	}

	return NULL;
}


static int hash_hex(char *hex, enum registrar_algorithm alg,
		    const struct mbuf *mb)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	const EVP_MD *type = EVP_get_digestbyname(algorithmv[alg].evp);
	unsigned len;

	if (!type || EVP_Digest(mb->buf, mb->end, md, &len, type, NULL) != 1)
		return EPROTO;

	(void)re_snprintf(hex, HEX_MAX, "%w", md, (size_t)len);

	return 0;
}


static int hashf(char *hex, enum registrar_algorithm alg, const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(256);
	va_list ap;
	int err;

	if (!mb)
		return ENOMEM;

	va_start(ap, fmt);
	err = mbuf_vprintf(mb, fmt, ap);
	va_end(ap);

	if (!err)
		err = hash_hex(hex, alg, mb);
	mem_deref(mb);

	return err;
}


static bool response_right(const struct credentials *c,
			   enum registrar_algorithm alg,
			   const char *password, const struct pl *method)
{
	char ha1[HEX_MAX], ha2[HEX_MAX], want[HEX_MAX];
	int err;

	err = hashf(ha1, alg, "%r:%r:%s", &c->username, &c->realm, password);
	err |= hashf(ha2, alg, "%r:%r", method, &c->uri);
	if (err)
		return false;

	err = hashf(want, alg, "%s:%r:%r:%r:%r:%s", ha1, &c->nonce, &c->nc,
		    &c->cnonce, &c->qop, ha2);

	return !err && !pl_strcmp(&c->response, want);
}


/* Which of the offered ones; none named is MD5 (RFC 7616 §3.3). */
static bool algorithm_of(enum registrar_algorithm *alg,
			 const struct registrar_conf *conf,
			 const struct pl *name)
{
	static const struct pl md5 = PL("MD5");

	if (!pl_isset(name))
		name = &md5;

	for (size_t i = 0; i < conf->algc; i++) {
		*alg = conf->algv[i];
		if (!pl_strcasecmp(name, algorithmv[*alg].name))
			return true;
	}

	return false;
}


static bool nc_parse(uint32_t *nc, const struct pl *pl)
{
	if (pl->l != NC_DIGITS)
		return false;

	for (size_t i = 0; i < pl->l; i++) {
		if (!strchr("0123456789abcdef", pl->p[i]))
			return false;
	}

	*nc = pl_x32(pl);

	return *nc != 0;
}


static const char *credentials_fault(const struct credentials *c,
				     const struct registrar_conf *conf,
				     const struct sip_msg *msg, uint32_t *nc)
{
	if (pl_strcmp(&c->qop, "auth"))
		return "Credentials With Another qop";
	if (!nc_parse(nc, &c->nc))
		return "Credentials With A Bad nc";
	if (pl_cmp(&c->uri, &msg->ruri))
		return "Credentials For Another URI";
	if (!pl_isset(&c->cnonce))
		return "Credentials Without cnonce";
	if (conf->opaque && pl_strcmp(&c->opaque, conf->opaque))
		return "Credentials Without Our opaque";

	return NULL;
}


/* The credentials for our realm. */
static bool find_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			 void *arg)
{
	struct pl *val = arg;

	(void)msg;
	*val = hdr->val;

	return true;
}


static bool credentials_find(struct pl *val, const struct mock_asker *asker,
			     const struct sip_msg *msg)
{
	const enum sip_hdrid id = asker->proxy
		? SIP_HDR_PROXY_AUTHORIZATION : SIP_HDR_AUTHORIZATION;

	return sip_msg_hdr_apply(msg, true, id, find_handler, val) != NULL;
}


bool mock_authorized(const struct sip_msg *msg)
{
	return sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION) ||
	       sip_msg_hdr(msg, SIP_HDR_PROXY_AUTHORIZATION);
}


static struct mock_nonce *nonce_find(struct mock_account *acc,
				     const struct pl *text)
{
	for (size_t i = 0; i < MOCK_NONCES; i++) {
		struct mock_nonce *n = &acc->noncev[i];

		if (n->text[0] && !pl_strcmp(text, n->text))
			return n;
	}

	return NULL;
}


/* Credentials are right; is their nonce? */
static enum mock_auth nonce_check(const struct registrar *r,
				  struct mock_account *acc,
				  const struct pl *text, uint32_t nc)
{
	struct mock_nonce *n = nonce_find(acc, text);

	switch (r->conf.nonces) {

	case NONCES_STALE:
		return AUTH_STALE;

	case NONCES_REPEATED:
		return n ? AUTH_OK : AUTH_STALE;

	case NONCES_ONCE:
		if (!n || n->used)
			return AUTH_STALE;
		break;

	case NONCES_REUSABLE:
		if (!n || nc <= n->nc)
			return AUTH_STALE;
		break;
	}

	n->used = true;
	n->nc = nc;

	return AUTH_OK;
}


enum mock_auth mock_auth_check(struct registrar *r,
			       const struct mock_asker *asker,
			       struct mock_account *acc,
			       const struct sip_msg *msg, const char **why)
{
	enum registrar_algorithm alg;
	struct credentials c;
	struct pl val;
	uint32_t nc;

	if (!credentials_find(&val, asker, msg))
		return AUTH_NONE;

	*why = credentials_parse(&c, &val);
	if (*why)
		return AUTH_MALFORMED;

	if (pl_strcmp(&c.realm, asker->realm))
		return AUTH_NONE;

	*why = credentials_fault(&c, &r->conf, msg, &nc);
	if (*why)
		return AUTH_MALFORMED;

	if (!algorithm_of(&alg, &r->conf, &c.algorithm) ||
	    pl_strcmp(&c.username, acc->auth_user) ||
	    !response_right(&c, alg, acc->password, &msg->met))
		return AUTH_REFUSED;

	return nonce_check(r, acc, &c.nonce, nc);
}


static const char *nonce_new(const struct registrar *r,
			     struct mock_account *acc)
{
	struct mock_nonce *n = &acc->noncev[0];

	if (r->conf.nonces == NONCES_REPEATED && n->text[0])
		return n->text;

	if (r->conf.nonces != NONCES_REPEATED)
		n = &acc->noncev[acc->nonce_next++ % MOCK_NONCES];

	memset(n, 0, sizeof(*n));
	(void)re_snprintf(n->text, sizeof(n->text), "%016llx%016llx",
			  rand_u64(), rand_u64());

	return n->text;
}


int mock_auth_challenge(struct mbuf *mb, struct registrar *r,
			const struct mock_asker *asker,
			struct mock_account *acc, bool stale)
{
	const struct registrar_conf *conf = &r->conf;
	const char *nonce = nonce_new(r, acc);
	int err = 0;

	for (size_t i = 0; i < conf->algc; i++) {
		err |= mbuf_printf(mb, "%s: Digest realm=\"%s\", nonce=\"%s\", "
				   "algorithm=%s, qop=\"auth\"",
				   asker->proxy ? "Proxy-Authenticate"
						: "WWW-Authenticate",
				   asker->realm, nonce,
				   algorithmv[conf->algv[i]].name);
		if (conf->opaque)
			err |= mbuf_printf(mb, ", opaque=\"%s\"", conf->opaque);
		err |= mbuf_printf(mb, "%s\r\n", stale ? ", stale=true" : "");
	}

	return err;
}


int mock_auth_next(struct mbuf *mb, struct registrar *r,
		   struct mock_account *acc)
{
	return mbuf_printf(mb, "Authentication-Info: nextnonce=\"%s\"\r\n",
			   nonce_new(r, acc));
}
