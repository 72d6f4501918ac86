/* The facts of an answer to a REGISTER. */

#include "param.h"
#include "register.h"
#include "register_contact.h"
#include "via.h"


#define CONTACTS_MAX      2048   /* entries of one answer that are read: a
				    message holds fewer real ones, of 40
				    bytes */
#define EXPIRES_MALFORMED 3600   /* [s] RFC 3261 §10.2.1.1 */

struct reader {
	const struct register_sent *sent;
	struct contact_list *list;
	struct audit *audit;
	bool tokens;                     /* the registrar keeps our token */
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


/* What the server promises of keepalive: RFC 5626 §4.4, RFC 6223 §4.2.2. A
 * `keep` without value is only our own, sent back. */
static void promise_read(struct register_facts *f, const struct sip_msg *msg)
{
	uint32_t keep = 0, timer = 0;
	struct pl val;

	f->promised = f->stun_allowed = f->answer.outbound;

	if (header_number(msg, SIP_HDR_FLOW_TIMER, &timer) && timer)
		f->promised = true;

	if (param_get(&msg->via.params, "keep", &val) &&
	    number_parse(&keep, &val))
		f->promised = f->stun_allowed = true;

	f->flow_timer = timer && (!keep || timer < keep) ? timer : keep;
}


static bool user_ours(const struct pl *user, const struct account_conf *conf)
{
	struct pl sent;

	pl_set_str(&sent, *conf->contact_user ? conf->contact_user
					      : conf->aor_user);

	/* Some registrars drop the user; the address has to do then. */
	return !pl_isset(user) || contact_user_equal(*user, sent);
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


/* Its account part, and the rest. False: there is none. */
static bool token_split(struct pl *head, struct pl *rest,
			const struct pl *params)
{
	size_t i;

	if (!param_get(params, REGISTER_TOKEN, rest) || !pl_isset(rest))
		return false;

	for (i = 0; i < rest->l && rest->p[i] != '.'; i++)
		;

	head->p = rest->p;
	head->l = i;
	pl_advance(rest, (ssize_t)(i < rest->l ? i + 1 : i));

	return true;
}


static void token_read(bool *account, bool *flow, const struct pl *params,
		       const struct register_identity *id)
{
	struct pl head, rest;

	*account = token_split(&head, &rest, params) &&
		!pl_strcasecmp(&head, id->token_account);
	*flow = *account && !pl_strcasecmp(&rest, id->token_flow);
}


/* Which of the account's registrations made it; ACCOUNT_FLOWS_MAX: none. */
static unsigned token_index(const struct pl *params,
			    const struct register_identity *id)
{
	char token[REGISTER_TOKEN_SIZE];
	struct pl head, rest;
	unsigned i = ACCOUNT_FLOWS_MAX;

	if (!token_split(&head, &rest, params))
		return i;

	for (i = 0; i < ACCOUNT_FLOWS_MAX; i++) {

		register_account_token(token, id, i);
		if (!pl_strcasecmp(&head, token))
			break;
	}

	return i;
}


/* Another registration of the account made it. The token says so before the
 * reg-id, which it may have been given again since. */
static void other_read(struct contact_entry *e, const struct uri *uri,
		       const struct pl *params,
		       const struct register_identity *id)
{
	const unsigned own = register_identity_index(id);
	unsigned i = own;
	uint32_t reg_id;
	struct pl val;

	if (e->token_other) {
		i = token_index(&uri->params, id);
		if (i == ACCOUNT_FLOWS_MAX)
			return;

		e->token_other = false;
		e->other = e->instance ? CONTACT_BY_INSTANCE
				       : CONTACT_BY_TOKEN;
	}
	else if (!e->token_account && e->instance &&
		 param_get(params, "reg-id", &val) &&
		 number_parse(&reg_id, &val)) {
		i = reg_id - 1 - id->conf->reg_ids;
		if (i == own || i >= ACCOUNT_FLOWS_MAX)
			return;

		e->other = CONTACT_BY_INSTANCE;
	}

	e->retired = e->other && i >= id->conf->policy.flows;
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
	other_read(e, &uri, &params, id);

	if (param_get(&params, "expires", &val))
		e->expires = expires_read(&val);
}


static bool token_handler(const struct pl *element, void *arg)
{
	bool *tokens = arg;
	struct pl uri, params;

	*tokens = !name_addr_split(&uri, &params, element) &&
		contact_uri_token(&uri);

	return *tokens;
}


/* Which of those that we made earlier it is; -1: none. Where the registrar
 * keeps our token, one without it at the same address is somebody else, whom
 * the NAT gave the port that was ours. */
static int known_index(const struct reader *r, const struct pl *uri)
{
	const bool token = contact_uri_token(uri);
	unsigned i;

	for (i = 0; i < r->sent->knownc && i <= INT8_MAX; i++) {

		struct pl known;

		pl_set_str(&known, r->sent->knownv[i]);
		if (contact_uri_equal(uri, &known) &&
		    (token || !r->tokens || !contact_uri_token(&known)))
			return (int)i;
	}

	return -1;
}


static bool contact_handler(const struct pl *element, void *arg)
{
	struct reader *r = arg;
	const struct contact_list before = *r->list;
	struct contact_entry entry;
	struct pl uri, params;
	int known = -1;

	if (name_addr_split(&uri, &params, element))
		uri = pl_null;
	else if (r->sent->knownc)
		known = known_index(r, &uri);

	contact_read(&entry, element, r->sent->id);
	entry.known = known >= 0;
	contact_add(r->list, &entry);
	audit_add(r->audit, &before, r->list, &entry, &uri, known);

	return r->list->count == CONTACTS_MAX;
}


static void contacts_read(struct register_facts *f, const struct sip_msg *msg,
			  const struct register_sent *sent)
{
	struct reader reader = {
		.sent = sent, .list = &f->answer.contacts, .audit = &f->audit,
	};
	uint32_t expires = CONTACT_NO_EXPIRES;

	if (sent->knownc)
		elements_apply(msg, SIP_HDR_CONTACT, token_handler,
			       &reader.tokens);

	elements_apply(msg, SIP_HDR_CONTACT, contact_handler, &reader);

	if (pl_isset(&msg->expires))
		expires = expires_read(&msg->expires);

	f->answer.bound = contact_end(reader.list, expires, sent->requested);
	audit_end(&f->audit, reader.list, expires);
}


static bool ob_handler(const struct pl *element, void *arg)
{
	bool *ob = arg;
	struct pl text, params;
	struct uri uri;

	*ob = !name_addr_split(&text, &params, element) &&
		!sip_uri_decode(&uri, &text) &&
		param_get(&uri.params, "ob", NULL);

	return *ob;
}


/* Our binding of this flow, by our own token, at an address that nobody gave
 * it. A registrar may put in where it sees us, or only the IP of that; one that
 * is left of an earlier Contact on this flow is known. */
static bool own_rewritten(const struct register_facts *f,
			  const struct register_sent *sent,
			  const struct addr *mapped)
{
	const struct contact_list *l = &f->answer.contacts;
	const int own = f->audit.own;

	if (own < 0 || f->audit.entryv[own].known >= 0 || !l->token ||
	    !addr_isset(&l->own) || !addr_isset(&sent->contact) ||
	    !addr_isset(mapped))
		return false;

	return !addr_equal(&l->own, &sent->contact) &&
		!(addr_ip_equal(&l->own, mapped) &&
		  (l->own.port == mapped->port ||
		   l->own.port == sent->contact.port));
}


void register_read(struct register_facts *f, const struct sip_msg *msg,
		   const struct register_sent *sent)
{
	const struct addr *mapped = addr_isset(&sent->mapped) ? &sent->mapped
							      : &f->mapped;
	struct answer *a = &f->answer;

	mapped_read(&f->mapped, msg, &sent->local);

	a->code = msg->scode;
	a->retry_after = 0;
	a->min_expires = 0;
	(void)header_number(msg, SIP_HDR_RETRY_AFTER, &a->retry_after);
	(void)header_number(msg, SIP_HDR_MIN_EXPIRES, &a->min_expires);
	a->outbound = sip_msg_hdr_has_value(msg, SIP_HDR_REQUIRE, "outbound");
	promise_read(f, msg);

	contact_begin(&a->contacts, &sent->contact, mapped);
	audit_begin(&f->audit);
	a->bound = false;
	f->rewritten = via_rewritten(msg, &sent->local, sent->transport);

	if (msg->scode < 200 || msg->scode > 299)
		return;

	if (!f->stun_allowed)
		elements_apply(msg, SIP_HDR_PATH, ob_handler,
			       &f->stun_allowed);

	contacts_read(f, msg, sent);
	if (own_rewritten(f, sent, mapped))
		f->rewritten = true;
}


bool register_token_match(const struct register_identity *id,
			  const struct sip_msg *msg)
{
	bool account, flow;

	token_read(&account, &flow, &msg->uri.params, id);

	return flow;
}
