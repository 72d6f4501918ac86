/* What follows from an account's values: the parts of its URIs, defaults that
 * depend on other keys, secrets, and whether the keys agree. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_load.h"
#include "config_uri.h"
#include "secret.h"
#include "trust.h"


#define TEXT_SIZE 256            /* bytes of what is wrong with a file */


/* One account being finished. */
struct work {
	struct load *l;
	const struct account_raw *raw;
	struct account_conf *a;
	const struct account_conf *prev;
	config_setting_t *group;
	bool ok;
};


config_setting_t *account_place(const struct account_raw *raw,
				const char *key, config_setting_t *group)
{
	config_setting_t *s = raw->setv[key_index_of(&keys_account, key)];

	/* in defaults or a preset it is not where the mistake is */
	for (const config_setting_t *p = s; p; p = config_setting_parent(p)) {
		if (p == group)
			return s;
	}

	return group;
}


/* Not say_error(): one setting may be wrong in two ways here. */
#define WRONG(w, key, ...)                                                    \
	do {                                                                  \
		config_setting_t *s_ = account_place((w)->raw, (key),         \
						     (w)->group);             \
		say_error_at(&(w)->l->y, source_of(s_)->file,                 \
			     config_setting_source_line(s_), __VA_ARGS__);    \
		(w)->ok = false;                                              \
	} while (0)

#define WARN(w, key, ...)                                                     \
	say_warning(&(w)->l->y, account_place((w)->raw, (key), (w)->group),   \
		    __VA_ARGS__)


/* Where it was written, wherever that is. */
static config_setting_t *written(const struct work *w, const char *key)
{
	config_setting_t *s = w->raw->setv[key_index_of(&keys_account, key)];

	return s ? s : w->group;
}


/* Takes over `s`, or shares what the account before has. */
static void take(struct work *w, char **dst, char *s, char *prev)
{
	if (!s) {
		say_no_memory(&w->l->y);
		w->ok = false;
		return;
	}

	mem_deref(*dst);
	if (prev && !strcmp(s, prev)) {
		mem_deref(s);
		s = mem_ref(prev);
	}
	*dst = s;
}


static char *copy(const struct pl *pl)
{
	char *s;

	return pl_strdup(&s, pl) ? NULL : s;
}


static char *print(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int err;

	va_start(ap, fmt);
	err = re_vsdprintf(&s, fmt, ap);
	va_end(ap);

	return err ? NULL : s;
}


#define PREV(w, field) ((w)->prev ? (w)->prev->field : NULL)


static void derive_aor(struct work *w)
{
	struct account_conf *a = w->a;
	struct uri_parts u;
	char port[8] = "";

	(void)uri_parts_decode(&u, a->aor);
	take(w, &a->aor_user, copy(&u.user), NULL);
	take(w, &a->aor_host, copy(&u.host), PREV(w, aor_host));
	a->aor_port = u.port;
	a->sips = u.sips;

	/* what it means, not how it is escaped, goes into the digest */
	if (!*a->auth_user)
		take(w, &a->auth_user, print("%H", uri_user_unescape,
					     &u.user), NULL);

	if (!*a->contact_user && a->aor_user)
		take(w, &a->contact_user, mem_ref(a->aor_user), NULL);

	if (u.port)
		(void)re_snprintf(port, sizeof(port), ":%u", u.port);

	if (!*a->registrar)
		take(w, &a->registrar, print("%s:%r%s",
					     u.sips ? "sips" : "sip", &u.host,
					     port), PREV(w, registrar));

	(void)uri_parts_decode(&u, a->registrar);
	a->sips |= u.sips;
}


/* Do `transport` and what this URI says agree? */
static void check_edge(struct work *w, const char *key, const char *uri)
{
	const enum transport want = w->a->transport;
	enum transport says;
	struct uri_parts u;

	(void)uri_parts_decode(&u, uri);
	says = u.transport;

	/* "sips:host;transport=tcp" is TLS over TCP (RFC 3261 §26.2.2) */
	if (u.sips && says == TRANSPORT_TCP)
		says = TRANSPORT_TLS;

	if (w->a->sips && says != TRANSPORT_AUTO && says != TRANSPORT_TLS)
		WRONG(w, key, "%s: sips: means TLS, but the URI says "
		      ";transport=%s", key, transport_name(says));
	else if (want != TRANSPORT_AUTO && says != TRANSPORT_AUTO &&
		 want != says)
		WRONG(w, key, "%s: the URI says ;transport=%s, which "
		      "contradicts transport = \"%s\"", key,
		      transport_name(u.transport), transport_name(want));
}


static void check_transport(struct work *w)
{
	struct account_conf *a = w->a;
	struct uri_parts u;

	for (size_t i = 0; i < a->proxyc; i++) {
		(void)uri_parts_decode(&u, a->proxyv[i]);
		a->sips |= u.sips;
	}

	for (size_t i = 0; i < a->proxyc; i++)
		check_edge(w, "outbound_proxy", a->proxyv[i]);

	if (!a->proxyc)
		check_edge(w, "registrar", a->registrar);

	if (!a->sips)
		return;

	if (a->transport == TRANSPORT_UDP || a->transport == TRANSPORT_TCP)
		WRONG(w, "transport", "transport: \"%s\" contradicts sips:, "
		      "which means TLS", transport_name(a->transport));

	if (a->tls.verify == TLS_VERIFY_NONE)
		WRONG(w, "tls.verify", "tls.verify: \"none\" contradicts "
		      "sips:, which means verified TLS");
}


static void derive_policy(struct work *w)
{
	struct account_conf *a = w->a;

	a->policy.contact = a->contact_policy;
	a->policy.probe.enabled = a->probe;
	a->policy.probe.interval = SECONDS(a->probe_interval);
	a->policy.reg.learns = a->contact_policy == CONTACT_AUTO ||
		a->contact_policy == CONTACT_MAPPED;
	a->policy.reg.vouched = a->contact_policy == CONTACT_STATIC;
}


/* Registrars tell flows apart by where they end. To an address that the
 * operator names all calls come the same way. */
static void derive_flows(struct work *w)
{
	struct account_policy *p = &w->a->policy;

	if (p->flows < 2 || w->a->contact_policy != CONTACT_STATIC)
		return;

	WARN(w, "flows", "flows: more than one has no effect with "
	     "contact.policy = \"static\"");
	p->flows = 1;
}


static void derive_source(struct work *w)
{
	static const enum addr_family familyv[] = {
		[RESOLVE_ANY] = ADDR_NONE,
		[RESOLVE_IPV4] = ADDR_IPV4,
		[RESOLVE_IPV6] = ADDR_IPV6,
	};
	struct account_conf *a = w->a;
	struct addr addr;

	sa_init(&a->source, AF_UNSPEC);
	if (!addr_parse(&addr, a->source_text, strlen(a->source_text), 0))
		return;

	sa_from_addr(&a->source, &addr);
	if (a->family != RESOLVE_ANY && familyv[a->family] != addr.family)
		WRONG(w, "source", "source: is not of the configured family");
}


static void derive_contact(struct work *w)
{
	struct account_conf *a = w->a;
	struct pl host;
	uint16_t port;

	if (*a->contact_host && host_port_parse(a->contact_host, &host, &port))
		(void)addr_parse(&a->contact_address, host.p, host.l, port);

	if (a->contact_policy == CONTACT_STATIC && !*a->contact_host)
		WRONG(w, "contact.policy", "contact.policy: \"static\" needs "
		      "contact.address");

	if (a->contact_policy != CONTACT_STATIC && *a->contact_host)
		WARN(w, "contact.address", "contact.address: has no effect "
		     "without contact.policy = \"static\"");
}


/* The file can be read. `prev` is the value of the account before: nothing
 * is asked twice. */
static bool check_file(struct work *w, const char *key, const char *path,
		       const char *prev, bool secret)
{
	struct stat st;
	bool ok = false;
	int fd;

	if (!*path || path == prev)
		return true;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		WRONG(w, key, "%s: %s cannot be read: %s", key, path,
		      strerror(errno));
	else if (!S_ISREG(st.st_mode))
		WRONG(w, key, "%s: %s is not a file", key, path);
	else
		ok = true;

	if (ok && secret && source_exposed(path, st.st_mode))
		WARN(w, key, "%s: others can read %s (mode %04o), chmod o-r "
		     "it", key, path, (unsigned)st.st_mode & 07777);

	if (fd >= 0)
		(void)close(fd);

	return ok;
}


/* The CAs are PEM. */
static void parse_ca_file(struct work *w, const struct tls_conf *t)
{
	struct trust *trust;
	char text[TEXT_SIZE] = "no memory";

	if (trust_get(&trust, t->ca_file, text, sizeof(text))) {
		WRONG(w, "tls.ca_file", "tls.ca_file: %s", text);
		return;
	}

	mem_deref(w->l->trust);
	w->l->trust = trust;
}


/* Certificate and key are PEM and fit each other. */
static void parse_certificate(struct work *w, const struct tls_conf *t)
{
	struct tls_ctx *tls;
	char text[TEXT_SIZE];

	if (tls_ctx_get(&tls, t, text, sizeof(text))) {
		WRONG(w, "tls.certificate", "tls.certificate: %s", text);
		return;
	}

	mem_deref(w->l->tls);
	w->l->tls = tls;
}


static void check_tls_files(struct work *w)
{
	static const struct tls_conf none;
	const struct tls_conf *t = &w->a->tls;
	const struct tls_conf *p = w->prev ? &w->prev->tls : &none;
	bool ca, own;

	ca = check_file(w, "tls.ca_file", t->ca_file, p->ca_file, false);
	own = check_file(w, "tls.certificate", t->certificate, p->certificate,
			 false);
	own &= check_file(w, "tls.key", t->key, p->key, true);

	if (ca && *t->ca_file && t->ca_file != p->ca_file)
		parse_ca_file(w, t);

	if (ca && own && *t->certificate &&
	    (t->certificate != p->certificate || t->key != p->key))
		parse_certificate(w, t);
}


static void check_tls(struct work *w)
{
	struct tls_conf *t = &w->a->tls;

	if (t->verify == TLS_VERIFY_NONE && !t->pinc)
		say_warning(&w->l->y, written(w, "tls.verify"),
			    "tls.verify: \"none\" lets ANYONE on the way read "
			    "and change everything, passwords' digests "
			    "included; use ca_file or name instead");

	if (*t->key && !*t->certificate)
		WRONG(w, "tls.key", "tls.key: has no effect without "
		      "tls.certificate");

	if (*t->certificate && !*t->key)
		take(w, &t->key, mem_ref(t->certificate), NULL);

	if (w->a->enabled)
		check_tls_files(w);
}


static void check_inbound(struct work *w)
{
	const struct account_conf *a = w->a;

	if (a->inbound != INBOUND_REJECT && !*a->inbound_target)
		WRONG(w, "inbound.policy", "inbound.policy: needs "
		      "inbound.target");
}


static void share(char **dst, char *secret)
{
	(void)secret_deref(*dst);
	*dst = secret_ref(secret);
}


static void derive_secrets(struct work *w)
{
	const struct account_conf *prev = w->prev;
	struct account_conf *a = w->a;
	struct load *l = w->l;
	bool ok = true;

	if (!strcmp(a->password, CONFIG_MASK) && !l->told_mask) {
		l->told_mask = true;
		WARN(w, "password", "password: is the mask that sipregd -n "
		     "prints instead of a password");
	}

	/* what is not used need not be there yet */
	if (!a->enabled)
		return;

	if (prev && (*a->password_file || *a->credential) &&
	    prev->password_file == a->password_file &&
	    prev->credential == a->credential)
		share(&a->password, prev->password);
	else if (*a->password_file)
		ok = secret_read(l, &a->password, "password_file",
				 a->password_file, written(w, "password_file"));
	else if (*a->credential)
		ok = secret_credential(l, &a->password, a->credential,
				       written(w, "credential"));

	if (prev && prev->turn_password_file == a->turn_password_file)
		share(&a->turn_password, prev->turn_password);
	else if (*a->turn_password_file)
		ok &= secret_read(l, &a->turn_password, "turn.password_file",
				  a->turn_password_file,
				  written(w, "turn.password_file"));

	w->ok &= ok;
}


bool account_derive(struct load *l, const struct account_raw *raw,
		    struct account_conf *a, const struct account_conf *prev,
		    config_setting_t *group, bool valid)
{
	struct work w = {l, raw, a, prev, group, valid};

	a->turn_password = secret_dup("");
	if (!a->turn_password) {
		say_no_memory(&l->y);
		return false;
	}

	if (valid) {
		derive_aor(&w);
		check_transport(&w);
		derive_policy(&w);
		derive_flows(&w);
		derive_source(&w);
		derive_contact(&w);
	}

	check_tls(&w);
	check_inbound(&w);
	derive_secrets(&w);

	return w.ok;
}
