/* The text of a REGISTER, and of the OPTIONS that keeps a flow alive. */

#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include "config_uri.h"
#include "inbound.h"
#include "param.h"
#include "register.h"


#define MAX_FORWARDS 70          /* RFC 3261 §8.1.1.6 */
#define RURI_SIZE    320         /* "sips:", a DNS name of 255, ":65535" */
#define TOKEN_BYTES  5           /* in hex: registrars may change the case */


static void hex_print(char *hex, size_t size, const uint8_t *p, size_t len)
{
	(void)re_snprintf(hex, size, "%w", p, len);
}


static void random_print(char *hex, size_t size, size_t len)
{
	uint8_t raw[16];

	rand_bytes(raw, len);
	hex_print(hex, size, raw, len);
}


/* Of instance and name, so that the next run knows its bindings again, and
 * another account with the same AOR does not take them for its own. */
static void account_token(char *token, size_t size, const char *instance,
			  const char *name)
{
	uint8_t raw[EVP_MAX_MD_SIZE] = {0};
	char text[256];

	(void)snprintf(text, sizeof(text), "%s %s", instance, name);
	(void)EVP_Digest(text, strlen(text), raw, NULL, EVP_sha256(), NULL);
	hex_print(token, size, raw, TOKEN_BYTES);
}


void register_identity_init(struct register_identity *id,
			    const struct account_conf *conf,
			    const char *user_agent, const char *instance,
			    unsigned reg_id)
{
	memset(id, 0, sizeof(*id));

	id->conf = conf;
	id->user_agent = user_agent;
	id->instance = instance;
	id->reg_id = reg_id;

	random_print(id->callid, sizeof(id->callid), 16);
	random_print(id->tag, sizeof(id->tag), 8);
	account_token(id->token_account, sizeof(id->token_account), instance,
		      conf->name);
	register_identity_new_flow(id);
}


void register_identity_new_flow(struct register_identity *id)
{
	random_print(id->token_flow, sizeof(id->token_flow), TOKEN_BYTES);
}


/* The configuration was checked when it was read; a line break in it must not
 * become a header even if that check had a hole. */
static bool line_usable(const char *text)
{
	for (; *text; ++text) {
		const unsigned char c = (unsigned char)*text;

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}

	return true;
}


/* Will it stand between < and >? */
static bool uri_usable(const char *text)
{
	return *text && line_usable(text) && !strpbrk(text, " \t<>\"");
}


static int uri_read(struct uri *uri, const char *text)
{
	struct pl pl;

	if (!uri_usable(text))
		return EBADMSG;

	pl_set_str(&pl, text);
	if (uri_decode(uri, &pl) || !pl_isset(&uri->host))
		return EBADMSG;

	if (pl_strcasecmp(&uri->scheme, "sip") &&
	    pl_strcasecmp(&uri->scheme, "sips"))
		return EBADMSG;

	return 0;
}


/* RFC 3261 §10.2: the registrar's domain, without user. */
static int ruri_print(char ruri[RURI_SIZE], const struct account_conf *conf)
{
	struct uri uri;
	char port[8] = "";
	int err;

	err = uri_read(&uri, conf->registrar);
	if (err)
		return err;

	if (uri.port)
		(void)re_snprintf(port, sizeof(port), ":%u", uri.port);

	if (re_snprintf(ruri, RURI_SIZE,
			uri.af == AF_INET6 ? "%r:[%r]%s" : "%r:%r%s",
			&uri.scheme, &uri.host, port) < 0)
		return EBADMSG;

	return 0;
}


/* The flow's own proxy, as a loose route (RFC 5626 §4.2.1). */
static int route_print(struct mbuf *mb, const struct register_identity *id)
{
	const struct account_conf *conf = id->conf;
	const char *proxy;
	struct uri uri;
	size_t i;
	int err;

	if (!conf->proxyc)
		return 0;

	i = id->reg_id ? id->reg_id - 1 : 0;
	proxy = conf->proxyv[i < conf->proxyc ? i : conf->proxyc - 1];

	err = uri_read(&uri, proxy);
	if (err)
		return err;

	if (pl_isset(&uri.headers))
		return EBADMSG;

	return mbuf_printf(mb, "Route: <%s%s>\r\n", proxy,
			   param_get(&uri.params, "lr", NULL) ? "" : ";lr");
}


static const char *via_transport(enum transport t)
{
	switch (t) {

	case TRANSPORT_TLS:  return "TLS";
	case TRANSPORT_TCP:  return "TCP";
	case TRANSPORT_UDP:
	case TRANSPORT_AUTO: break;
	}

	return "UDP";
}


/* From the start line to User-Agent. */
static int head_print(struct mbuf *mb, const struct register_request *r,
		      const char *method, const char *ruri, const char *to,
		      const char *callid_end, const char *via_params)
{
	const struct register_identity *id = r->id;
	char local[ADDR_STRLEN];
	int err;

	if (!addr_isset(&r->local))
		return EINVAL;

	if (!uri_usable(id->conf->aor) || !line_usable(id->user_agent))
		return EBADMSG;

	addr_print(&r->local, local, sizeof(local));

	err = mbuf_printf(mb, "%s %s SIP/2.0\r\n"
			  "Via: SIP/2.0/%s %s;branch=%s;rport%s\r\n"
			  "Max-Forwards: %u\r\n",
			  method, ruri, via_transport(r->transport), local,
			  r->branch, via_params, MAX_FORWARDS);
	if (err)
		return err;

	err = route_print(mb, id);
	if (err)
		return err;

	err = mbuf_printf(mb, "From: <%s>;tag=%s\r\nTo: <%s>\r\n"
			  "Call-ID: %s%s\r\nCSeq: %u %s\r\n",
			  id->conf->aor, id->tag, to, id->callid, callid_end,
			  r->cseq, method);
	if (*id->user_agent)
		err |= mbuf_printf(mb, "User-Agent: %s\r\n", id->user_agent);

	return err;
}


/* Host and port of the Contact. */
static int contact_host(char *host, size_t size,
			const struct register_request *r)
{
	const struct account_conf *conf = r->id->conf;

	if (addr_isset(&r->contact)) {
		addr_print(&r->contact, host, size);
		return 0;
	}

	if (conf->contact_policy != CONTACT_STATIC ||
	    !uri_usable(conf->contact_host) ||
	    strpbrk(conf->contact_host, "@;?"))
		return EBADMSG;

	return re_snprintf(host, size, "%s", conf->contact_host) < 0 ? EBADMSG
								     : 0;
}


static const char *contact_transport(const struct register_request *r)
{
	/* RFC 5630 §3.1.4: "sips:" says it, transport=tls is deprecated. */
	if (r->id->conf->sips)
		return "";

	switch (r->transport) {

	case TRANSPORT_TLS:  return ";transport=tls";
	case TRANSPORT_TCP:  return ";transport=tcp";
	case TRANSPORT_UDP:
	case TRANSPORT_AUTO: break;
	}

	return "";
}


static int contact_print(struct mbuf *mb, const struct register_request *r)
{
	const struct register_identity *id = r->id;
	const char *user = *id->conf->contact_user ? id->conf->contact_user
						   : id->conf->aor_user;
	char host[RURI_SIZE];
	struct pl pl;
	int err;

	pl_set_str(&pl, user);
	if (pl.l && !user_valid(&pl))
		return EBADMSG;

	err = contact_host(host, sizeof(host), r);
	if (err)
		return err;

	err = mbuf_printf(mb, "Contact: <%s:%s%s%s%s;" REGISTER_TOKEN
			  "=%s.%s>", id->conf->sips ? "sips" : "sip",
			  user, *user ? "@" : "", host,
			  contact_transport(r), id->token_account,
			  id->token_flow);
	if (!r->plain)
		err |= mbuf_printf(mb, ";+sip.instance=\"<%s>\";reg-id=%u",
				   id->instance, id->reg_id);

	err |= mbuf_printf(mb, ";expires=%u\r\n", r->expires);

	return err;
}


static int headers_print(struct mbuf *mb, const struct account_conf *conf)
{
	int err = 0;

	for (size_t i = 0; i < conf->headerc && !err; i++)
		err = line_usable(conf->headerv[i])
			? mbuf_printf(mb, "%s\r\n", conf->headerv[i])
			: EBADMSG;

	return err;
}


int register_print(struct mbuf *mb, const struct register_request *r)
{
	const struct account_conf *conf = r->id->conf;
	char ruri[RURI_SIZE];
	int err;

	err = ruri_print(ruri, conf);
	if (err)
		return err;

	err = head_print(mb, r, "REGISTER", ruri, conf->aor, "", ";keep");
	if (err)
		return err;

	err = contact_print(mb, r);
	if (err)
		return err;

	/* BroadWorks reads and answers the header alone. */
	err = mbuf_printf(mb, "Expires: %u\r\n", r->expires);
	if (!r->plain)
		err |= mbuf_printf(mb, "Supported: path, outbound, gruu\r\n");
	err |= mbuf_write_str(mb, INBOUND_ALLOW);
	if (err)
		return err;

	err = headers_print(mb, conf);
	if (err)
		return err;

	if (digest_ready(r->digest)) {
		err = digest_print(r->digest, mb, conf->auth_user,
				   conf->password, "REGISTER", ruri);
		if (err)
			return err;
	}

	return mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
}


int options_print(struct mbuf *mb, const struct register_request *r)
{
	char ruri[RURI_SIZE];
	int err;

	err = ruri_print(ruri, r->id->conf);
	if (err)
		return err;

	/* A Call-ID of its own: the CSeq of one says nothing of the other. */
	err = head_print(mb, r, "OPTIONS", ruri, ruri, "-k", "");
	if (err)
		return err;

	return mbuf_write_str(mb, "Accept: application/sdp\r\n"
			      "Content-Length: 0\r\n\r\n");
}
