/* The text of a REGISTER, and of the OPTIONS that keeps a flow alive or proves
 * it. Contacts are in register_contact.c. */

#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include "inbound.h"
#include "param.h"
#include "register.h"
#include "register_contact.h"


#define MAX_FORWARDS 70          /* RFC 3261 §8.1.1.6 */
#define RURI_SIZE    320         /* "sips:", a DNS name of 255, ":65535" */
#define TOKEN_BYTES  5           /* in hex: registrars may change the case */
#define END          "Content-Length: 0\r\n\r\n"


/* How the requests differ. */
struct head {
	const char *method;
	const char *ruri;
	const char *to;
	const char *callid, *callid_end;
	const char *via_params;
	const char *proxy;               /* a Route, or NULL */
	const char *routes;              /* those behind it, or NULL */
};


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


unsigned register_identity_index(const struct register_identity *id)
{
	return id->reg_id - 1 - id->conf->reg_ids;
}


/* Of instance and name, so that the next run knows its bindings again, and
 * another account with the same AOR does not take them for its own. No name
 * ends like that of another registration: it has no space. */
void register_account_token(char token[REGISTER_TOKEN_SIZE],
			    const struct register_identity *id, unsigned i)
{
	uint8_t raw[EVP_MAX_MD_SIZE] = {0};
	char text[256], which[16] = "";

	if (i)
		(void)snprintf(which, sizeof(which), " %u", i);
	(void)snprintf(text, sizeof(text), "%s %s%s", id->instance,
		       id->conf->name, which);
	(void)EVP_Digest(text, strlen(text), raw, NULL, EVP_sha256(), NULL);
	hex_print(token, REGISTER_TOKEN_SIZE, raw, TOKEN_BYTES);
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

	register_identity_new_call(id);
	random_print(id->tag, sizeof(id->tag), 8);
	register_account_token(id->token_account, id,
			       register_identity_index(id));
	register_identity_new_flow(id);
}


void register_identity_new_call(struct register_identity *id)
{
	random_print(id->callid, sizeof(id->callid), 16);
}


void register_identity_new_flow(struct register_identity *id)
{
	random_print(id->token_flow, sizeof(id->token_flow), TOKEN_BYTES);
}


/* RFC 3261 §10.2: the registrar's domain, without user. Digest covers it, so
 * it is the same with and without credentials. */
static int ruri_print(char ruri[RURI_SIZE], const struct register_request *r)
{
	struct uri uri;
	char port[8] = "";
	int err;

	err = sip_uri_read(&uri, r->redirect ? r->redirect
					     : r->id->conf->registrar);
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


/* As a loose route (RFC 5626 §4.2.1). */
static int route_print(struct mbuf *mb, const char *proxy)
{
	struct uri uri;
	int err;

	if (!proxy)
		return 0;

	err = sip_uri_read(&uri, proxy);
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
		      const struct head *h)
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
			  h->method, h->ruri, via_transport(r->transport),
			  local, r->branch, h->via_params, MAX_FORWARDS);
	if (err)
		return err;

	err = route_print(mb, h->proxy);
	if (!err && h->routes)
		err = mbuf_printf(mb, "Route: %s\r\n", h->routes);
	if (err)
		return err;

	err = mbuf_printf(mb, "From: <%s>;tag=%s\r\nTo: <%s>\r\n"
			  "Call-ID: %s%s\r\nCSeq: %u %s\r\n",
			  id->conf->aor, id->tag, h->to, h->callid,
			  h->callid_end, r->cseq, h->method);
	if (*id->user_agent)
		err |= mbuf_printf(mb, "User-Agent: %s\r\n", id->user_agent);

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


/* What follows the Contact of now. */
static int body_print(struct mbuf *mb, const struct register_request *r,
		      const char *ruri)
{
	const struct account_conf *conf = r->id->conf;
	int err = 0;

	/* BroadWorks reads and answers the header alone. */
	if (!r->fetch)
		err = mbuf_printf(mb, "Expires: %u\r\n", r->expires);
	if (!r->plain)
		err |= mbuf_printf(mb, "Supported: path, outbound, gruu\r\n");
	err |= mbuf_write_str(mb, INBOUND_ALLOW);
	if (err)
		return err;

	err = headers_print(mb, conf);
	if (err || !digest_ready(r->digest))
		return err;

	return digest_print(r->digest, mb, conf->auth_user, conf->password,
			    "REGISTER", ruri);
}


int register_print(struct mbuf *mb, const struct register_request *r,
		   unsigned *namedp)
{
	const size_t start = mb->pos;
	unsigned named = 0;
	char ruri[RURI_SIZE];
	int err;

	err = ruri_print(ruri, r);
	if (err)
		return err;

	err = head_print(mb, r, &(struct head){
		.method = "REGISTER", .ruri = ruri, .to = r->id->conf->aor,
		.callid = r->id->callid, .callid_end = "",
		.via_params = ";keep", .proxy = r->proxy});
	if (err)
		return err;

	err = r->fetch ? 0 : contact_print(mb, r);
	if (err)
		return err;

	err = body_print(mb, r, ruri);
	if (err)
		return err;

	/* Last, as only now it is known how long all the rest is. */
	if (!r->fetch)
		err = contact_print_old(mb, r, start, sizeof(END) - 1, &named);
	if (err)
		return err;

	err = mbuf_write_str(mb, END);
	if (!err && namedp)
		*namedp = named;

	return err;
}


int options_print(struct mbuf *mb, const struct register_request *r)
{
	char ruri[RURI_SIZE];
	int err;

	err = ruri_print(ruri, r);
	if (err)
		return err;

	/* A Call-ID of its own: the CSeq of one says nothing of the other. */
	err = head_print(mb, r, &(struct head){
		.method = "OPTIONS", .ruri = ruri, .to = ruri,
		.callid = r->id->callid, .callid_end = "-k",
		.via_params = "", .proxy = r->proxy});
	if (err)
		return err;

	return mbuf_write_str(mb, "Accept: application/sdp\r\n" END);
}


/* Does the service route begin with the proxy's own URI, as edges like to say?
 * Named twice, the request would go through it twice. */
static bool route_begins_with(const char *routes, const char *proxy)
{
	struct pl rest, element, uri, params, own;

	if (!routes || !proxy)
		return false;

	pl_set_str(&rest, routes);
	pl_set_str(&own, proxy);

	return element_next(&rest, &element) &&
		!name_addr_split(&uri, &params, &element) &&
		contact_uri_equal(&uri, &own);
}


int register_probe_print(struct mbuf *mb, const struct register_request *r,
			 const char *header, const char *secret,
			 const char *service_route)
{
	const struct account_conf *conf = r->id->conf;
	const char *proxy = r->proxy;
	char contact[REGISTER_URI_SIZE];
	int err;

	if (service_route && !line_usable(service_route))
		return EBADMSG;

	err = register_contact_uri(contact, sizeof(contact), r);
	if (err && err != EOVERFLOW)
		return err;
	if (err)
		*contact = '\0';

	if (route_begins_with(service_route, proxy))
		proxy = NULL;

	err = head_print(mb, r, &(struct head){
		.method = "OPTIONS", .ruri = conf->aor, .to = conf->aor,
		.callid = secret, .callid_end = "", .via_params = "",
		.proxy = proxy, .routes = service_route});
	if (err)
		return err;

	/* Whoever asks for one (RFC 3261 §11.1 does not) is to see that it is
	 * the one that is registered. */
	err = *contact ? mbuf_printf(mb, "Contact: <%s>\r\n", contact) : 0;
	err |= mbuf_printf(mb, "%s: %s\r\nAccept: application/sdp\r\n",
			   header, secret);
	if (!err && digest_ready(r->digest))
		err = digest_print(r->digest, mb, conf->auth_user,
				   conf->password, "OPTIONS", conf->aor);

	return err ? err : mbuf_write_str(mb, END);
}
