/* The facts of an answer to a REGISTER. */

#include <ctype.h>
#include <string.h>
#include "param.h"
#include "register.h"
#include "register_contact.h"


#define CONTACTS_MAX      256    /* entries of one answer that are read */
#define EXPIRES_MALFORMED 3600   /* [s] RFC 3261 §10.2.1.1 */

struct reader {
	const struct register_identity *id;
	struct contact_list *list;
};


static bool header_number(const struct sip_msg *msg, enum sip_hdrid id,
			  uint32_t *np)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);

	return hdr && number_lead(np, &hdr->val);
}


static uint32_t expires_read(const struct pl *val)
{
	uint32_t n;

	if (!pl_isset(val) || !number_lead(&n, val))
		return EXPIRES_MALFORMED;

	return n < CONTACT_NO_EXPIRES ? n : CONTACT_NO_EXPIRES - 1;
}


/* Where the server saw us. It adds `received` only if that differs from our
 * sent-by (RFC 3261 §18.2.1); without `rport` the port is not known. */
static void mapped_read(struct addr *mapped, const struct pl *params,
			const struct addr *local)
{
	struct pl received, rport;
	struct addr addr;
	uint32_t port;

	if (!param_get(params, "rport", &rport) ||
	    !number_parse(&port, &rport) || !port || port > UINT16_MAX)
		return;

	if (!param_get(params, "received", &received))
		addr = *local;
	else if (!addr_parse(&addr, received.p, received.l, 0))
		return;

	if (!addr_isset(&addr))
		return;

	addr.port = (uint16_t)port;
	*mapped = addr;
}


/* What the server promises of keepalive: RFC 5626 §4.4, RFC 6223 §4.2.2. A
 * `keep` without value is only our own, sent back. */
static void promise_read(struct register_facts *f, const struct sip_msg *msg)
{
	uint32_t keep = 0, timer = 0;
	struct pl val;

	f->promised = f->answer.outbound;

	if (header_number(msg, SIP_HDR_FLOW_TIMER, &timer) && timer)
		f->promised = true;

	if (param_get(&msg->via.params, "keep", &val) &&
	    number_parse(&keep, &val))
		f->promised = true;

	f->flow_timer = timer && (!keep || timer < keep) ? timer : keep;
}


/* The next character of a user part, escapes resolved; -1 at the end. */
static int user_next(struct pl *pl)
{
	int c;

	if (!pl->l)
		return -1;

	c = (unsigned char)*pl->p;
	if (c == '%' && pl->l >= 3 && isxdigit((unsigned char)pl->p[1]) &&
	    isxdigit((unsigned char)pl->p[2])) {
		c = ch_hex(pl->p[1]) << 4 | ch_hex(pl->p[2]);
		pl_advance(pl, 2);
	}

	pl_advance(pl, 1);

	return c;
}


/* RFC 3261 §19.1.4: case counts, escapes do not. */
static bool user_equal(struct pl a, struct pl b)
{
	int c;

	do {
		c = user_next(&a);
		if (c != user_next(&b))
			return false;
	} while (c >= 0);

	return true;
}


static bool user_ours(const struct pl *user, const struct account_conf *conf)
{
	struct pl sent;

	pl_set_str(&sent, *conf->contact_user ? conf->contact_user
					      : conf->aor_user);

	/* Some registrars drop the user; the address has to do then. */
	return !pl_isset(user) || user_equal(*user, sent);
}


static void uri_facts(struct contact_entry *e, const struct uri *uri)
{
	enum transport transport = TRANSPORT_UDP;
	struct pl val;

	if (!pl_strcasecmp(&uri->scheme, "sips"))
		transport = TRANSPORT_TLS;
	else if (param_get(&uri->params, "transport", &val))
		(void)transport_parse(&transport, &val);

	(void)addr_parse(&e->addr, uri->host.p, uri->host.l,
			 uri->port ? uri->port : transport_port(transport));
}


/* "<urn:uuid:...>" (quotes are off): lexically equal but for the case, for
 * not every registrar keeps it (RFC 5626 §4.1). */
static bool instance_ours(const struct pl *params, const char *instance)
{
	struct pl val;

	if (!param_get(params, "+sip.instance", &val) || val.l < 2 ||
	    val.p[0] != '<' || val.p[val.l - 1] != '>')
		return false;

	++val.p;
	val.l -= 2;

	return !pl_strcasecmp(&val, instance);
}


static void token_read(bool *account, bool *flow, const struct pl *params,
		       const struct register_identity *id)
{
	struct pl val, head;
	size_t i;

	*account = *flow = false;

	if (!param_get(params, REGISTER_TOKEN, &val) || !pl_isset(&val))
		return;

	for (i = 0; i < val.l && val.p[i] != '.'; i++)
		;

	head.p = val.p;
	head.l = i;
	pl_advance(&val, (ssize_t)(i < val.l ? i + 1 : i));

	*account = !pl_strcasecmp(&head, id->token_account);
	*flow = *account && !pl_strcasecmp(&val, id->token_flow);
}


void contact_read(struct contact_entry *e, const struct pl *element,
		  const struct register_identity *id)
{
	struct pl text, params, val;
	uint32_t reg_id;
	struct uri uri;

	*e = (struct contact_entry){.expires = CONTACT_NO_EXPIRES};

	if (name_addr_split(&text, &params, element) ||
	    sip_uri_decode(&uri, &text))
		return;

	uri_facts(e, &uri);
	e->user = user_ours(&uri.user, id->conf);
	e->instance = instance_ours(&params, id->instance);
	token_read(&e->token_account, &e->token_flow, &uri.params, id);

	e->token_other = !e->token_account &&
		param_get(&uri.params, REGISTER_TOKEN, NULL);

	e->reg_id = !param_get(&params, "reg-id", &val) ||
		(number_parse(&reg_id, &val) && reg_id == id->reg_id);

	if (param_get(&params, "expires", &val))
		e->expires = expires_read(&val);
}


static bool contact_handler(const struct pl *element, void *arg)
{
	struct reader *r = arg;
	struct contact_entry entry;

	contact_read(&entry, element, r->id);
	contact_add(r->list, &entry);

	return r->list->count == CONTACTS_MAX;
}


void register_read(struct register_facts *f, const struct sip_msg *msg,
		   const struct register_identity *id,
		   const struct addr *local, const struct addr *contact,
		   uint32_t requested)
{
	struct answer *a = &f->answer;
	struct reader reader = {id, &a->contacts};
	uint32_t expires = CONTACT_NO_EXPIRES;

	memset(&f->mapped, 0, sizeof(f->mapped));
	mapped_read(&f->mapped, &msg->via.params, local);

	a->code = msg->scode;
	a->retry_after = 0;
	a->min_expires = 0;
	(void)header_number(msg, SIP_HDR_RETRY_AFTER, &a->retry_after);
	(void)header_number(msg, SIP_HDR_MIN_EXPIRES, &a->min_expires);
	a->outbound = sip_msg_hdr_has_value(msg, SIP_HDR_REQUIRE, "outbound");
	promise_read(f, msg);

	contact_begin(&a->contacts, contact, &f->mapped);
	a->bound = false;

	if (msg->scode < 200 || msg->scode > 299)
		return;

	elements_apply(msg, SIP_HDR_CONTACT, contact_handler, &reader);

	if (pl_isset(&msg->expires))
		expires = expires_read(&msg->expires);

	a->bound = contact_end(&a->contacts, expires, requested);
}


bool register_token_match(const struct register_identity *id,
			  const struct sip_msg *msg)
{
	bool account, flow;

	token_read(&account, &flow, &msg->uri.params, id);

	return flow;
}
