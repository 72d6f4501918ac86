/* What the test registrar does with a message. */

#include <errno.h>
#include <string.h>
#include "mock.h"


static const struct pl met_register = PL("REGISTER");


/* What every answer and every decision needs; libre's decoder asks for less
 * (a message without them must not get past here). */
static bool complete(const struct sip_msg *msg)
{
	return pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) &&
	       pl_isset(&msg->from.auri) && pl_isset(&msg->to.auri) &&
	       pl_isset(&msg->via.branch) &&
	       (!msg->req || !pl_cmp(&msg->met, &msg->cseq.met));
}


/* The account an address-of-record names; NULL: none of ours. */
static struct mock_account *account_of(const struct registrar *r,
				       const struct uri *uri)
{
	if (r->conf.domain && pl_strcasecmp(&uri->host, r->conf.domain))
		return NULL;

	return mock_account_find(r, &uri->user);
}


static int challenge(struct mock_conn *conn, const struct sip_msg *msg,
		     const struct mock_asker *asker, struct mock_account *acc,
		     bool stale)
{
	const uint16_t code = asker->proxy ? 407 : 401;
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;

	err = mock_auth_challenge(mb, conn->r, asker, acc, stale);
	if (!err)
		err = mock_reply(conn, msg, NULL, code, NULL, "%b", mb->buf,
				 mb->end);
	mem_deref(mb);

	return err;
}


/* True: go on. False: answered. */
static bool satisfied(struct mock_conn *conn, const struct sip_msg *msg,
		      const struct mock_asker *asker,
		      struct mock_account *acc)
{
	struct registrar *r = conn->r;
	const char *why = NULL;

	switch (mock_auth_check(r, asker, acc, msg, &why)) {

	case AUTH_OK:
		return true;

	case AUTH_NONE:
		(void)challenge(conn, msg, asker, acc, false);
		return false;

	case AUTH_STALE:
		++r->counters.stale;
		(void)challenge(conn, msg, asker, acc, true);
		return false;

	case AUTH_REFUSED:
		++r->counters.refused;
		if (r->conf.refusal == 401)
			(void)challenge(conn, msg, asker, acc, false);
		else
			(void)mock_reply(conn, msg, NULL, r->conf.refusal,
					 NULL, "");
		return false;

	case AUTH_MALFORMED:
		++r->counters.malformed;
		(void)mock_reply(conn, msg, NULL, 400, why, "");
		return false;
	}

	return false;
}


static bool admit(struct mock_conn *conn, const struct sip_msg *msg,
		  struct mock_account *acc)
{
	const struct registrar_conf *conf = &conn->r->conf;
	const struct mock_asker proxy = {conf->proxy_realm, true};
	const struct mock_asker own = {mock_realm(conn->r), conf->proxy_auth};

	if (conf->open)
		return true;

	return (!proxy.realm || satisfied(conn, msg, &proxy, acc)) &&
		satisfied(conn, msg, &own, acc);
}


static int print_contacts(struct mbuf *mb, struct mock_conn *conn,
			  const struct sip_msg *msg, struct mock_account *acc,
			  const struct mock_rule *rule)
{
	int err;

	if (!rule || !rule->conf.contacts)
		return mock_bindings_print(mb, acc);

	if (!rule->conf.contacts[0])
		return 0;

	err = mbuf_write_str(mb, "Contact: ");
	err |= mock_template(mb, rule->conf.contacts, conn, msg);
	err |= mbuf_write_str(mb, "\r\n");

	return err;
}


static int print_accepted(struct mbuf *mb, struct mock_conn *conn,
			  const struct sip_msg *msg, struct mock_account *acc,
			  const struct mock_rule *rule)
{
	const struct registrar_conf *conf = &conn->r->conf;
	int err;

	err = print_contacts(mb, conn, msg, acc, rule);

	if (mock_binding_outbound(acc, conn)) {
		err |= mbuf_write_str(mb, "Require: outbound\r\n");
		if (conf->flow_timer)
			err |= mbuf_printf(mb, "Flow-Timer: %u\r\n",
					   conf->flow_timer);
	}
	if (conf->path && mock_supported(msg, "path"))
		err |= mbuf_printf(mb, "Path: %s\r\n", conf->path);
	if (conf->nextnonce && !conf->open)
		err |= mock_auth_next(mb, conn->r, acc);
	if (rule && rule->conf.headers)
		err |= mock_template(mb, rule->conf.headers, conn, msg);

	return err;
}


static int accept_register(struct mock_conn *conn, const struct sip_msg *msg,
			   struct mock_account *acc,
			   const struct mock_rule *rule)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;

	err = print_accepted(mb, conn, msg, acc, rule);
	if (!err)
		err = mock_reply(conn, msg, rule, 200, NULL, "%b", mb->buf,
				 mb->end);
	mem_deref(mb);

	return err;
}


static void on_register(struct mock_conn *conn, const struct sip_msg *msg,
			struct mock_account *acc, const struct mock_rule *rule)
{
	struct registrar *r = conn->r;
	struct mock_rule *accepted;
	const char *why = NULL;
	uint32_t grant;
	uint16_t code;

	accepted = mock_rule_take(r, &msg->to.uri.user, &msg->met,
				  mock_authorized(msg), true);
	grant = accepted && accepted->conf.grant ? accepted->conf.grant
						 : r->conf.grant;

	code = mock_bindings_update(acc, conn, msg, grant, &why);
	if (code == 200)
		(void)accept_register(conn, msg, acc,
				      accepted ? accepted : rule);
	else if (code == 423)
		(void)mock_reply(conn, msg, rule, code, why,
				 "Min-Expires: %u\r\n", r->conf.min_expires);
	else
		(void)mock_reply(conn, msg, rule, code, why, "");

	mem_deref(accepted);
}


static void on_other(struct mock_conn *conn, const struct sip_msg *msg,
		     const struct mock_rule *rule)
{
	const struct registrar_conf *conf = &conn->r->conf;
	struct mock_account *acc = account_of(conn->r, &msg->uri);

	if (conf->relay && acc) {
		if (mock_relay(conn, acc, msg))
			(void)mock_reply(conn, msg, rule, 480, NULL, "");
	}
	else if (pl_strcmp(&msg->met, "OPTIONS")) {
		(void)mock_reply(conn, msg, rule, 405, NULL,
				 "Allow: REGISTER, OPTIONS\r\n");
	}
	else if (conf->options) {
		(void)mock_reply(conn, msg, rule, conf->options, NULL, "");
	}
}


/* True: the rule has dealt with the request. */
static bool play(struct mock_conn *conn, const struct sip_msg *msg,
		 const struct mock_rule *rule)
{
	struct mbuf *mb;

	switch (rule->conf.kind) {

	case RULE_DROP:
		return true;

	case RULE_CLOSE:
		mock_conn_close(conn, CUT_FIN);
		return true;

	case RULE_NORMAL:
	case RULE_ACCEPTED:
		return false;

	case RULE_ANSWER:
	case RULE_VERBATIM:
		break;
	}

	mb = mbuf_alloc(1024);
	if (!mb)
		return true;

	if (rule->conf.kind == RULE_VERBATIM) {
		if (!mock_template(mb, rule->conf.text, conn, msg))
			(void)mock_reply_text(conn, msg, rule, mb);
	}
	else if (!rule->conf.headers ||
		 !mock_template(mb, rule->conf.headers, conn, msg)) {
		(void)mock_reply(conn, msg, rule, rule->conf.code,
				 rule->conf.phrase, "%b", mb->buf, mb->end);
	}

	mem_deref(mb);

	return true;
}


static void count_register(struct mock_account *acc, struct mock_conn *conn,
			   const struct sip_msg *msg)
{
	++acc->registers;
	if (mock_authorized(msg))
		++acc->authorized;

	mem_deref(acc->conn);
	acc->conn = mem_ref(conn);
}


static void on_request(struct mock_conn *conn, const struct sip_msg *msg,
		       struct registrar_message *record)
{
	const bool is_register = !pl_cmp(&msg->met, &met_register);
	struct mock_account *acc = account_of(conn->r, &msg->to.uri);
	struct mock_rule *rule;

	/* ACK is never answered (RFC 3261 §17) */
	if (!pl_strcmp(&msg->met, "ACK"))
		return;

	if (mock_repeat(conn, msg)) {
		if (record)
			record->repeated = true;
		++conn->r->counters.repeated;
		return;
	}

	if (is_register && acc)
		count_register(acc, conn, msg);

	rule = mock_rule_take(conn->r, &msg->to.uri.user, &msg->met,
			      mock_authorized(msg), false);

	if (rule && play(conn, msg, rule))
		;
	else if (!is_register)
		on_other(conn, msg, rule);
	else if (!acc)
		(void)mock_reply(conn, msg, rule, 404, NULL, "");
	else if (admit(conn, msg, acc))
		on_register(conn, msg, acc, rule);

	mem_deref(rule);
}


int mock_on_message(struct mock_conn *conn, struct mbuf *mb)
{
	struct registrar_message *record;
	struct sip_msg *msg = NULL;
	int err;

	err = sip_msg_decode(&msg, mb);
	if (!err && !complete(msg))
		err = EBADMSG;

	record = mock_record(conn, true, err ? NULL : msg, mb->buf, mb->end);

	if (err) {
		mem_deref(msg);
		return EBADMSG;
	}

	if (msg->req)
		on_request(conn, msg, record);
	else if (!mock_on_response(conn, msg))
		++conn->r->counters.malformed;

	mem_deref(msg);

	return 0;
}
